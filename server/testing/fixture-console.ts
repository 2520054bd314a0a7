import { createEventRegistry, provideDomains } from '#server/bootstrap';
import { requestDeploy, requestRollback } from '#server/deployments/commands/request-runs';
import { DRIVERS, type Observed } from '#server/deployments/drivers/driver';
import { stopLocalEnvironment } from '#server/deployments/drivers/local/stop';
import { previewDeploy, previewRollback } from '#server/deployments/queries/previews';
import type { Ctx } from '#server/platform/context';
import { deliverEvents } from '#server/platform/event-delivery';
import { anyFreePort } from '#server/platform/free-port';
import { createLogger } from '#server/platform/logger';
import type { RunDetail, RunStatus, StartedRun } from '#server/runs/contract';
import type { RunHooks } from '#server/runs/engine';
import { getRun, readRunLog } from '#server/runs/queries';
import { type RunLoop, startRunLoop } from '#server/runs/run-loop';
import type { OpsConfig } from '#server/services/config';
import { createTestApp, type TestApp } from '#server/testing/context';
import { eventually } from '#server/testing/eventually';
import {
  createFixtureShop,
  type DeployInput,
  type FixtureChange,
  type FixtureShop,
  fixtureConfig,
} from '#server/testing/fixture-shop';

export const PLACE = { service: 'shop', environment: 'production' } as const;

const ENDED: readonly RunStatus[] = ['succeeded', 'failed', 'cancelled', 'timed_out', 'needs_attention'];

/** The console with the fixture shop: real Postgres, real git, real processes, and a run loop when asked for. */
export interface FixtureConsole {
  app: TestApp;
  shop: FixtureShop;
  config: OpsConfig;
  /** Where visitors come. */
  url: string;
  responder: Ctx;
  /** Starts a worker's run loop in this process. */
  work(hooks?: RunHooks): RunLoop;
  /** Plans as the page does, confirms that plan, and queues the run. */
  askDeploy(tag: string, by?: Ctx): Promise<StartedRun>;
  askRollback(
    input?: { tag?: string; reason?: string; breakGlassReason?: string },
    by?: Ctx,
  ): Promise<StartedRun>;
  /** Waits for the run's end, whatever it is. */
  ended(runId: string): Promise<RunDetail>;
  /** The same for a deploy or a rollback that must succeed. */
  deployed(tag: string): Promise<RunDetail>;
  rolledBack(input?: { tag?: string; reason?: string; breakGlassReason?: string }): Promise<RunDetail>;
  lines(runId: string): Promise<string[]>;
  /** Delivers every event that is due. */
  deliver(): Promise<void>;
  observe(): Promise<Observed>;
  close(): Promise<void>;
}

/** Where the shop is deployed to. */
interface Place {
  /** Another driver than the local one. */
  deploy?: DeployInput<'command'>;
  /** Ends everything that runs there. */
  stop(directory: string): Promise<void>;
}

async function localPlace(): Promise<Place> {
  return { stop: stopLocalEnvironment };
}

/** Makes one with a database, a repository and a port of its own. Close it in `afterAll`. */
export async function createFixtureConsole(
  change: FixtureChange = {},
  env: Record<string, string> = {},
  makePlace: (shop: FixtureShop, port: number) => Promise<Place> = localPlace,
): Promise<FixtureConsole> {
  const shop = await createFixtureShop();
  const port = await anyFreePort();
  const place = await makePlace(shop, port);
  const config = fixtureConfig(shop, port, {
    ...change,
    ...(place.deploy ? { deploy: place.deploy } : {}),
    validation: { endpoints: [{ path: '/' }], samples: 5, holdSeconds: 0, ...change.validation },
  });
  const app = await createTestApp({
    env: { RUN_LEASE_MS: '2000', RUN_RENEW_MS: '200', RUN_POLL_MS: '50', RUN_LOG_FLUSH_MS: '5', ...env },
    events: createEventRegistry(),
    provide: [
      ...provideDomains(
        { config, hash: 'fixture', file: 'fixture' },
        createLogger({ level: 'silent', process: 'worker' }),
      ),
    ],
  });
  const responder = await app.asRole('responder');
  const settings = config.services.shop?.environments.production;
  if (!settings) throw new Error('The fixture has no environment');
  const loops: RunLoop[] = [];
  const ended = (runId: string): Promise<RunDetail> =>
    eventually(async () => {
      const { status } = await app.system.db.run.findUniqueOrThrow({
        where: { id: runId },
        select: { status: true },
      });
      if (!ENDED.includes(status)) throw new Error(`The run is still ${status}`);
      return getRun(app.system, { runId });
    }, 40_000);
  const succeeded = async (runId: string): Promise<RunDetail> => {
    const run = await ended(runId);
    if (run.status !== 'succeeded') {
      const log = (await made.lines(runId)).slice(-20).join('\n');
      throw new Error(`Run #${run.number} ${run.status}: ${run.error}\n${log}`);
    }
    return run;
  };
  const made: FixtureConsole = {
    app,
    shop,
    config,
    url: settings.url,
    responder,
    work: (hooks) => {
      const loop = startRunLoop(app, app.ids.uuid(), hooks);
      loops.push(loop);
      return loop;
    },
    askDeploy: async (tag, by = responder) => {
      const { planHash } = await previewDeploy(by, { ...PLACE, tag });
      return requestDeploy(by, { ...PLACE, tag, planHash });
    },
    askRollback: async (input = {}, by = responder) => {
      const { planHash } = await previewRollback(by, { ...PLACE, tag: input.tag });
      return requestRollback(by, { ...PLACE, ...input, planHash });
    },
    ended,
    deployed: async (tag) => succeeded((await made.askDeploy(tag)).runId),
    rolledBack: async (input) => succeeded((await made.askRollback(input)).runId),
    lines: async (runId) => (await readRunLog(app.system, { runId, limit: 5_000 })).map((line) => line.text),
    deliver: async () => {
      const workerId = app.ids.uuid();
      while ((await deliverEvents(app, workerId)) > 0);
    },
    observe: () => app.system.use(DRIVERS)(PLACE.service, PLACE.environment).observe(),
    close: async () => {
      await Promise.all(loops.map((loop) => loop.stop()));
      await place.stop(settings.deploy.directory);
      await app.close();
      shop.remove();
    },
  };
  return made;
}

/** The audit entries since the given one, oldest first. */
export async function auditAfter(app: TestApp, id: bigint) {
  return app.system.db.auditEntry.findMany({ where: { id: { gt: id } }, orderBy: { id: 'asc' } });
}

/** The newest audit entry's id. */
export async function lastAudit(app: TestApp): Promise<bigint> {
  const newest = await app.system.db.auditEntry.findFirst({ orderBy: { id: 'desc' }, select: { id: true } });
  return newest?.id ?? 0n;
}
