import { EnvError, readSettings } from '#server/platform/env';
import { messageOf } from '#server/platform/errors';
import { applyMigrations, forgetFailedMigration } from '#server/platform/migrations';

/** `npm run migrate [-- --retry <name>]`: brings the database of DATABASE_OWNER_URL, or DATABASE_URL, up to date. */
async function main(args: string[]): Promise<void> {
  const env = readSettings(process.env);
  const url = env.DATABASE_OWNER_URL ?? env.DATABASE_URL;
  if (!url) {
    throw new EnvError(
      'DATABASE_OWNER_URL: is missing; give the URL of the database with its owner as login. Nothing was changed.',
    );
  }
  const retry = args.indexOf('--retry');
  if (retry >= 0) {
    const name = args[retry + 1];
    if (!name) throw new Error('--retry needs the name of the migration that failed. Nothing was changed.');
    await forgetFailedMigration(url, name);
  }
  const applied = await applyMigrations(url);
  console.log(applied.length > 0 ? `Applied ${applied.join(', ')}.` : 'The database is up to date.');
}

main(process.argv.slice(2)).catch((error) => {
  console.error(messageOf(error));
  process.exitCode = 1;
});
