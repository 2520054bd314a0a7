import { NAMES, readAnswer } from '#server/deployments/drivers/answer';
import { createCheckouts } from '#server/deployments/drivers/checkouts';
import type {
  CommandLimits,
  DeployDriver,
  DeployTarget,
  DriverLimits,
  Observed,
} from '#server/deployments/drivers/driver';
import { createGitReleaseSource } from '#server/deployments/drivers/git-release-source';
import {
  createInstances,
  INSTANCE_HOST,
  type InstanceRecord,
} from '#server/deployments/drivers/local/instances';
import { layoutOf, makeFolders, tidyLogs } from '#server/deployments/drivers/local/layout';
import {
  createProxyClient,
  readProxyState,
  SwitchRefused,
} from '#server/deployments/drivers/local/proxy-client';
import { resumeLocalEnvironment } from '#server/deployments/drivers/local/resume';
import type { LocalEnvironment } from '#server/deployments/drivers/local/settings';
import { assertRunning, startInstance } from '#server/deployments/drivers/local/start-instance';
import { assertSucceeded, runLine } from '#server/deployments/drivers/shell';
import { messageOf } from '#server/platform/errors';
import type { Logger } from '#server/platform/logger';
import { StepFailure, type StepIo } from '#server/runs/procedure';

const BUILD_TIMEOUT_MS = 300_000;
const MIGRATE_TIMEOUT_MS = 300_000;
/** A build or a migration that says nothing for this long hangs. */
const SILENCE_MS = 120_000;
const PENDING_TIMEOUT_MS = 60_000;
const DRAIN_POLL_MS = 20;

const LIMITS: DriverLimits = {
  prepareMs: 60_000,
  migrateMs: MIGRATE_TIMEOUT_MS,
  buildMs: BUILD_TIMEOUT_MS,
  startMs: 60_000,
  switchMs: 20_000,
  retireMs: 360_000,
  deployMs: 420_000,
};

/**
 * Releases as processes of this machine, reached through a small proxy that is a process of its own. Everything it needs
 * to go on after a crash lies in the environment's directory; web and worker may die without a visitor noticing.
 */
