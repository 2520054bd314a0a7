import { z } from 'zod';
import { type AnswerShape, readAnswer } from '#server/deployments/drivers/answer';
import type { Checkouts } from '#server/deployments/drivers/checkouts';
import type { Journal, JournalState } from '#server/deployments/drivers/command/journal';
import type { CommandEnvironment, CommandName } from '#server/deployments/drivers/command/settings';
import type { DeployTarget, Observed } from '#server/deployments/drivers/driver';
import {
  assertSucceeded,
  commandPath,
  createOutputTail,
  inheritedEnv,
  type LineResult,
  runLine,
} from '#server/deployments/drivers/shell';
import { splitLines } from '#server/platform/split-lines';
import { spawnSupervised } from '#server/platform/supervised-child';
import { StepFailure, type StepIo } from '#server/runs/procedure';
import { createRedactor } from '#server/runs/redact';

/** What the parts of the driver share. */
export interface Parts {
  environment: CommandEnvironment;
  checkouts: Checkouts;
  journal: Journal;
}

/** A copy of a release in which a command runs. */
export interface Place {
  release: DeployTarget;
  folder: string;
}

/** What a command is told beside the configured variables. */
type Told = Partial<Record<'INSTANCE_ID' | 'INSTANCE_URL' | 'RETIRE' | 'KEEP', string>>;

const KILL_GRACE_MS = 2_000;

const observedSchema = z.object({
  live: z.object({ tag: z.string(), commitSha: z.string(), instanceId: z.string() }).nullable(),
  instances: z.array(
    z.object({ instanceId: z.string(), tag: z.string(), pid: z.number().int().positive().optional() }),
  ),
});
const OBSERVED: AnswerShape<Observed> = {
  schema: observedSchema,
  example:
    '{"live": {"tag": "v1.2.0", "commitSha": "…", "instanceId": "…"}, "instances": [{"instanceId": "…", "tag": "v1.2.0"}]}',
};

/** Runs a configured command in a step. @throws Error when the configuration has none of this name */
export function runCommand(
  { environment }: Parts,
  io: StepIo,
  name: CommandName,
  { release, folder }: Place,
  told: Told = {},
): Promise<LineResult> {
  const limits = { timeoutMs: environment.timeouts[name], inactivityTimeoutMs: environment.silenceMs };
  const env = { ...variablesOf(environment, release, io), ...told };
  return runLine(io, environment, folder, lineOf(environment, name), env, limits);
}

export function variablesOf(
  environment: CommandEnvironment,
  release: DeployTarget,
  { runId, runNumber, fencingToken }: Pick<StepIo, 'runId' | 'runNumber' | 'fencingToken'>,
): Record<string, string> {
  return {
    RELEASE: release.tag,
    COMMIT_SHA: release.commitSha,
    ENVIRONMENT_URL: environment.url,
    RUN_ID: runId,
    RUN_NUMBER: String(runNumber),
    FENCING_TOKEN: fencingToken,
  };
}

/** Runs a configured command outside of any run. It ends with this process. @returns also when it failed */
export async function runAside(
  { environment }: Parts,
  name: CommandName,
  { release, folder }: Place,
  told: Told & { FENCING_TOKEN: string },
): Promise<LineResult> {
  const line = lineOf(environment, name);
  const timeoutMs = environment.timeouts[name];
  const output = createOutputTail(environment.secrets);
  const child = spawnSupervised({
    command: ['/bin/sh', '-c', line],
    cwd: folder,
    env: {
      ...inheritedEnv(),
      ...environment.env,
      RELEASE: release.tag,
      COMMIT_SHA: release.commitSha,
      ENVIRONMENT_URL: environment.url,
      ...told,
      PATH: commandPath(),
    },
    leaseMs: timeoutMs,
    killGraceMs: KILL_GRACE_MS,
  });
  const read = (stream: 'stdout' | 'stderr') =>
    splitLines(
      child[stream],
      () => undefined,
      (text) => output.add(stream, text),
    );
  const [exit] = await Promise.all([child.exited, read('stdout'), read('stderr')]);
  const shown = createRedactor(environment.secrets)(line);
  if (exit.leaseEnded)
    throw new StepFailure(`"${shown}" was stopped: it ran longer than ${timeoutMs / 1_000} s`);
  if (exit.exitCode === null) throw new StepFailure(`"${shown}" was ended by ${exit.signal} from outside`);
  return { line: shown, exitCode: exit.exitCode, ...output.read() };
}

function lineOf(environment: CommandEnvironment, name: CommandName): string {
  const line = environment.lines[name];
  if (!line) throw new Error(`The configuration has no command ${name}`);
  return line;
}

/** Where commands about the whole environment run: a copy of what is live, else of what was last begun; null before that. */
export function homeOf({ checkouts }: Parts, state: JournalState): Place | null {
  const latest = [...state.begun, ...state.instances].reverse();
  for (const release of state.live ? [state.live, ...latest] : latest) {
    const folder = checkouts.find(release);
    if (folder) return { release, folder };
  }
  return null;
}

/** Where commands about one release run. @throws StepFailure when it has no copy */
export function placeOf({ checkouts }: Parts, release: DeployTarget): Place {
  const folder = checkouts.find(release);
  if (folder) return { release, folder };
  throw new StepFailure(`The checkout of ${release.tag} is gone. Start the run again to bring it back.`);
}

/** What the `observe` command says, asked in a step; null when there is none or nothing was ever begun. */
export async function observeInStep(parts: Parts, io: StepIo): Promise<Observed | null> {
  const home = homeOf(parts, parts.journal.read());
  if (!parts.environment.lines.observe || !home) return null;
  return readObserved(await runCommand(parts, io, 'observe', home));
}

/** @throws StepFailure when the command failed or answered something else */
export function readObserved(result: LineResult): Observed {
  const what = 'The look at what visitors reach';
  assertSucceeded(result, what);
  return readAnswer(result, what, OBSERVED);
}
