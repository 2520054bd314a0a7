import { randomBytes } from 'node:crypto';
import { rm } from 'node:fs/promises';
import path from 'node:path';
import { startEmbeddedPostgres, stopEmbeddedPostgres } from '#server/platform/embedded-postgres';
import { anyFreePort } from '#server/platform/free-port';
import { applyMigrations } from '#server/platform/migrations';
import { makeServerHome, withAdmin } from '#server/testing/server';

/** A server of its own with one migrated database, which may be stopped and started while others use it. */
export interface OwnPostgres {
  /** The serving login's URL. */
  url: string;
  /** The server's administrator on the same database. */
  adminUrl: string;
  /** `immediate` is a crash: the server recovers from its log at the next start. */
  stop(mode: 'fast' | 'immediate'): Promise<void>;
  start(): Promise<void>;
  /** Stops it and removes its files. */
  remove(): Promise<void>;
}

/** Made with the durability of a real one: what is committed survives a crash. */
export async function createOwnPostgres(): Promise<OwnPostgres> {
  const home = await makeServerHome();
  const directory = path.join(home, 'data');
  const password = randomBytes(12).toString('hex');
  const options = {
    directory,
    port: await anyFreePort(),
    password,
    settings: { max_connections: '150', shared_buffers: '64MB' },
  };
  const server = await startEmbeddedPostgres(options);
  await withAdmin(server.url('postgres'), async (admin) => {
    await admin.query(`CREATE ROLE owner LOGIN CREATEROLE PASSWORD '${password}'`);
    await admin.query(`CREATE ROLE login LOGIN PASSWORD '${password}'`);
    await admin.query('CREATE DATABASE ops OWNER owner');
  });
  const urlOf = (role: string): string => `postgres://${role}:${password}@127.0.0.1:${options.port}/ops`;
  await applyMigrations(urlOf('owner'));
  await withAdmin(server.url('postgres'), (admin) => admin.query('GRANT ops_app TO login'));
  return {
    url: urlOf('login'),
    adminUrl: server.url('ops'),
    stop: (mode) => stopEmbeddedPostgres(directory, mode),
    start: async () => void (await startEmbeddedPostgres(options)),
    remove: async () => {
      await stopEmbeddedPostgres(directory, 'immediate');
      await rm(home, { recursive: true, force: true });
    },
  };
}
