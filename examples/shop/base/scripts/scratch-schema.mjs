import pg from 'pg';
import { applyMigrations, readMigrations } from './migrations.mjs';

const prefix = 'lighthouse_';
const staleMs = 600_000;

/**
 * Makes a schema of its own with this release's tables beside the shop's, so that a release can run before its
 * migrations reach the real tables, and leaves no rows there. Schemas that a killed run left behind are removed.
 * @param {string} databaseUrl
 * @returns {Promise<{ url: string, drop: () => Promise<void> }>} the connection string that sees only the new schema
 */
export async function createScratchSchema(databaseUrl) {
  const name = `${prefix}${Date.now()}_${process.pid}`;
  await withClient(databaseUrl, async (client) => {
    await dropStale(client);
    await client.query(`create schema ${pg.escapeIdentifier(name)}`);
  });
  const url = new URL(databaseUrl);
  url.searchParams.set('options', `-c search_path=${name}`);
  await withClient(url.href, (client) => applyMigrations(client, readMigrations('migrations')));
  return { url: url.href, drop: () => withClient(databaseUrl, (client) => dropSchema(client, name)) };
}

/** @param {pg.Client} client */
async function dropStale(client) {
  const { rows } = await client.query('select nspname as name from pg_namespace where nspname like $1', [
    `${prefix}%`,
  ]);
  for (const { name } of rows) {
    const madeAt = Number(String(name).slice(prefix.length).split('_')[0]);
    if (Date.now() - madeAt > staleMs) await dropSchema(client, name);
  }
}

/**
 * @param {pg.Client} client
 * @param {string} name
 */
async function dropSchema(client, name) {
  await client.query(`drop schema if exists ${pg.escapeIdentifier(name)} cascade`);
}

/**
 * @param {string} connectionString
 * @param {(client: pg.Client) => Promise<unknown>} work
 */
async function withClient(connectionString, work) {
  const client = new pg.Client({ connectionString, connectionTimeoutMillis: 5000 });
  await client.connect();
  try {
    await work(client);
  } finally {
    await client.end();
  }
}
