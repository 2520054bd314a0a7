import path from 'node:path';
import { z } from 'zod';
import { NAMES, readAnswer } from '#server/deployments/drivers/answer';
import { createCheckouts } from '#server/deployments/drivers/checkouts';
import {
  homeOf,
  observeInStep,
  type Parts,
  readObserved,
  runAside,
  runCommand,
  variablesOf,
} from '#server/deployments/drivers/command/commands';
import { createJournal, type JournalState, Superseded } from '#server/deployments/drivers/command/journal';
import type { CommandEnvironment, CommandName } from '#server/deployments/drivers/command/settings';
import { assertRunning, startInstance } from '#server/deployments/drivers/command/start-instance';
import { switchOver, wholeName } from '#server/deployments/drivers/command/switch-over';
import type { DeployDriver, DeployTarget, Observed } from '#server/deployments/drivers/driver';
import { createGitReleaseSource } from '#server/deployments/drivers/git-release-source';
import { assertSucceeded, describeFailure, runLine } from '#server/deployments/drivers/shell';
import { AppError, messageOf } from '#server/platform/errors';
import type { Logger } from '#server/platform/logger';
import { StepFailure, type StepIo } from '#server/runs/procedure';
import { createRedactor } from '#server/runs/redact';

/** A gate asks after each bad answer; the command is not run more often than this. */
const RUNNING_POLL_MS = 1_000;

/** How many instances `retire` has ended. */
const COUNT = { schema: z.number().int().min(0), example: '1' };

/**
 * Releases that people's own commands deploy. What the driver has to remember lies in its journal; commands are run
 * again after a crash, under the same INSTANCE_ID and a higher FENCING_TOKEN.
 */
