import { createHash, randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import path from 'node:path';
import pg from 'pg';
import { z } from 'zod';
import { letShopBeRead, SHOP_READER_ROLE } from '#server/cli/start/shop-reader';
import {
  type EmbeddedPostgres,
  reachableFolder,
  recordedPort,
  startEmbeddedPostgres,
  stopEmbeddedPostgres,
} from '#server/platform/embedded-postgres';
import { findFreePort, isPortFree } from '#server/platform/free-port';

/** Names of what the console's own Postgres holds. */
const OPS_DATABASE = 'ops';
const SHOP_DATABASE = 'shop_production';
const PRACTICE_DATABASE = 'shop_practice';
const OWNER_ROLE = 'ops_owner';
const LOGIN_ROLE = 'ops_login';
const SHOP_ROLE = 'shop';

const secretsSchema = z.object({
  directory: z.string(),
  superuser: z.string(),
  owner: z.string(),
  login: z.string(),
  shop: z.string(),
  /** Absent in folders of earlier versions. */
  shopReader: z.string().optional(),
});

type Secrets = z.infer<typeof secretsSchema>;

export interface OwnDatabaseUrls {
  /** The owner's login of the console's database; only for migrating. */
  ownerUrl: string;
  /** The serving login of the console's database. */
  url: string;
  /** The example shop's database in production; that of its practice environment lies beside it. */
  shopUrl: string;
  /** The same for a login that may read what the business reckons with, and nothing else; absent until a start has made it. */
  shopReaderUrl: string | undefined;
}

export interface OwnDatabases extends OwnDatabaseUrls {
  postgres: EmbeddedPostgres;
}

/**
 * Starts the console's own Postgres with its roles and databases, all made when missing. The passwords are random and
 * kept in DATA_DIR/postgres.json, readable by its owner only.
 * @param port the console's port; Postgres takes the next one, or where that is taken the first free one from ten above
 */
export async function startOwnDatabases(dataDir: string, port: number): Promise<OwnDatabases> {
  const secrets = await withShopReader(dataDir, (await readSecrets(dataDir)) ?? (await makeSecrets(dataDir)));
  const postgres = await startEmbeddedPostgres({
    directory: secrets.directory,
    port: await choosePort(secrets.directory, port),
    password: secrets.superuser,
    settings: { max_connections: '100' },
  });
  const isNew = await prepareRoles(postgres, secrets);
  if (isNew) await sealDatabases(postgres);
  await withClient(postgres.url(SHOP_DATABASE), letShopBeRead);
  return { postgres, ...urlsOf(secrets, postgres.port) };
}

/**
 * Where the databases of a start with this data folder are, or were when it ran last; starts nothing.
 * @returns null when no start has made any there
 * @throws ZodError when the file was damaged
 */
export async function findOwnDatabases(dataDir: string): Promise<OwnDatabaseUrls | null> {
  const secrets = await readSecrets(dataDir);
  const port = secrets && (await recordedPort(secrets.directory));
  return secrets && port ? urlsOf(secrets, port) : null;
}

function urlsOf(secrets: Secrets, port: number): OwnDatabaseUrls {
  const urlOf = (role: string, password: string, database: string): string =>
    `postgres://${role}:${password}@127.0.0.1:${port}/${database}`;
  return {
    ownerUrl: urlOf(OWNER_ROLE, secrets.owner, OPS_DATABASE),
    url: urlOf(LOGIN_ROLE, secrets.login, OPS_DATABASE),
    shopUrl: urlOf(SHOP_ROLE, secrets.shop, SHOP_DATABASE),
    shopReaderUrl: secrets.shopReader && urlOf(SHOP_READER_ROLE, secrets.shopReader, SHOP_DATABASE),
  };
}

/** The port of a server that a killed start left is kept, because what still runs knows it. */
async function choosePort(directory: string, port: number): Promise<number> {
  const left = await recordedPort(directory);
  if (left !== null && !(await isPortFree(left))) return left;
  return (await isPortFree(port + 1)) ? port + 1 : findFreePort(port + 10);
}

function secretsFile(dataDir: string): string {
  return path.join(dataDir, 'postgres.json');
}

/** @throws ZodError when the file was damaged */
async function readSecrets(dataDir: string): Promise<Secrets | null> {
  const file = secretsFile(dataDir);
  return existsSync(file) ? secretsSchema.parse(JSON.parse(await readFile(file, 'utf8'))) : null;
}

async function makeSecrets(dataDir: string): Promise<Secrets> {
  await mkdir(dataDir, { recursive: true });
  const name = createHash('sha256').update(path.resolve(dataDir)).digest('hex').slice(0, 12);
  const folder = await reachableFolder(dataDir, [`/var/lib/herbisveritas-ops/${name}`]);
  const directory = path.join(folder, 'postgres');
  // Without the passwords nobody can use what is there: it belonged to a data folder that was deleted.
  if (existsSync(directory)) {
    await stopEmbeddedPostgres(directory, 'fast');
    await rename(directory, `${directory}.unused-${Date.now()}`);
  }
  const secrets = {
    directory,
    superuser: newPassword(),
    owner: newPassword(),
    login: newPassword(),
    shop: newPassword(),
  };
  await writeSecrets(dataDir, secrets);
  return secrets;
}

/** The same with a password for the login that reads the shop, kept like the others. */
async function withShopReader(dataDir: string, secrets: Secrets): Promise<Required<Secrets>> {
  if (secrets.shopReader) return { ...secrets, shopReader: secrets.shopReader };
  const complete = { ...secrets, shopReader: newPassword() };
  await writeSecrets(dataDir, complete);
  return complete;
}

const newPassword = (): string => randomBytes(18).toString('base64url');

async function writeSecrets(dataDir: string, secrets: Secrets): Promise<void> {
  const file = secretsFile(dataDir);
  await writeFile(`${file}.new`, JSON.stringify(secrets), { mode: 0o600 });
  await rename(`${file}.new`, file);
}

/**
 * Makes the roles and databases that are missing. The owner may not make roles: the serving role is made here.
 * @returns true when a database was made
 */
async function prepareRoles(postgres: EmbeddedPostgres, secrets: Required<Secrets>): Promise<boolean> {
  return withClient(postgres.url('postgres'), async (client) => {
    const { rows } = await client.query<{ name: string }>(
      "SELECT rolname AS name FROM pg_roles UNION ALL SELECT 'database ' || datname FROM pg_database",
    );
    const known = new Set(rows.map((row) => row.name));
    const makeRole = async (name: string, options: string): Promise<void> => {
      if (!known.has(name)) await client.query(`CREATE ROLE ${name} ${options}`);
    };
    await makeRole('ops_app', 'NOLOGIN');
    await makeRole(OWNER_ROLE, `LOGIN IN ROLE ops_app PASSWORD '${secrets.owner}'`);
    await makeRole(LOGIN_ROLE, `LOGIN IN ROLE ops_app PASSWORD '${secrets.login}'`);
    await makeRole(SHOP_ROLE, `LOGIN PASSWORD '${secrets.shop}'`);
    await makeRole(SHOP_READER_ROLE, `LOGIN PASSWORD '${secrets.shopReader}'`);
    let made = false;
    for (const [database, owner] of [
      [OPS_DATABASE, OWNER_ROLE],
      [SHOP_DATABASE, SHOP_ROLE],
      [PRACTICE_DATABASE, SHOP_ROLE],
    ] as const) {
      if (known.has(`database ${database}`)) continue;
      await client.query(`CREATE DATABASE ${database} OWNER ${owner}`);
      made = true;
    }
    return made;
  });
}

/** Closes each database to the other role. */
async function sealDatabases(postgres: EmbeddedPostgres): Promise<void> {
  await withClient(postgres.url('postgres'), async (client) => {
    await client.query(
      `REVOKE ALL ON DATABASE ${OPS_DATABASE}, ${SHOP_DATABASE}, ${PRACTICE_DATABASE} FROM PUBLIC`,
    );
    await client.query(`GRANT CONNECT, TEMPORARY ON DATABASE ${OPS_DATABASE} TO ops_app`);
  });
}

async function withClient<T>(url: string, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 10_000 });
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}