export function createLocalDriver(environment: LocalEnvironment, log: Logger): DeployDriver {
  const layout = layoutOf(environment.directory);
  const checkouts = createCheckouts(environment);
  const instances = createInstances(layout);
  const proxy = createProxyClient(environment, layout);

  /** One line of shell in a copy of the release, with the environment's settings. */
  const run = (io: StepIo, release: DeployTarget, cwd: string, line: string, limits: CommandLimits) =>
    runLine(io, environment, cwd, line, { RELEASE: release.tag }, limits);

  async function runOrFail(io: StepIo, release: DeployTarget, what: string, line: string, timeoutMs: number) {
    const limits = { timeoutMs, inactivityTimeoutMs: SILENCE_MS };
    assertSucceeded(
      await run(io, release, checkouts.appOf(release), line, limits),
      `${what} of ${release.tag}`,
    );
  }

  return {
    id: 'local',
    gates: 'before-switch',
    limits: LIMITS,
    source: createGitReleaseSource(environment.repository, log),

    async observe(): Promise<Observed> {
      const report = await proxy.ensure();
      const running = instances.list().filter((instance) => instance.isAlive);
      const { live } = report;
      const isServing = live !== null && running.some(({ record }) => record.instanceId === live.instanceId);
      return {
        live: isServing ? { tag: live.tag, commitSha: live.commitSha, instanceId: live.instanceId } : null,
        instances: running.map(({ record, process }) => ({
          instanceId: record.instanceId,
          tag: record.tag,
          pid: process?.pid ?? 0,
        })),
      };
    },

    async resume() {
      const { outcome, tag } = await resumeLocalEnvironment(environment, log);
      log.info({ outcome, tag }, 'local environment resumed');
    },

    async prepare(io, release) {
      makeFolders(layout);
      await checkouts.prepare(io, release);
    },

    async runCommand(io, release, line, limits) {
      makeFolders(layout);
      const folder = await checkouts.forChecks(io, release);
      const { exitCode } = await run(io, release, folder, line, limits);
      return exitCode;
    },

    async pendingMigrations(io, release) {
      const line = environment.pendingMigrations;
      if (!line) return [];
      const what = `The search for pending migrations of ${release.tag}`;
      const limits = { timeoutMs: PENDING_TIMEOUT_MS };
      const result = await run(io, release, checkouts.appOf(release), line, limits);
      assertSucceeded(result, what);
      return readAnswer(result, what, NAMES);
    },

    async migrate(io, release) {
      if (environment.migrate)
        await runOrFail(io, release, 'The migration', environment.migrate, MIGRATE_TIMEOUT_MS);
    },

    async build(io, release) {
      if (!environment.build) return;
      const app = checkouts.appOf(release);
      if (checkouts.isDone(app, 'built')) {
        io.log(`${release.tag} was built before`);
        return;
      }
      await runOrFail(io, release, 'The build', environment.build, BUILD_TIMEOUT_MS);
      checkouts.markDone(app, 'built');
    },

    async start(io, release) {
      makeFolders(layout);
      const liveInstanceId = readProxyState(layout).live?.instanceId ?? null;
      return startInstance({ environment, instances, checkouts, liveInstanceId }, io, release);
    },

    async assertRunning(io, instanceId) {
      assertRunning({ environment, instances }, io, instanceId);
    },

    async switchTo(io, instanceId) {
      assertRunning({ environment, instances }, io, instanceId);
      const record = instances.find(instanceId)?.record;
      if (!record)
        throw new StepFailure(
          `The instance ${instanceId} is gone. Visitors are still on the release before.`,
        );
      const { tag, commitSha, port, appFolder } = record;
      await proxy.ensure();
      try {
        await proxy.switchTo(
          { instanceId, host: INSTANCE_HOST, port, tag, commitSha, appFolder },
          io.fencingToken,
        );
      } catch (error) {
        if (!(error instanceof SwitchRefused)) throw error;
        throw new StepFailure(
          `A later run (token ${error.highest}) has switched visitors already; this one (token ${io.fencingToken}) may not any more. If the console's database was made anew, remove ${layout.proxyState} and start again.`,
        );
      }
      io.log(`Visitors reach ${tag} (${instanceId}) now`);
    },

    async retire(io) {
      const { live } = await proxy.ensure();
      const idle = instances.list().filter(({ record }) => isLeftTo(io, record, live?.instanceId ?? null));
      await drain(io, new Set(idle.map(({ record }) => record.instanceId)));
      io.signal.throwIfAborted();
      let ended = 0;
      const failures: string[] = [];
      const endOne = async (instanceId: string) => {
        // Looked at again, with nothing awaited before the signal: while this worker drained, or was frozen, a later run
        // may have taken the instance back and made it live.
        const now = instances.find(instanceId);
        if (!now || !isLeftTo(io, now.record, readProxyState(layout).live?.instanceId ?? null)) return;
        if (now.isAlive) ended += 1;
        await instances.end(now);
      };
      await Promise.all(
        idle.map(({ record }) => endOne(record.instanceId).catch((error) => failures.push(messageOf(error)))),
      );
      if (failures.length > 0)
        throw new StepFailure(`Old instances could not be ended: ${failures.join('; ')}`);
      return ended;
    },

    async prune(io, keep) {
      makeFolders(layout);
      const { live } = readProxyState(layout);
      const running = instances.list().map(({ record }) => record);
      tidyLogs(layout, new Set(['proxy.log', ...running.map(({ instanceId }) => `${instanceId}.log`)]));
      return checkouts.prune(io, [...keep, ...running, ...(live ? [live] : [])]);
    },
  };

  /** Waits until none of the instances answers visitors any more, or their time is over. */
  async function drain(io: StepIo, instanceIds: ReadonlySet<string>): Promise<void> {
    for (const deadline = performance.now() + environment.drainMs; ; await io.sleep(DRAIN_POLL_MS)) {
      const report = await proxy.report();
      const open = Object.entries(report?.inFlight ?? {}).filter(
        ([id, count]) => instanceIds.has(id) && count > 0,
      );
      if (open.length === 0) return;
      if (performance.now() < deadline) continue;
      const count = open.reduce((sum, [, requests]) => sum + requests, 0);
      io.log(`${count} requests were not finished within ${environment.drainMs / 1_000} s and are cut off`);
      return;
    }
  }
}

/** True for an instance that serves no visitors and that no later claim has started or taken. */
function isLeftTo(io: StepIo, record: InstanceRecord, liveInstanceId: string | null): boolean {
  return record.instanceId !== liveInstanceId && record.fencingToken <= io.fencingToken;
}
