import { mkdir, mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type OwnDatabases, startOwnDatabases } from '#server/cli/start/database';
import { recordedPort } from '#server/platform/embedded-postgres';
import { withAdmin } from '#server/testing/server';

const PORT = 5730;

describe('the console’s own Postgres', () => {
  let folder: string;
  let dataDir: string;
  let first: OwnDatabases;

  beforeAll(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'ops-own-postgres-'));
    dataDir = path.join(folder, 'data');
    await mkdir(dataDir);
    first = await startOwnDatabases(dataDir, PORT);
  });

  afterAll(async () => {
    await first.postgres.stop('immediate');
    const { directory } = first.postgres;
    // A private temporary folder is closed to the server's user, so root's data is elsewhere.
    if (!directory.startsWith(folder)) await rm(path.dirname(directory), { recursive: true, force: true });
    await rm(folder, { recursive: true, force: true });
  });

  async function ask(url: string, sql: string): Promise<unknown> {
    return withAdmin(url, async (client) => Object.values((await client.query(sql)).rows[0] ?? {})[0]);
  }

  it('keeps its passwords to its owner', async () => {
    expect((await stat(path.join(dataDir, 'postgres.json'))).mode & 0o777).toBe(0o600);
  });

  it('gives each login its own rights', async () => {
    expect(await ask(first.url, "SELECT pg_has_role('ops_app', 'MEMBER')")).toBe(true);
    expect(
      await ask(
        first.ownerUrl,
        'SELECT rolsuper OR rolcreaterole FROM pg_roles WHERE rolname = current_user',
      ),
    ).toBe(false);
    const shopInOps = new URL(first.shopUrl);
    shopInOps.pathname = '/ops';
    await expect(ask(shopInOps.href, 'SELECT 1')).rejects.toThrow(/permission denied for database "ops"/);
    const opsInShop = new URL(first.url);
    opsInShop.pathname = '/shop_production';
    await expect(ask(opsInShop.href, 'SELECT 1')).rejects.toThrow(
      /permission denied for database "shop_production"/,
    );
  });

  it('lets the shop’s reader see what business is reckoned from, whenever that is made, and nothing else', async () => {
    const made = `CREATE TABLE customer_order (id text, email text, total_cents int, placed_at timestamptz DEFAULT now());
      CREATE TABLE app_user (id int, password_hash text);
      CREATE SCHEMA other; CREATE TABLE other.visit (at timestamptz, visitor text)`;
    await withAdmin(first.shopUrl, (client) => client.query(made));
    const reader = first.shopReaderUrl ?? '';
    expect(await ask(reader, 'SELECT count(*)::int + sum(total_cents) FROM customer_order')).toBeNull();
    expect(await ask(reader, 'SELECT count(DISTINCT visitor)::int FROM other.visit')).toBe(0);
    for (const sql of [
      'SELECT email FROM customer_order',
      'SELECT password_hash FROM app_user',
      'BEGIN READ WRITE; INSERT INTO customer_order DEFAULT VALUES',
      'BEGIN READ WRITE; DELETE FROM other.visit',
      'BEGIN READ WRITE; CREATE TABLE mine (id int)',
    ])
      await expect(ask(reader, sql), sql).rejects.toThrow('permission denied');
    await expect(ask(reader, 'CREATE TEMPORARY TABLE mine (id int)')).rejects.toThrow();
    const inOps = new URL(reader);
    inOps.pathname = '/ops';
    await expect(ask(inOps.href, 'SELECT 1')).rejects.toThrow('permission denied for database "ops"');
    // A table of an older folder is let be read by the next start.
    await withAdmin(first.shopUrl, (client) => client.query('REVOKE ALL ON customer_order FROM shop_reader'));
    const next = await startOwnDatabases(dataDir, PORT);
    expect(await ask(next.shopReaderUrl ?? '', 'SELECT sum(total_cents) FROM customer_order')).toBeNull();
  });

  it('takes over the server that a killed start left, with its data', async () => {
    await ask(first.shopUrl, 'CREATE TABLE kept AS SELECT 7 AS value');
    const second = await startOwnDatabases(dataDir, PORT);
    expect(second.postgres.port).toBe(first.postgres.port);
    expect(await ask(second.shopUrl, 'SELECT value FROM kept')).toBe(7);
  });

  it('stops, and starts again with its data', async () => {
    await first.postgres.stop('fast');
    await first.postgres.stop('fast');
    expect(await recordedPort(first.postgres.directory)).toBeNull();
    const again = await startOwnDatabases(dataDir, PORT);
    expect(await ask(again.shopUrl, 'SELECT value FROM kept')).toBe(7);
  });
});
