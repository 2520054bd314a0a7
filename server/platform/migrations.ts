import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import pg from 'pg';
import { messageOf } from '#server/platform/errors';
import { PROJECT_ROOT } from '#server/platform/project-root';

/** Where the migrations are: one folder each, applied in the order of their names. */
export const MIGRATIONS_DIRECTORY = path.join(PROJECT_ROOT, 'prisma/migrations');

const OLDEST_POSTGRES = 15;
/** Serialises migrating processes of one database; the number has no meaning beyond being ours. */
const ADVISORY_LOCK = 702_026_111;
const LOCK_WAIT_MS = 120_000;

export interface Migration {
  name: string;
  sql: string;
}

/** A database that cannot be migrated, or may not be served as it is; `message` says what to do. */
export class MigrationError extends Error {
  override name = 'MigrationError';
}

/** The migrations of this code, in order. */
export async function readMigrations(directory = MIGRATIONS_DIRECTORY): Promise<Migration[]> {
  const entries = await readdir(directory, { withFileTypes: true });
  const names = entries
    .filter((entry) => entry.isDirectory())
    .map((entry) => entry.name)
    .sort();
  return Promise.all(
    names.map(async (name) => ({
      name,
      sql: await readFile(path.join(directory, name, 'migration.sql'), 'utf8'),
    })),
  );
}

/** A row of Prisma's `_prisma_migrations`. */
export interface AppliedMigration {
  name: string;
  /** SHA-256 of the script, hex. */
  checksum: string;
  state: 'applied' | 'failed' | 'rolled back';
  logs: string | null;
}

/**
 * What is left to apply. Pure.
 * @throws MigrationError when a migration failed before, when the database was migrated by newer code, or when a
 *   migration was edited after it was applied
 */
export function pendingOf(migrations: Migration[], rows: AppliedMigration[]): Migration[] {
  const applied = new Map(rows.filter((row) => row.state === 'applied').map((row) => [row.name, row]));
  const failed = rows.find((row) => row.state === 'failed' && !applied.has(row.name));
  if (failed) {
    throw new MigrationError(
      `Migration ${failed.name} failed before: ${reasonIn(failed.logs ?? '')}. Postgres undid it as a whole. Correct its cause, then run: npm run migrate -- --retry ${failed.name}`,
    );
  }
  const known = new Map(migrations.map((migration) => [migration.name, migration]));
  const unknown = [...applied.keys()].filter((name) => !known.has(name)).sort();
  if (unknown.length > 0) {
    throw new MigrationError(
      `The database is ahead of this code: it has ${unknown.join(', ')}, which this version does not know. Start the version that made them, or a newer one. Nothing was changed.`,
    );
  }
  for (const [name, row] of applied) {
    if (row.checksum !== checksumOf(known.get(name)?.sql ?? '')) {
      throw new MigrationError(
        `Migration ${name} was edited after it was applied to this database. Restore its file and put the change in a new migration. Nothing was changed.`,
      );
    }
  }
  return migrations.filter((migration) => !applied.has(migration.name));
}

/** What Postgres said, out of the engine's report, which goes on with places in the engine's own code. */
function reasonIn(report: string): string {
  const lines = report.split('\n').map((line) => line.trim());
  const said = lines.find((line) => line.includes('ERROR: ')) ?? lines.find((line) => line !== '');
  return said?.replace(/^.*ERROR: /, '') ?? 'no reason was recorded';
}

/** The checksum that Prisma records for a script. */
export function checksumOf(sql: string): string {
  return createHash('sha256').update(sql).digest('hex');
}

/**
 * Brings a database up to this code's schema; several processes may call it at once. A database that is up to date costs
 * one connection and one query, and the engine is not loaded.
 * @param url the owner's URL
 * @returns the names of the migrations applied, in order
 * @throws MigrationError also when the server is older than Postgres 15 or cannot be reached
 */
export async function applyMigrations(url: string, directory = MIGRATIONS_DIRECTORY): Promise<string[]> {
  const migrations = await readMigrations(directory);
  return withClient(url, async (client) => {
    await assertVersion(client);
    if (pendingOf(migrations, await readApplied(client)).length === 0) return [];
    await lock(client);
    if (pendingOf(migrations, await readApplied(client)).length === 0) return [];
    const engine = await import('#server/platform/schema-engine');
    try {
      return await engine.runMigrations(url, migrations);
    } catch (error) {
      const said = messageOf(error);
      const name = /migration_name="([^"]+)"/.exec(said)?.[1];
      throw new MigrationError(
        `${name ? `Migration ${name}` : 'Migrating'} failed: ${reasonIn(said)}. Postgres undid it as a whole.`,
        { cause: error },
      );
    }
  });
}

/**
 * Refuses to serve a database that this code does not fit. One connection and one query; the serving login suffices.
 * @throws MigrationError
 */
export async function assertMigrated(url: string): Promise<void> {
  const migrations = await readMigrations();
  await withClient(url, async (client) => {
    await assertVersion(client);
    const pending = pendingOf(migrations, await readApplied(client));
    if (pending.length > 0) {
      throw new MigrationError(
        `The database lacks ${pending.map((migration) => migration.name).join(', ')}. Run: npm run migrate (with the owner's login in DATABASE_OWNER_URL). Nothing was started.`,
      );
    }
  });
}

/**
 * Records that a failed migration left nothing behind, so that the next {@link applyMigrations} runs it again.
 * @throws MigrationError when the migration is not in a failed state
 */
export async function forgetFailedMigration(url: string, name: string): Promise<void> {
  await withClient(url, async (client) => {
    await lock(client);
    const result = await client.query(
      'UPDATE _prisma_migrations SET rolled_back_at = now() WHERE migration_name = $1 AND finished_at IS NULL AND rolled_back_at IS NULL',
      [name],
    );
    if (result.rowCount === 0)
      throw new MigrationError(`No failed migration is named ${name}. Nothing was changed.`);
  });
}

async function readApplied(client: pg.Client): Promise<AppliedMigration[]> {
  const table = await client.query("SELECT to_regclass('_prisma_migrations') AS name");
  if (table.rows[0].name === null) return [];
  const { rows } = await client.query<AppliedMigration>(`
    SELECT migration_name AS name, checksum, logs,
           CASE WHEN rolled_back_at IS NOT NULL THEN 'rolled back'
                WHEN finished_at IS NULL THEN 'failed' ELSE 'applied' END AS state
    FROM _prisma_migrations ORDER BY started_at`);
  return rows;
}

async function assertVersion(client: pg.Client): Promise<void> {
  const { rows } = await client.query("SELECT current_setting('server_version_num')::int AS number");
  const major = Math.floor(rows[0].number / 10_000);
  if (major < OLDEST_POSTGRES) {
    throw new MigrationError(
      `This Postgres is version ${major}; version ${OLDEST_POSTGRES} or newer is needed. Nothing was changed.`,
    );
  }
}

async function lock(client: pg.Client): Promise<void> {
  try {
    await client.query(`SET lock_timeout = ${LOCK_WAIT_MS}`);
    await client.query('SELECT pg_advisory_lock($1)', [ADVISORY_LOCK]);
  } catch (error) {
    throw new MigrationError(
      `Another process has been migrating this database for ${LOCK_WAIT_MS / 1000} s. Wait for it or end it, then try again.`,
      { cause: error },
    );
  }
}

async function withClient<T>(url: string, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 10_000 });
  try {
    await client.connect();
  } catch (error) {
    throw new MigrationError(`The database cannot be reached: ${messageOf(error) || 'no answer'}`, {
      cause: error,
    });
  }
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}
