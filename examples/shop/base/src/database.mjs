import pg from 'pg';
import { messageOf } from './log.mjs';

/** @typedef {pg.Pool} Database */

/** Codes that a database gives while it starts or restarts; any other failure is final. */
const transientCodes = new Set(['ECONNREFUSED', 'ECONNRESET', '57P03']);

/**
 * @param {string} databaseUrl
 * @param {import('./log.mjs').Log} log
 * @returns {Database}
 */
export function createDatabase(databaseUrl, log) {
  const pool = new pg.Pool({
    connectionString: databaseUrl,
    max: 10,
    connectionTimeoutMillis: 3000,
    idleTimeoutMillis: 30_000,
    statement_timeout: 10_000,
    application_name: 'herbisveritas-shop',
  });
  pool.on('error', (error) => log('warn', 'an idle database connection was lost', { error: error.message }));
  return pool;
}

/**
 * Resolves when the database answers and holds the schema that this release needs.
 * @param {Database} db
 * @param {number} schemaVersion
 * @param {number} patienceMs how long a database that refuses connections may take to come up
 * @throws {Error} saying what is wrong and what to do
 */
export async function requireDatabase(db, schemaVersion, patienceMs) {
  const deadline = Date.now() + patienceMs;
  const found = await connectUntil(db, deadline);
  if (found < schemaVersion) {
    throw new Error(
      `the database is at schema ${found} and this release needs ${schemaVersion}: run npm run db:migrate:production`,
    );
  }
}

/**
 * @param {Database} db
 * @param {number} deadline
 * @returns {Promise<number>} the schema version found, 0 when nothing was ever migrated
 */
async function connectUntil(db, deadline) {
  for (;;) {
    try {
      const { rows } = await db.query(`select to_regclass('schema_migration') is not null as migrated`);
      if (!rows[0].migrated) return 0;
      const applied = await db.query(
        'select coalesce(max(version), 0)::int as version from schema_migration',
      );
      return applied.rows[0].version;
    } catch (error) {
      if (!isTransient(error) || Date.now() > deadline) {
        throw new Error(`the database of DATABASE_URL cannot be used: ${messageOf(error)}`);
      }
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
  }
}

/** @param {unknown} error */
function isTransient(error) {
  const code = /** @type {{ code?: string }} */ (error).code;
  return code !== undefined && transientCodes.has(code);
}