export function createCommandDriver(environment: CommandEnvironment, log: Logger): DeployDriver {
  const { lines } = environment;
  const checkouts = createCheckouts(environment);
  const journal = createJournal(path.join(environment.directory, 'journal'));
  const parts: Parts = { environment, checkouts, journal };
  let lastSeenRunning = { instanceId: '', at: Number.NEGATIVE_INFINITY };

  /** A command of which nothing but success is expected. */
  async function runOrFail(
    io: StepIo,
    name: CommandName,
    what: string,
    release: DeployTarget,
    folder: string,
  ) {
    assertSucceeded(await runCommand(parts, io, name, { release, folder }), `${what} of ${release.tag}`);
  }

  /** A stage of making a copy ready, once in each copy. */
  async function runOnce(
    io: StepIo,
    [name, stage, what]: ['prepare', 'prepared', string] | ['build', 'built', string],
    release: DeployTarget,
    folder: string,
  ) {
    if (!lines[name]) return;
    if (checkouts.isDone(folder, stage)) {
      io.log(`${release.tag} was ${stage} before`);
      return;
    }
    await runOrFail(io, name, what, release, folder);
    checkouts.markDone(folder, stage);
  }

  const makeReady = (io: StepIo, release: DeployTarget, folder: string) =>
    runOnce(io, ['prepare', 'prepared', 'The preparation'], release, folder);

  return {
    id: 'command',
    gates: lines.start ? 'before-switch' : 'after-switch',
    limits: environment.limits,
    commandLines: linesToShow(environment),
    source: createGitReleaseSource(environment.repository, log),

    async observe() {
      const state = journal.read();
      const home = homeOf(parts, state);
      if (!lines.observe || !home) return fromJournal(state);
      try {
        return readObserved(await runAside(parts, 'observe', home, { FENCING_TOKEN: state.fencingToken }));
      } catch (error) {
        if (!(error instanceof StepFailure)) throw error;
        throw new AppError('unavailable', error.message, {
          hint: 'The command observe of the configuration tells what visitors reach; try it by hand.',
        });
      }
    },

    async resume() {
      const { live, fencingToken } = journal.read();
      const folder = live && checkouts.find(live);
      if (!lines.resume || !live || !folder) return;
      const told = { INSTANCE_ID: live.instanceId, FENCING_TOKEN: fencingToken };
      const result = await runAside(parts, 'resume', { release: live, folder }, told);
      if (result.exitCode !== 0)
        throw new AppError('unavailable', describeFailure(result, `The resumption of ${live.tag}`));
      log.info({ tag: live.tag, instanceId: live.instanceId }, 'environment resumed by its command');
    },

    async prepare(io, release) {
      await checkouts.prepare(io, release);
      await makeReady(io, release, checkouts.appOf(release));
    },

    async runCommand(io, release, line, limits) {
      const folder = await checkouts.forChecks(io, release);
      await makeReady(io, release, folder);
      const env = variablesOf(environment, release, io);
      const { exitCode } = await runLine(io, environment, folder, line, env, limits);
      return exitCode;
    },

    async pendingMigrations(io, release) {
      if (!lines.pendingMigrations) return [];
      const what = `The search for pending migrations of ${release.tag}`;
      const place = { release, folder: checkouts.appOf(release) };
      const result = await runCommand(parts, io, 'pendingMigrations', place);
      assertSucceeded(result, what);
      return readAnswer(result, what, NAMES);
    },

    async migrate(io, release) {
      if (lines.migrate) await runOrFail(io, 'migrate', 'The migration', release, checkouts.appOf(release));
    },

    build: (io, release) => runOnce(io, ['build', 'built', 'The build'], release, checkouts.appOf(release)),

    async start(io, release) {
      if (!lines.start) return { instanceId: wholeName(release), url: environment.url };
      return refusingLateRuns(io, () => startInstance(parts, io, release));
    },

    async assertRunning(io, instanceId) {
      const now = performance.now();
      if (lastSeenRunning.instanceId === instanceId && now - lastSeenRunning.at < RUNNING_POLL_MS) return;
      await assertRunning(parts, io, instanceId);
      lastSeenRunning = { instanceId, at: now };
    },

    switchTo: (io, instanceId) => refusingLateRuns(io, () => switchOver(parts, io, instanceId)),

    async retire(io) {
      const state = journal.read();
      const idle = await findIdle(io, state);
      const home = homeOf(parts, state);
      if (idle.length === 0 || !home) return 0;
      let ended = 0;
      if (lines.retire) {
        const what = 'The end of what no longer serves';
        const result = await runCommand(parts, io, 'retire', home, { RETIRE: JSON.stringify(idle) });
        assertSucceeded(result, what, 'What visitors reach was not changed.');
        ended = readAnswer(result, what, COUNT);
      }
      await refusingLateRuns(io, async () =>
        journal.change(io, ({ instances }) => ({
          instances: instances.filter(({ instanceId }) => !idle.includes(instanceId)),
        })),
      );
      return ended;
    },

    async prune(io, keep) {
      const state = journal.read();
      const known = [...state.instances, ...state.begun, ...(state.live ? [state.live] : [])];
      const kept = uniqueReleases([...keep, ...known]);
      const home = homeOf(parts, state);
      const removed = new Set<string>();
      if (lines.prune && home && state.fencingToken <= io.fencingToken) {
        const what = 'The removal of old releases';
        const result = await runCommand(parts, io, 'prune', home, { KEEP: JSON.stringify(kept) });
        assertSucceeded(result, what, 'What visitors reach was not changed.');
        for (const tag of readAnswer(result, what, NAMES)) removed.add(tag);
      }
      for (const tag of await checkouts.prune(io, kept)) removed.add(tag);
      return [...removed];
    },
  };

  /** Instances that serve nobody for sure, and that no later claim looks after. */
  async function findIdle(io: StepIo, state: JournalState): Promise<string[]> {
    if (state.fencingToken > io.fencingToken) {
      io.log('A later run looks after what no longer serves');
      return [];
    }
    const ids = (live: string | undefined) =>
      state.instances
        .map(({ instanceId }) => instanceId)
        .filter((id) => id !== live && id !== state.live?.instanceId)
        .filter((id) => state.begun.every((switching) => switching.instanceId !== id));
    if (ids(undefined).length === 0) return [];
    // Somebody may have switched without the console.
    return ids((await observeInStep(parts, io))?.live?.instanceId);
  }

  /** @throws StepFailure when a later claim has taken over */
  async function refusingLateRuns<T>(io: StepIo, work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof Superseded)) throw error;
      throw new StepFailure(
        `${messageOf(error)}; this one (token ${io.fencingToken}) may not do anything here any more. If the console's database was made anew, remove ${journal.folder} and start again.`,
      );
    }
  }
}

/** What the driver did, where no command tells what is. */
function fromJournal({ live, instances }: JournalState): Observed {
  return {
    live: live && { tag: live.tag, commitSha: live.commitSha, instanceId: live.instanceId },
    instances: instances.map(({ instanceId, tag }) => ({ instanceId, tag })),
  };
}

function uniqueReleases(releases: readonly DeployTarget[]): DeployTarget[] {
  const byName = new Map(releases.map(({ tag, commitSha }) => [`${tag}@${commitSha}`, { tag, commitSha }]));
  return [...byName.values()];
}

function linesToShow({ lines, secrets }: CommandEnvironment): Record<string, string> {
  const shown = Object.entries(lines).filter(([, line]) => line !== undefined);
  return Object.fromEntries(shown.map(([name, line]) => [name, createRedactor(secrets)(line)]));
}
