import { createHash, randomUUID } from 'node:crypto';
import { userInfo } from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import stableStringify from 'safe-stable-stringify';
import { HANDLERS } from '#server/api/handlers';
import type { InputOf, OperationId, OutputOf } from '#server/api/operations';
import { findBearer } from '#server/auth/bearer';
import { findPersonToActAs } from '#server/auth/direct';
import { bootstrap } from '#server/bootstrap';
import type { Client } from '#server/cli/ops/client/client';
import { EXIT } from '#server/cli/ops/exit-codes';
import { OpsFailure, refusal } from '#server/cli/ops/failure';
import type { Screen } from '#server/cli/ops/output/screen';
import { findOwnDatabases } from '#server/cli/start/database';
import type { Health, HealthCheck } from '#server/http/contract';
import { type Actor, ANONYMOUS, type App, type Ctx, systemActor } from '#server/platform/context';
import { isDatabaseAway } from '#server/platform/database-errors';
import { EnvError, isLoopbackHost, readEnv, readSettings } from '#server/platform/env';
import { AppError, messageOf } from '#server/platform/errors';
import { assertMigrated, MigrationError } from '#server/platform/migrations';
import { PROJECT_ROOT } from '#server/platform/project-root';
import { OPS_CONFIG } from '#server/services/queries';

/** A worker that was not seen for longer is taken for gone, seconds. */
const WORKER_SILENCE_SECONDS = 15;
/** Waits before work that lost its database is tried again, ms. */
const RETRY_MS = [200, 1_000];

type Variables = Record<string, string | undefined>;

export interface DirectOptions {
  token: string | null;
  /** Who acts when there is no token, by e-mail. */
  as: string | null;
}

/**
 * The console's commands and queries in this process, on its database: for when no web process answers. Settings are
 * those of the console, from the environment; its own Postgres is found in its data folder.
 * @throws OpsFailure when there is no such database, it is not up to date, or nobody may act
 */
export async function connectDirectly(
  options: DirectOptions,
  source: Variables,
  screen: Screen,
): Promise<Client> {
  const env = await told(async () => readEnv((await completeSettings(source)) as NodeJS.ProcessEnv));
  await told(() => assertMigrated(env.DATABASE_URL));
  const { app, close } = await told(() => bootstrap('cli', env));
  try {
    const actor = await told(() => findActor(app, options));
    const client = new DirectClient(app, actor, close);
    screen.notice(
      `Straight to the database, as ${actor.name}${actor.token ? ` (token ${actor.token.name})` : ''}. What it changes is marked so in the audit log.`,
    );
    await warnOfOtherConfiguration(app, screen);
    return client;
  } catch (error) {
    await close();
    throw error;
  }
}

/**
 * What `npm start` adds for its processes, so that the same configuration comes out here. The configuration file reads
 * the variables of this process, and its relative paths start at the project's folder.
 */
async function completeSettings(source: Variables): Promise<Variables> {
  const settings = readSettings(source as NodeJS.ProcessEnv);
  const dataDir = path.resolve(PROJECT_ROOT, settings.DATA_DIR);
  const own = settings.DATABASE_URL && source.SHOP_DATABASE_URL ? null : await findOwnDatabases(dataDir);
  if (!settings.DATABASE_URL && !own) {
    throw new EnvError(
      `There is no database to go to: DATABASE_URL is not set, and no console has kept its own in ${dataDir}. Set DATABASE_URL, or DATA_DIR to the folder of the console. Nothing was started.`,
    );
  }
  const isDemo = !settings.DATABASE_URL && isLoopbackHost(settings.HOST) && source.DEMO_PEOPLE === undefined;
  const complete = {
    ...source,
    NODE_ENV: settings.NODE_ENV,
    DATA_DIR: dataDir,
    DATABASE_URL: settings.DATABASE_URL ?? own?.url,
    SHOP_DATABASE_URL: source.SHOP_DATABASE_URL || own?.shopUrl,
    SHOP_READ_DATABASE_URL:
      source.SHOP_READ_DATABASE_URL || (source.SHOP_DATABASE_URL ? undefined : own?.shopReaderUrl),
    ...(isDemo ? { DEMO_PEOPLE: 'true' } : {}),
  };
  process.chdir(PROJECT_ROOT);
  for (const [name, value] of Object.entries(complete)) if (value !== undefined) process.env[name] = value;
  // Its log would end up among the results.
  return { ...complete, LOG_LEVEL: 'silent', DATABASE_POOL_SIZE: '2' };
}

async function findActor(app: App, { token, as }: DirectOptions): Promise<Actor> {
  const nobody = app.for(ANONYMOUS);
  if (token) return findBearer(nobody, `Bearer ${token}`);
  if (as) return findPersonToActAs(nobody, as);
  throw new OpsFailure(EXIT.denied, 'Nobody is named who acts. Nothing was started.', {
    kind: 'unauthenticated',
    hint: 'Name yourself with --as <email> or OPS_USER, or give a token with OPS_TOKEN or --token-file.',
  });
}

