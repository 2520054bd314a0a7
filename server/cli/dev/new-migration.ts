import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { joinSchema, pendingSql, readSchema, SNAPSHOT } from '#server/cli/dev/schema-snapshot';
import { messageOf } from '#server/platform/errors';
import { MIGRATIONS_DIRECTORY, readMigrations } from '#server/platform/migrations';

/**
 * `npm run migration -- <name>` writes the next migration from what changed in prisma/schema, to be read and completed
 * by hand; `--empty` writes one for SQL that a schema cannot say.
 */
async function main(args: string[]): Promise<void> {
  const name = args.find((arg) => !arg.startsWith('--'));
  if (!name || !/^[a-z][a-z0-9_]*$/.test(name)) {
    throw new Error(
      'Give the migration a name of lower-case letters, digits and underscores: npm run migration -- add_alerts',
    );
  }
  const sql = await pendingSql();
  const isEmpty = args.includes('--empty');
  if (sql === null && !isEmpty) {
    throw new Error(
      'prisma/schema says what the migrations say. For other SQL: npm run migration -- <name> --empty',
    );
  }
  const last = (await readMigrations()).at(-1)?.name ?? '0000';
  const folder = `${String(Number(last.slice(0, 4)) + 1).padStart(4, '0')}_${name}`;
  await mkdir(path.join(MIGRATIONS_DIRECTORY, folder));
  await writeFile(
    path.join(MIGRATIONS_DIRECTORY, folder, 'migration.sql'),
    sql ?? '-- What a Prisma schema cannot say.\n',
  );
  await writeFile(SNAPSHOT, joinSchema(await readSchema()));
  console.log(
    `Wrote prisma/migrations/${folder}/migration.sql. Read it, add grants for new tables, then run the tests.`,
  );
}

main(process.argv.slice(2)).catch((error) => {
  console.error(messageOf(error));
  process.exitCode = 1;
});
