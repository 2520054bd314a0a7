import { readFileSync } from 'node:fs';
import path from 'node:path';
import pg from 'pg';

interface Secrets {
  login: string;
  shop: string;
}

/** The URL of one of the two databases that a start with this data folder brought. */
export function databaseUrl(dataDir: string, port: number, of: 'ops' | 'shop'): string {
  const secrets = JSON.parse(readFileSync(path.join(dataDir, 'postgres.json'), 'utf8')) as Secrets;
  return of === 'ops'
    ? `postgres://ops_login:${secrets.login}@127.0.0.1:${port}/ops`
    : `postgres://shop:${secrets.shop}@127.0.0.1:${port}/shop_production`;
}

/** Runs one statement on a connection of its own. */
export async function queryAt<T extends pg.QueryResultRow>(
  url: string,
  sql: string,
  values: unknown[] = [],
): Promise<T[]> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 5_000 });
  await client.connect();
  try {
    return (await client.query<T>(sql, values)).rows;
  } finally {
    await client.end();
  }
}

/** Runs one statement on the database of the console under test. */
export function query<T extends pg.QueryResultRow>(sql: string, values: unknown[] = []): Promise<T[]> {
  const url = process.env.E2E_DATABASE_URL;
  if (!url) throw new Error('E2E_DATABASE_URL is missing: the global setup has not run');
  return queryAt<T>(url, sql, values);
}

/** Runs one statement on the database of the shops, where each has a schema of its own. */
export function queryShop(sql: string, values: unknown[] = []): Promise<pg.QueryResultRow[]> {
  const url = process.env.E2E_SHOP_DATABASE_URL;
  if (!url) throw new Error('E2E_SHOP_DATABASE_URL is missing: the global setup has not run');
  return queryAt(url, sql, values);
}