async function warnOfOtherConfiguration(app: App, screen: Screen): Promise<void> {
  const ctx = app.for(systemActor('cli'));
  const workers = await ctx.db.$queryRaw<{ hash: string }[]>`
    SELECT DISTINCT config_hash AS hash FROM worker
    WHERE config_hash IS NOT NULL
      AND last_seen_at > clock_timestamp() - make_interval(secs => ${WORKER_SILENCE_SECONDS})`;
  if (workers.some(({ hash }) => hash !== ctx.use(OPS_CONFIG).hash)) {
    screen.warn(
      'The workers run with another configuration than this command: set the same PORT, DATA_DIR and OPS_CONFIG as for the console.',
    );
  }
}

class DirectClient implements Client {
  readonly place = 'the database';
  readonly live = null;
  readonly #app: App;
  readonly #ctx: Ctx;

  constructor(
    app: App,
    actor: Actor,
    readonly close: () => Promise<void>,
  ) {
    this.#app = app;
    this.#ctx = app.for(actor, {
      requestId: randomUUID(),
      userAgent: 'ops --direct',
      auditDetails: { direct: true, systemUser: systemUser() },
    });
  }

  async call<K extends OperationId>(id: K, input: InputOf<K>): Promise<OutputOf<K>> {
    const handler = HANDLERS[id];
    const ctx = handler.operation === 'command' ? this.#once(id, input) : this.#ctx;
    for (let attempt = 0; ; attempt += 1) {
      try {
        return await handler(ctx, input);
      } catch (error) {
        const waitMs = RETRY_MS[attempt];
        if (waitMs === undefined || !isDatabaseAway(error))
          throw toFailure(error, handler.operation === 'command');
        await delay(waitMs);
      }
    }
  }

  async health(): Promise<Health> {
    const checks = [
      await this.#check('database', async () => null),
      await this.#check('worker', workerSilence),
    ];
    return {
      status: checks.every((check) => check.status === 'ok') ? 'healthy' : 'unhealthy',
      timestamp: this.#app.clock.now().toISOString(),
      checks,
      version: 'direct',
    };
  }

  /** A write that is tried again after a broken connection is done once. */
  #once(operation: OperationId, input: unknown): Ctx {
    const fingerprint = createHash('sha256')
      .update(`${operation}\0${stableStringify(input)}`)
      .digest('hex');
    return this.#ctx.as(this.#ctx.actor, { idempotency: { key: randomUUID(), operation, fingerprint } });
  }

  async #check(name: string, ask: (ctx: Ctx) => Promise<string | null>): Promise<HealthCheck> {
    const startedMs = performance.now();
    const ctx = this.#app.for(systemActor('cli'));
    const trouble = await ctx.db.$queryRaw`SELECT 1`
      .then(() => ask(ctx))
      .catch((error: unknown) => messageOf(error));
    const durationMs = Math.round(performance.now() - startedMs);
    return trouble === null
      ? { name, status: 'ok', durationMs }
      : { name, status: 'failed', durationMs, message: trouble };
  }
}

async function workerSilence(ctx: Ctx): Promise<string | null> {
  const [row] = await ctx.db.$queryRaw<{ silence: number | null }[]>`
    SELECT extract(epoch FROM clock_timestamp() - max(last_seen_at))::float8 AS silence FROM worker`;
  if (row?.silence == null) return 'No worker is running.';
  return row.silence <= WORKER_SILENCE_SECONDS ? null : `No worker for ${Math.round(row.silence)} s.`;
}

/** Who sits at this machine, as it knows them. */
function systemUser(): string {
  try {
    return userInfo().username;
  } catch {
    return `uid ${process.getuid?.() ?? 'unknown'}`;
  }
}

/** Runs work of the start, with what can go wrong in words. */
async function told<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw toFailure(error, false);
  }
}

function toFailure(error: unknown, isWrite: boolean): OpsFailure {
  if (error instanceof OpsFailure) return error;
  if (error instanceof AppError) return refusal(error, error);
  if (error instanceof EnvError) {
    return new OpsFailure(EXIT.unavailable, error.message, { kind: 'settings', cause: error });
  }
  if (error instanceof MigrationError) {
    return new OpsFailure(
      EXIT.unavailable,
      `${error.message} Nothing was started.`.replace(/(Nothing was started\.) \1/, '$1'),
      {
        kind: 'unreachable',
        hint: 'Is Postgres running? "npm start" brings its own; otherwise DATABASE_URL names it.',
        cause: error,
      },
    );
  }
  if (isDatabaseAway(error)) {
    const message = isWrite
      ? 'The database went away in the middle of the request. It may have been taken.'
      : 'The database cannot be reached. Nothing was started.';
    return new OpsFailure(EXIT.unavailable, message, {
      kind: 'unreachable',
      hint: isWrite ? 'Look at "ops runs list --direct" before you repeat it.' : undefined,
      cause: error,
    });
  }
  return new OpsFailure(EXIT.unavailable, `The command failed: ${messageOf(error)}`, {
    kind: 'internal',
    cause: error,
  });
}
