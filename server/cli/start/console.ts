import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { Child, entryArgs } from '#server/cli/start/child';
import { readControlToken } from '#server/cli/start/control-token';
import { type OwnDatabases, startOwnDatabases } from '#server/cli/start/database';
import { type InstanceLock, takeInstanceLock } from '#server/cli/start/instance-lock';
import { say } from '#server/cli/start/screen';
import { waitUntilHealthy } from '#server/cli/start/wait-until-healthy';
import { stopLocalEnvironment } from '#server/deployments/drivers/local/stop';
import { assertSafeToServe, EnvError, isLoopbackHost, readEnv, readSettings } from '#server/platform/env';
import { isPortFree } from '#server/platform/free-port';
import { applyMigrations, assertMigrated } from '#server/platform/migrations';
import { killGroup } from '#server/platform/process-table';
import { PROJECT_ROOT } from '#server/platform/project-root';

/** Time that web and worker get to finish what they do, ms; with the shop's and Postgres's it stays under 10 s. */
const CHILD_GRACE_MS = 5_000;
const VISITS_PER_SECOND = '3';

type Variables = Record<string, string | undefined>;

/** Everything that `npm start` runs on this machine, started and stopped in order. */
export class Console {
  readonly #source: Variables;
  readonly #children: Child[] = [];
  #lock: InstanceLock | null = null;
  #databases: OwnDatabases | null = null;
  #shopDirectories: string[] = [];
  #starting: Promise<void> | null = null;
  #stopping: Promise<void> | null = null;
  readonly #stopRequest = new AbortController();

  constructor(source: Variables) {
    this.#source = source;
  }

  /**
   * Starts what is not running. @throws EnvError, MigrationError, EmbeddedPostgresError in words for the person who
   * started it, AbortError when {@link stop} came between; what was started by then is stopped by {@link stop}
   */
  start(): Promise<void> {
    this.#starting = this.#startAll();
    return this.#starting;
  }

