import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';

/** @typedef {{ version: number, name: string, file: string, sql: string, checksum: string }} Migration */
/** @typedef {{ version: number, checksum: string }} Applied */
/** @typedef {{ query: (text: string, values?: unknown[]) => Promise<{ rows: any[] }> }} Queryable */

/**
 * The migrations of this release, in order.
 * @param {string} directory
 * @returns {Migration[]}
 * @throws {Error} when a file name is malformed or a number is missing or used twice
 */
export function readMigrations(directory) {
  const files = readdirSync(directory).sort();
  return files.map((file, index) => {
    const match = /^(\d{3})-([a-z0-9-]+)\.sql$/.exec(file);
    if (!match) throw new Error(`${directory}/${file} is not named NNN-name.sql`);
    const version = Number(match[1]);
    if (version !== index + 1) throw new Error(`${directory}/${file} should have the number ${index + 1}`);
    const sql = readFileSync(`${directory}/${file}`, 'utf8');
    const checksum = createHash('sha256').update(sql).digest('hex');
    return { version, name: file.replace(/\.sql$/, ''), file: `${directory}/${file}`, sql, checksum };
  });
}

/**
 * The migrations that the database does not have yet. A database that is ahead of the release is no fault.
 * @param {Migration[]} migrations
 * @param {Applied[]} applied
 * @throws {Error} when a migration was edited after it was applied
 */
export function pendingMigrations(migrations, applied) {
  return migrations.filter((migration) => {
    const found = applied.find((row) => row.version === migration.version);
    if (found && found.checksum !== migration.checksum) {
      throw new Error(
        `${migration.file} differs from what was applied: write a new migration instead of editing it`,
      );
    }
    return !found;
  });
}

/**
 * What the database has, without changing it.
 * @param {Queryable} client
 * @returns {Promise<Applied[]>}
 */
export async function readApplied(client) {
  const { rows } = await client.query(`select to_regclass('schema_migration') is not null as present`);
  if (!rows[0].present) return [];
  return (await client.query('select version, checksum from schema_migration order by version')).rows;
}

/**
 * Applies what is pending in one transaction; a second process waits for the first, up to 15 s.
 * @param {Queryable} client
 * @param {Migration[]} migrations
 * @returns {Promise<Migration[]>} what was applied
 */
export async function applyMigrations(client, migrations) {
  await client.query('begin');
  try {
    await client.query(`set local lock_timeout = '15s'`);
    await client.query(
      `select pg_advisory_xact_lock(hashtext('schema_migration'), hashtext(current_schema()::text))`,
    );
    await client.query(`
      create table if not exists schema_migration (
        version int primary key,
        name text not null,
        checksum text not null,
        applied_at timestamptz not null default now()
      )`);
    const pending = pendingMigrations(migrations, await readApplied(client));
    for (const migration of pending) {
      await runMigration(client, migration);
    }
    await client.query('commit');
    return pending;
  } catch (error) {
    await client.query('rollback');
    throw error;
  }
}

/**
 * @param {Queryable} client
 * @param {Migration} migration
 */
async function runMigration(client, { version, name, file, sql, checksum }) {
  try {
    await client.query(sql);
  } catch (error) {
    throw new Error(`${file}: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
  }
  await client.query('insert into schema_migration (version, name, checksum) values ($1, $2, $3)', [
    version,
    name,
    checksum,
  ]);
}
