import { randomBytes } from 'node:crypto';
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import pg from 'pg';
import {
  reachableFolder,
  startEmbeddedPostgres,
  stopEmbeddedPostgres,
} from '#server/platform/embedded-postgres';
import { anyFreePort } from '#server/platform/free-port';
import { applyMigrations } from '#server/platform/migrations';
import { isAlive, type ProcessId, readStartTime } from '#server/platform/process-table';

/** What a test process needs to make databases on the run's server; plain data, so that it can be handed to workers. */
export interface TestServer {
  /** A URL that may create databases; its database is left alone. */
  adminUrl: string;
  /** Owns the template and every test database; may not bypass any right. */
  ownerRole: string;
  /** A member of ops_app that owns nothing. */
  loginRole: string;
  password: string;
  /** The migrated database that test databases are copies of. */
  template: string;
}

const FOLDER = 'ops-test-postgres';
/** Speed before safety: nobody needs these files after the run. */
const SETTINGS = {
  fsync: 'off',
  synchronous_commit: 'off',
  full_page_writes: 'off',
  max_connections: '400',
  shared_buffers: '128MB',
  autovacuum_naptime: '5min',
};

/**
 * Provides one Postgres with one migrated template for a test run: an embedded one, or the one that TEST_DATABASE_URL
 * names (its login may create roles and databases).
 * @returns the server and the call that removes everything it made
 */
export async function startTestServer(): Promise<{ server: TestServer; stop: () => Promise<void> }> {
  const external = process.env.TEST_DATABASE_URL;
  const embedded = external ? null : await startOwn();
  const runId = randomBytes(4).toString('hex');
  const server: TestServer = {
    adminUrl: external ?? embedded?.url('postgres') ?? '',
    ownerRole: `ops_test_owner_${runId}`,
    loginRole: `ops_test_login_${runId}`,
    password: randomBytes(12).toString('hex'),
    template: `ops_test_${runId}`,
  };
  const cleanUp = async (): Promise<void> => {
    if (embedded) await embedded.remove();
    else await dropEverything(server);
  };
  try {
    await makeTemplate(server);
  } catch (error) {
    await cleanUp();
    throw error;
  }
  return { server, stop: cleanUp };
}

async function makeTemplate(server: TestServer): Promise<void> {
  const { ownerRole, loginRole, password, template } = server;
  await withAdmin(server.adminUrl, async (admin) => {
    await admin.query(`CREATE ROLE ${ownerRole} LOGIN CREATEROLE PASSWORD '${password}'`);
    await admin.query(`CREATE ROLE ${loginRole} LOGIN PASSWORD '${password}'`);
    // An administrator who is no superuser must be a member of a role to give it a database.
    await admin.query(`GRANT ${ownerRole} TO CURRENT_USER`);
    const { rows } = await admin.query("SELECT 1 FROM pg_roles WHERE rolname = 'ops_app'");
    if (rows.length > 0) await admin.query(`GRANT ops_app TO ${ownerRole}`);
    await admin.query(`CREATE DATABASE ${template} OWNER ${ownerRole}`);
  });
  await applyMigrations(urlFor(server, ownerRole, template));
  await withAdmin(urlFor(server, ownerRole, template), (owner) =>
    owner.query(`GRANT ops_app TO ${loginRole}`),
  ).catch(() => withAdmin(server.adminUrl, (admin) => admin.query(`GRANT ops_app TO ${loginRole}`)));
}

/** The URL of a database for one of the run's roles. */
export function urlFor(server: TestServer, role: string, database: string): string {
  const url = new URL(server.adminUrl);
  url.username = role;
  url.password = server.password;
  url.pathname = `/${database}`;
  return url.href;
}

export async function withAdmin<T>(url: string, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 10_000 });
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

async function dropEverything(server: TestServer): Promise<void> {
  await withAdmin(server.adminUrl, async (admin) => {
    const { rows } = await admin.query<{ datname: string }>(
      'SELECT datname FROM pg_database WHERE starts_with(datname, $1)',
      [server.template],
    );
    for (const { datname } of rows) await admin.query(`DROP DATABASE IF EXISTS "${datname}" WITH (FORCE)`);
    await admin.query(`DROP ROLE IF EXISTS ${server.loginRole}`);
    await admin.query(`DROP ROLE IF EXISTS ${server.ownerRole}`);
  });
}

/**
 * A folder for a Postgres of this process, reachable by the server's user. Those of processes that were killed are
 * stopped and removed on the way.
 */
export async function makeServerHome(): Promise<string> {
  const parent = path.join(await reachableFolder(tmpdir(), ['/tmp', '/var/tmp']), FOLDER);
  await removeAbandoned(parent);
  const home = path.join(parent, randomBytes(4).toString('hex'));
  await mkdir(home, { recursive: true, mode: 0o755 });
  await writeFile(
    path.join(home, 'owner.json'),
    JSON.stringify({ pid: process.pid, startTime: readStartTime(process.pid) }),
  );
  return home;
}

async function startOwn(): Promise<{ url: (database: string) => string; remove: () => Promise<void> }> {
  const home = await makeServerHome();
  const postgres = await startEmbeddedPostgres({
    directory: path.join(home, 'data'),
    port: await anyFreePort(),
    password: randomBytes(12).toString('hex'),
    settings: SETTINGS,
  });
  return {
    url: postgres.url,
    remove: async () => {
      await postgres.stop('immediate');
      await rm(home, { recursive: true, force: true });
    },
  };
}

/** Stops and removes servers of runs that were killed. */
async function removeAbandoned(parent: string): Promise<void> {
  for (const name of await readdir(parent).catch(() => [])) {
    const home = path.join(parent, name);
    const text = await readFile(path.join(home, 'owner.json'), 'utf8').catch(() => null);
    if (text === null || isAlive(JSON.parse(text) as ProcessId)) continue;
    await stopEmbeddedPostgres(path.join(home, 'data'), 'immediate');
    await rm(home, { recursive: true, force: true });
  }
}