  async #startAll(): Promise<void> {
    const startedAt = Date.now();
    const settings = readSettings(this.#source as NodeJS.ProcessEnv);
    const dataDir = path.resolve(PROJECT_ROOT, settings.DATA_DIR);
    const url = settings.PUBLIC_URL ?? `http://${hostForUrl(settings.HOST)}:${settings.PORT}`;
    await this.#takeLock(dataDir, url);
    if (!(await isPortFree(settings.PORT))) {
      throw new EnvError(
        `PORT: ${settings.PORT} is taken by another program. Stop it, or choose another port: PORT=${settings.PORT + 10} npm start. Nothing was started.`,
      );
    }
    const ownsDatabase = !settings.DATABASE_URL;
    const ownsShop = settings.OPS_CONFIG === 'ops.config.ts' && !this.#source.SHOP_DATABASE_URL;
    if (ownsDatabase || ownsShop) {
      this.#databases = await startOwnDatabases(dataDir, settings.PORT);
      say(
        'postgres',
        `on port ${this.#databases.postgres.port}, data in ${show(this.#databases.postgres.directory)}`,
      );
    }
    this.#stopRequest.signal.throwIfAborted();
    const databaseUrl = settings.DATABASE_URL ?? this.#databases?.url ?? '';
    const ownerUrl = settings.DATABASE_OWNER_URL ?? settings.DATABASE_URL ?? this.#databases?.ownerUrl ?? '';
    const controlToken =
      this.#source.OPS_CONTROL_TOKEN ?? (ownsShop ? await readControlToken(dataDir) : undefined);
    const isDemo = ownsDatabase && isLoopbackHost(settings.HOST) && this.#source.DEMO_PEOPLE === undefined;
    const env: Variables = {
      ...this.#source,
      NODE_ENV: settings.NODE_ENV,
      DATA_DIR: dataDir,
      DATABASE_URL: databaseUrl,
      SHOP_DATABASE_URL: this.#source.SHOP_DATABASE_URL ?? this.#databases?.shopUrl,
      // Somebody's own shop is read by somebody's own login.
      SHOP_READ_DATABASE_URL:
        this.#source.SHOP_READ_DATABASE_URL ??
        (this.#source.SHOP_DATABASE_URL ? undefined : this.#databases?.shopReaderUrl),
      ...(controlToken ? { OPS_CONTROL_TOKEN: controlToken } : {}),
      ...(isDemo ? { DEMO_PEOPLE: 'true' } : {}),
    };
    delete env.DATABASE_OWNER_URL;
    // The configuration is read in this process too, and reads the same variables as in the others.
    Object.assign(process.env, env);
    const checked = readEnv(env as NodeJS.ProcessEnv);
    assertSafeToServe(checked);
    const applied = await applyMigrations(ownerUrl);
    if (applied.length > 0) say('postgres', `applied ${applied.join(', ')}`);
    if (databaseUrl !== ownerUrl) await assertMigrated(databaseUrl);

    const shop = ownsShop ? await this.#prepareShop(dataDir) : null;
    this.#stopRequest.signal.throwIfAborted();
    this.#startProcesses(env, dataDir, shop);
    const { signal } = this.#stopRequest;
    // Loaded when web and worker are on their way: the database client takes a third of a second.
    const { welcome } = await import('#server/cli/start/welcome');
    const [logIn] = await Promise.all([
      welcome(checked, url),
      waitUntilHealthy(settings, this.#children, signal),
    ]);
    console.log('');
    say('ready', `in ${((Date.now() - startedAt) / 1000).toFixed(1)} s`);
    say('console', url);
    if (shop) say('shop', `${shop.url} (its first release is deployed by the first start)`);
    say('log in', logIn);
    say('', 'Ctrl-C stops everything.');
  }

  /** Restarts web and worker after a rebuild; the rest goes on. */
  restartProcesses(): void {
    for (const child of this.#children) if (child.name !== 'visitors') child.restart();
  }

  /** Stops everything in order: visitors, web, worker, then the shop, then Postgres. Repeated calls share one stop. */
  stop(): Promise<void> {
    this.#stopping ??= this.#stopAll();
    return this.#stopping;
  }

  /** Ends the processes at once; {@link stop} still goes on to the shop and Postgres. */
  kill(): void {
    for (const child of this.#children) child.kill();
  }

  async #stopAll(): Promise<void> {
    this.#stopRequest.abort();
    await this.#starting?.catch(() => undefined);
    if (!this.#lock) return;
    console.log('\n  stopping');
    await Promise.all(this.#children.map((child) => child.stop(CHILD_GRACE_MS)));
    await Promise.all(this.#shopDirectories.map((directory) => stopLocalEnvironment(directory)));
    await this.#databases?.postgres.stop('fast');
    await this.#lock.release();
    console.log('  stopped');
  }

  async #takeLock(dataDir: string, url: string): Promise<void> {
    const result = await takeInstanceLock(dataDir, url);
    if (!result.taken) {
      throw new EnvError(
        `This console is already running at ${result.url} (process ${result.pid}). To run another one, give it its own PORT and DATA_DIR.`,
      );
    }
    this.#lock = result.lock;
    for (const child of result.leftovers) {
      say(child.name, `ends: it was left by a start that was killed (process ${child.pid})`);
      killGroup(child, 'SIGKILL');
    }
  }

  async #prepareShop(dataDir: string): Promise<{ url: string }> {
    const { makeRepository } = await import(
      pathToFileURL(path.join(PROJECT_ROOT, 'examples/shop/make-repository.mjs')).href
    );
    const made = await makeRepository({ repositoryPath: path.join(dataDir, 'shop/repository.git') });
    if (made.changed)
      say('shop', `${made.releases.length} releases in ${show(path.join(dataDir, 'shop/repository.git'))}`);
    this.#shopDirectories = ['production', 'practice'].map((name) => path.join(dataDir, 'shop', name));
    const settings = readSettings(this.#source as NodeJS.ProcessEnv);
    return { url: `http://127.0.0.1:${this.#source.SHOP_PORT ?? settings.PORT + 2}` };
  }

  #startProcesses(env: Variables, dataDir: string, shop: { url: string } | null): void {
    const compiled = (file: string): string => path.join(PROJECT_ROOT, 'build/server', file);
    const start = (name: string, args: string[], more: Variables = {}): void => {
      const child = new Child({
        name,
        args,
        env: { ...env, ...more },
        cwd: PROJECT_ROOT,
        logDirectory: path.join(dataDir, 'logs'),
        level: this.#source.LOG_LEVEL || 'warn',
        onStart: () => this.#recordChildren(),
      });
      this.#children.push(child);
      this.#recordChildren();
    };
    start('worker', entryArgs('worker'));
    start('web', entryArgs('index'));
    if (!shop) return;
    const preload = pathToFileURL(compiled('cli/start/follow-parent-preload.js')).href;
    const visitors = path.join(PROJECT_ROOT, 'examples/shop/visitors.mjs');
    const perSecond = this.#source.VISITS_PER_SECOND || VISITS_PER_SECOND;
    start('visitors', ['--conditions=compiled', '--import', preload, visitors], {
      SHOP_URL: shop.url,
      VISITS_PER_SECOND: perSecond,
    });
  }

  #recordChildren(): void {
    const live = this.#children.flatMap(({ name, identity }) => (identity ? [{ name, ...identity }] : []));
    this.#lock?.recordChildren(live);
  }
}

/** The address a browser on this machine uses. */
function hostForUrl(host: string): string {
  if (host === '0.0.0.0' || host === '::') return '127.0.0.1';
  return host.includes(':') && !host.startsWith('[') ? `[${host}]` : host;
}

/** A path as short as it can be said from the project's folder. */
function show(file: string): string {
  const relative = path.relative(PROJECT_ROOT, file);
  return relative.startsWith('..') ? file : relative;
}
