import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { bootstrap } from '#server/bootstrap';
import { liftLock } from '#server/deployments/commands/manage-environments';
import { requestDeploy, requestRollback } from '#server/deployments/commands/request-runs';
import { DRIVERS, type Observed } from '#server/deployments/drivers/driver';
import { stopLocalEnvironment } from '#server/deployments/drivers/local/stop';
import { getEnvironmentState } from '#server/deployments/queries/environments';
import { previewDeploy, previewRollback } from '#server/deployments/queries/previews';
import { type App, type Ctx, systemActor } from '#server/platform/context';
import { readEnv } from '#server/platform/env';
import { anyFreePort, findFreePort } from '#server/platform/free-port';
import type { RunDetail, RunLogLine, RunStatus } from '#server/runs/contract';
import { getRun, readRunLog } from '#server/runs/queries';
import { createOwnPostgres, type OwnPostgres } from '#server/testing/chaos/postgres';
import { createWorkers, type Workers } from '#server/testing/chaos/workers';
import { createFixtureShop, type FixtureShop, fixtureConfig } from '#server/testing/fixture-shop';
import { sendVisitors, type Visitors } from '#server/testing/visitors';

export const PLACE = { service: 'shop', environment: 'production' } as const;
/** The release that every rollback of a world goes back to. */
export const HOME_TAG = 'v1.0.0';

const ENDED: readonly RunStatus[] = ['succeeded', 'failed', 'cancelled', 'timed_out', 'needs_attention'];

/**
 * Holds a port for as long as the command runs, so that a second one at the same time is found out. With the file
 * `long` beside it, it takes that file away and stays for twenty seconds.
 */
const HOLD_PORT = `
import { appendFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
const [, , port, what] = process.argv;
const beside = (name) => new URL(name, import.meta.url);
let ms = 120;
try { rmSync(beside('long')); ms = 20000; } catch (error) { if (error.code !== 'ENOENT') throw error; }
const server = createServer();
server.once('error', (error) => {
  appendFileSync(beside('overlaps.log'), what + ' ' + error.code + ' ' + process.env.OPS_STEP + '\\n');
  process.exit(1);
});
server.listen({ port: Number(port), host: '127.0.0.1', exclusive: true }, () => {
  console.log(what + ' begins');
  setTimeout(() => { console.log(what + ' ends'); process.exit(0); }, ms);
});
`;

/** The console with two worker processes, the fixture shop and visitors who never stop coming. */
export interface ChaosWorld {
  app: App;
  ctx: Ctx;
  postgres: OwnPostgres;
  shop: FixtureShop;
  workers: Workers;
  /** The visitors who come now. */
  visitors(): Visitors;
  pauseVisitors(): Promise<void>;
  resumeVisitors(): void;
  /** Where orders to die are placed. */
  orders: string;
  askDeploy(tag: string): Promise<string>;
  askRollback(): Promise<string>;
  ended(runId: string, timeoutMs?: number): Promise<RunDetail>;
  wholeLog(runId: string): Promise<RunLogLine[]>;
  observe(): Promise<Observed>;
  /** Lifts the lock that a rollback leaves, so that the next deploy may go. */
  unlock(): Promise<void>;
  /** One line for each command that met itself. */
  overlaps(): string[];
  /** The next command of a step stays for twenty seconds. */
  holdNextCommand(): void;
  close(): Promise<void>;
}

/**
 * @param settings the workers' leases and polls; empty for the defaults
 */
