import { z } from 'zod';
import { type AnswerShape, readAnswer } from '#server/deployments/drivers/answer';
import { releaseFolderName } from '#server/deployments/drivers/checkouts';
import { type Parts, placeOf, runCommand } from '#server/deployments/drivers/command/commands';
import type { StartedInstance } from '#server/deployments/drivers/command/journal';
import type { DeployTarget } from '#server/deployments/drivers/driver';
import { randomSuffix } from '#server/deployments/drivers/files';
import { assertSucceeded, type LineResult } from '#server/deployments/drivers/shell';
import { StepFailure, type StepIo } from '#server/runs/procedure';
import { createRedactor } from '#server/runs/redact';

/** What the step records before the command runs. */
const referenceSchema = z.object({ instanceId: z.string() });

const STARTED: AnswerShape<{ instanceId?: string; url: string }> = {
  schema: z.object({
    instanceId: z
      .string()
      .regex(/^[\x21-\x7e]{1,200}$/, 'use at most 200 letters, digits and signs, without spaces')
      .optional(),
    url: z.url({ protocol: /^https?$/ }),
  }),
  example: '{"url": "http://10.0.0.7:8080"}, with an "instanceId" where it is not INSTANCE_ID,',
};

/**
 * Has the release started, or goes on with what an earlier attempt of the same step began: under the same INSTANCE_ID,
 * so that the command can find what is there. One that has ended since is left to `retire`, and another is started.
 */
export async function startInstance(
  parts: Parts,
  io: StepIo,
  release: DeployTarget,
): Promise<{ instanceId: string; url: string }> {
  const { environment, journal } = parts;
  const begun = findBegun(parts, io);
  let instanceId = begun?.instanceId;
  if (begun?.url && environment.lines.isRunning) {
    if ((await askIsRunning(parts, io, begun)).exitCode === 0) {
      io.log(`Went on with ${begun.instanceId}, which an earlier attempt started`);
      return { instanceId: begun.instanceId, url: begun.url };
    }
    io.log(`${begun.instanceId}, which an earlier attempt started, has ended; starting another`);
    instanceId = undefined;
  }
  instanceId ??= `${releaseFolderName(release)}-${randomSuffix()}`;
  note(parts, io, { ...targetOf(release), instanceId, url: null });
  await io.record({ instanceId });
  const what = `The start of ${release.tag}`;
  const result = await runCommand(parts, io, 'start', placeOf(parts, release), { INSTANCE_ID: instanceId });
  assertSucceeded(result, what, 'Visitors are still on the release before.');
  const answer = readAnswer(result, what, STARTED);
  const started = { instanceId: answer.instanceId ?? instanceId, url: answer.url };
  assertNoSecret(parts, what, Object.values(started));
  if (started.instanceId !== instanceId) {
    journal.change(io, ({ instances }) => ({
      instances: instances.filter((instance) => instance.instanceId !== instanceId),
    }));
  }
  note(parts, io, { ...targetOf(release), ...started });
  if (started.instanceId !== instanceId) await io.record({ instanceId: started.instanceId });
  io.log(`${release.tag} is ${started.instanceId} at ${started.url}`);
  return started;
}

/** Asks whether it runs: exit code 0 says so. */
export function askIsRunning(parts: Parts, io: StepIo, instance: StartedInstance): Promise<LineResult> {
  return runCommand(parts, io, 'isRunning', placeOf(parts, instance), {
    INSTANCE_ID: instance.instanceId,
    ...(instance.url ? { INSTANCE_URL: instance.url } : {}),
  });
}

/** @throws StepFailure when the instance is known to have ended, or not to have been started */
export async function assertRunning(parts: Parts, io: StepIo, instanceId: string): Promise<void> {
  if (!parts.environment.lines.isRunning) return;
  const instance = parts.journal.read().instances.find((candidate) => candidate.instanceId === instanceId);
  if (!instance) throw new StepFailure(`The instance ${instanceId} is gone: it was retired meanwhile.`);
  const { exitCode, lastWords, line } = await askIsRunning(parts, io, instance);
  if (exitCode === 0) return;
  throw new StepFailure(
    `${instance.tag} has ended by itself, says "${line}" (exit code ${exitCode})${lastWords ? `; its last words: ${lastWords}` : ' without a word'}`,
  );
}

/** What an earlier attempt of this step has noted; null when there was none, or when it was retired meanwhile. */
function findBegun({ journal }: Parts, io: StepIo): StartedInstance | null {
  const reference = referenceSchema.safeParse(io.externalRef);
  if (!reference.success) return null;
  const { instances } = journal.read();
  return instances.find(({ instanceId }) => instanceId === reference.data.instanceId) ?? null;
}

function note({ journal }: Parts, io: StepIo, started: StartedInstance): void {
  journal.change(io, ({ instances }) => ({
    instances: [...instances.filter(({ instanceId }) => instanceId !== started.instanceId), started],
  }));
}

function targetOf({ tag, commitSha }: DeployTarget): DeployTarget {
  return { tag, commitSha };
}

/** What is answered is shown to people and handed to other commands. */
function assertNoSecret({ environment }: Parts, what: string, answers: string[]): void {
  if (answers.every((text) => createRedactor(environment.secrets)(text) === text)) return;
  throw new StepFailure(`${what} answered with a secret in it. Visitors are still on the release before.`);
}
