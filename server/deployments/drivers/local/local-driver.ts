import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { z } from 'zod';
import type { CommandLimits, DeployDriver, DeployTarget, Observed } from '#server/deployments/drivers/driver';
import { createGitReleaseSource } from '#server/deployments/drivers/git-release-source';
import { createCheckouts } from '#server/deployments/drivers/local/checkouts';
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
import { commandPath, type LocalEnvironment } from '#server/deployments/drivers/local/settings';
import { assertRunning, startInstance } from '#server/deployments/drivers/local/start-instance';
import { messageOf } from '#server/platform/errors';
import type { Logger } from '#server/platform/logger';
import { StepFailure, type StepIo } from '#server/runs/procedure';

const BUILD_TIMEOUT_MS = 300_000;
const MIGRATE_TIMEOUT_MS = 300_000;
/** A build or a migration that says nothing for this long hangs. */
const SILENCE_MS = 120_000;
const PENDING_TIMEOUT_MS = 60_000;
const DRAIN_POLL_MS = 20;

const migrationsSchema = z.array(z.string());

/**
 * Releases as processes of this machine, reached through a small proxy that is a process of its own. Everything it needs
 * to go on after a crash lies in the environment's directory; web and worker may die without a visitor noticing.
 */
export function createLocalDriver(environment: LocalEnvironment, log: Logger): DeployDriver {
  const layout = layoutOf(environment.directory);
  const checkouts = createCheckouts(environment, layout);
  const instances = createInstances(layout);
  const proxy = createProxyClient(environment, layout);

  /** One line of shell with the environment's settings. */
  function shell(
    io: StepIo,
    release: DeployTarget,
    cwd: string,
    line: string,
    limits: CommandLimits,
    outputFile?: string,
  ) {
    return io.exec({
      command: outputFile ? ['/bin/sh', '-c', `exec >"$0"\n${line}`, outputFile] : line,
      cwd,
      env: { ...environment.env, RELEASE: release.tag, PATH: commandPath() },
      ...limits,
      secrets: environment.secrets,
    });
  }

  async function runOrFail(io: StepIo, release: DeployTarget, what: string, line: string, timeoutMs: number) {
    const { exitCode } = await shell(io, release, checkouts.appOf(release), line, {
      timeoutMs,
      inactivityTimeoutMs: SILENCE_MS,
    });
    if (exitCode !== 0) {
      throw new StepFailure(`${what} of ${release.tag} failed: "${line}" ended with exit code ${exitCode}`, {
        exitCode,
      });
    }
  }

  return {
    id: 'local',
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
      const { exitCode } = await shell(io, release, folder, line, limits);
      return exitCode;
    },

    async pendingMigrations(io, release) {
      if (!environment.pendingMigrations) return [];
      const folder = await mkdtemp(path.join(tmpdir(), 'ops-migrations-'));
      try {
        const file = path.join(folder, 'pending.json');
        const line = environment.pendingMigrations;
        const { exitCode } = await shell(
          io,
          release,
          checkouts.appOf(release),
          line,
          { timeoutMs: PENDING_TIMEOUT_MS },
          file,
        );
        if (exitCode !== 0) {
          throw new StepFailure(
            `The pending migrations of ${release.tag} are not known: "${line}" ended with exit code ${exitCode}`,
            { exitCode },
          );
        }
        const pending = parseMigrations(await readFile(file, 'utf8'));
        if (!pending)
          throw new StepFailure(`"${line}" of ${release.tag} did not print a JSON list of migration names`);
        return pending;
      } finally {
        await rm(folder, { recursive: true, force: true });
      }
    },

    async migrate(io, release) {
      if (environment.migrate)
        await runOrFail(io, release, 'The migration', environment.migrate, MIGRATE_TIMEOUT_MS);
    },

    async build(io, release) {
      if (!environment.build) return;
      if (checkouts.isBuilt(release)) {
        io.log(`${release.tag} was built before`);
        return;
      }
      await runOrFail(io, release, 'The build', environment.build, BUILD_TIMEOUT_MS);
      checkouts.markBuilt(release);
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

/** The JSON list on the last line that is not empty, or the whole text as one; null when there is none. */
function parseMigrations(text: string): string[] | null {
  for (const candidate of [text, text.trim().split('\n').at(-1) ?? '']) {
    try {
      const parsed = migrationsSchema.safeParse(JSON.parse(candidate));
      if (parsed.success) return parsed.data;
    } catch (error) {
      if (!(error instanceof SyntaxError)) throw error;
    }
  }
  return null;
}