export async function createChaosWorld(settings: Record<string, string>): Promise<ChaosWorld> {
  const closing: (() => Promise<unknown>)[] = [];
  const close = async (): Promise<void> => {
    for (const step of closing.splice(0).reverse()) await step();
  };
  try {
    return { ...(await openWorld(settings, closing)), close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** @param closing takes what is to be done at the end, in reverse order */
async function openWorld(
  settings: Record<string, string>,
  closing: (() => Promise<unknown>)[],
): Promise<Omit<ChaosWorld, 'close'>> {
  const shop = await createFixtureShop();
  closing.push(async () => shop.remove());
  const postgres = await createOwnPostgres();
  closing.push(() => postgres.remove());
  const { folder } = shop;
  const orders = path.join(folder, 'orders.json');
  const script = path.join(folder, 'hold-port.mjs');
  writeFileSync(script, HOLD_PORT);
  const hold = async (what: string): Promise<string> => `node ${script} ${await quietPort()} ${what}`;
  const config = fixtureConfig(shop, await anyFreePort(), {
    checklist: [
      { phase: 'Tests', checks: [{ key: 'test-unit', title: 'Unit tests', run: await hold('test-unit') }] },
      { phase: 'Security', checks: [{ key: 'audit', title: 'Audit', run: await hold('audit') }] },
    ],
    validation: { endpoints: [{ path: '/' }], samples: 5, holdSeconds: 0.2 },
    health: { intervalMs: 30, deadlineSeconds: 30 },
    deploy: { build: `${await hold('build')} && node build.mjs`, migrate: await hold('migrate') },
  });
  const configFile = path.join(folder, 'ops.config.mjs');
  writeFileSync(configFile, `export default ${JSON.stringify(config)};`);
  const env = { DATABASE_URL: postgres.url, OPS_CONFIG: configFile, OPS_CHAOS_FILE: orders, ...settings };
  const { app, close: closeApp } = await bootstrap(
    'cli',
    readEnv({ NODE_ENV: 'test', LOG_LEVEL: 'silent', ...env }),
  );
  closing.push(closeApp);
  const ctx = app.for(systemActor('chaos'));
  const settled = config.services.shop?.environments.production;
  if (!settled) throw new Error('The fixture has no environment');
  closing.push(() => stopLocalEnvironment(settled.deploy.directory));
  const workers = createWorkers(folder, env);
  closing.push(() => workers.killAll());
  await workers.fill();

  const ended = async (runId: string, timeoutMs = 60_000): Promise<RunDetail> => {
    for (const deadline = Date.now() + timeoutMs; ; await delay(30)) {
      // The database may be away: that is one of the stories.
      const row = await ctx.db.run
        .findUnique({ where: { id: runId }, select: { status: true } })
        .catch(() => null);
      if (row && ENDED.includes(row.status)) return getRun(ctx, { runId });
      if (Date.now() > deadline) {
        throw new Error(`A run is ${row?.status} after ${timeoutMs} ms\n${workers.log().slice(-3_000)}`);
      }
    }
  };
  const askDeploy = async (tag: string): Promise<string> => {
    const { planHash } = await previewDeploy(ctx, { ...PLACE, tag });
    return (await requestDeploy(ctx, { ...PLACE, tag, planHash })).runId;
  };
  const first = await ended(await askDeploy(HOME_TAG));
  if (first.status !== 'succeeded') throw new Error(`The first deploy ${first.status}: ${first.error}`);
  const send = (): Visitors => sendVisitors(settled.url, { keepAlive: 2, oneShot: 2, pauseMs: 20 });
  let visitors = send();
  closing.push(() => visitors.stop());
  return {
    app,
    ctx,
    postgres,
    shop,
    workers,
    visitors: () => visitors,
    pauseVisitors: async () => void (await visitors.stop()),
    resumeVisitors: () => {
      visitors = send();
    },
    orders,
    askDeploy,
    askRollback: async () => {
      const { planHash, target } = await previewRollback(ctx, PLACE);
      if (target.tag !== HOME_TAG) throw new Error(`A rollback would go to ${target.tag}`);
      return (await requestRollback(ctx, { ...PLACE, planHash })).runId;
    },
    ended,
    wholeLog: async (runId) => readRunLog(ctx, { runId, limit: 5_000 }),
    observe: () => ctx.use(DRIVERS)(PLACE.service, PLACE.environment).observe(),
    unlock: async () => {
      const { lock } = await getEnvironmentState(ctx, PLACE);
      if (lock) await liftLock(ctx, { ...PLACE, lockId: lock.id, reason: 'the next case' });
    },
    overlaps: () => {
      const file = path.join(folder, 'overlaps.log');
      return existsSync(file) ? readFileSync(file, 'utf8').trim().split('\n') : [];
    },
    holdNextCommand: () => writeFileSync(path.join(folder, 'long'), ''),
  };
}

/** A port that no system hands out for outgoing connections and no instance of a release uses. */
async function quietPort(): Promise<number> {
  return findFreePort(10_000 + Math.floor(Math.random() * 9_000));
}
