import { randomBytes } from 'node:crypto';
import { inject } from 'vitest';
import type {} from '#server/testing/global-setup';
import { urlFor, withAdmin } from '#server/testing/server';

export interface TestDatabase {
  /** The serving login: a member of ops_app that owns nothing. */
  url: string;
  /** The owner's login, for tests of migrations and rights. */
  ownerUrl: string;
  /** The server's administrator on this database, for setting up what no login of the product may. */
  adminUrl: string;
  /** Ends its connections and removes it; safe to call twice. */
  drop(): Promise<void>;
}

/**
 * A database of its own for a test file: a copy of the run's migrated template, or an empty one.
 * @param options.empty makes it without any table, for tests of migrations
 */
export async function createTestDatabase(options: { empty?: boolean } = {}): Promise<TestDatabase> {
  const server = inject('testServer');
  const name = `${server.template}_${randomBytes(5).toString('hex')}`;
  const source = options.empty ? 'template0' : server.template;
  await withAdmin(server.adminUrl, (admin) =>
    admin.query(`CREATE DATABASE ${name} OWNER ${server.ownerRole} TEMPLATE ${source}`),
  );
  const admin = new URL(server.adminUrl);
  admin.pathname = `/${name}`;
  return {
    url: urlFor(server, server.loginRole, name),
    ownerUrl: urlFor(server, server.ownerRole, name),
    adminUrl: admin.href,
    drop: async () => {
      await withAdmin(server.adminUrl, (client) =>
        client.query(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`),
      );
    },
  };
}
