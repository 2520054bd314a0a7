import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { MIGRATIONS_DIRECTORY } from '#server/platform/migrations';
import { PROJECT_ROOT } from '#server/platform/project-root';
import { diffSchemas, type SchemaFile } from '#server/platform/schema-engine';

/** The schema that the migrations so far lead to, as one file; rewritten with each migration. */
export const SNAPSHOT = path.join(MIGRATIONS_DIRECTORY, 'migrated.prisma');
const SCHEMA_DIRECTORY = path.join(PROJECT_ROOT, 'prisma/schema');

/** The schema as it is written now, file by file, in the order of the names. */
export async function readSchema(): Promise<SchemaFile[]> {
  const names = (await readdir(SCHEMA_DIRECTORY)).filter((name) => name.endsWith('.prisma')).sort();
  return Promise.all(
    names.map(async (name) => ({
      path: `prisma/schema/${name}`,
      content: await readFile(path.join(SCHEMA_DIRECTORY, name), 'utf8'),
    })),
  );
}

/** The schema of all migrations; null while there is none. */
export async function readSnapshot(): Promise<SchemaFile[] | null> {
  try {
    return [{ path: 'migrated.prisma', content: await readFile(SNAPSHOT, 'utf8') }];
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}

/** One file that says the same as several. */
export function joinSchema(files: SchemaFile[]): string {
  return `${files.map((file) => file.content.trim()).join('\n\n')}\n`;
}

/**
 * The SQL that leads from the last migration to the schema as written; null when there is nothing to do. Everything
 * lives in the schema `public`, which every database has: asking for it would need a right that an owner of tables lacks.
 */
export async function pendingSql(): Promise<string | null> {
  const sql = await diffSchemas(await readSnapshot(), await readSchema());
  const kept = sql.replace(/-- CreateSchema\nCREATE SCHEMA IF NOT EXISTS "public";\n+/, '').trim();
  return kept === '' || kept === '-- This is an empty migration.' ? null : `${kept}\n`;
}
