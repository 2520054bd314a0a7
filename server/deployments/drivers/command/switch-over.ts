import { observeInStep, type Parts, placeOf, runCommand } from '#server/deployments/drivers/command/commands';
import { type JournalState, Superseded } from '#server/deployments/drivers/command/journal';
import { assertRunning } from '#server/deployments/drivers/command/start-instance';
import { type DeployTarget, type Observed, SwitchUncertain } from '#server/deployments/drivers/driver';
import { describeFailure } from '#server/deployments/drivers/shell';
import { messageOf } from '#server/platform/errors';
import { COMMIT_SHA, isTagName } from '#server/platform/git';
import { StepFailure, type StepIo } from '#server/runs/procedure';

/** The name of a release where no instance is started apart from the switch. */
export function wholeName({ tag, commitSha }: DeployTarget): string {
  return `${tag}@${commitSha}`;
}

/**
 * Has visitors let in. What is about to happen is in the journal before the command runs, so that after a crash a
 * successor knows that it may have happened; a command that had succeeded in the same run is not run again.
 * @throws Superseded, StepFailure, SwitchUncertain
 */
export async function switchOver(parts: Parts, io: StepIo, instanceId: string): Promise<void> {
  const { environment, journal } = parts;
  const before = journal.read();
  if (before.fencingToken > io.fencingToken) throw new Superseded(before.fencingToken);
  const target = findTarget(parts, before, instanceId);
  const isOurs = (item: { instanceId: string; runId: string }) =>
    item.instanceId === instanceId && item.runId === io.runId;
  if (before.live && isOurs(before.live) && before.begun.length === 0) {
    io.log(`${target.tag} was put in front of visitors before (${instanceId})`);
    return;
  }
  await assertRunning(parts, io, instanceId);
  const place = placeOf(parts, target);
  const begun = { instanceId, tag: target.tag, commitSha: target.commitSha, runId: io.runId };
  const forget = (state: JournalState) => ({ begun: state.begun.filter((item) => !isOurs(item)) });
  journal.change(io, (state) => ({ begun: [...forget(state).begun, begun] }));
  const settle = () =>
    journal.change(io, ({ instances }) => ({
      live: begun,
      begun: [],
      instances: instances.some((item) => item.instanceId === instanceId)
        ? instances
        : [...instances, { instanceId, tag: target.tag, commitSha: target.commitSha, url: environment.url }],
    }));

  // An earlier attempt may have got through. Where the same name was live before, a look tells nothing.
  if (before.begun.some(isOurs) && before.live?.instanceId !== instanceId) {
    const seen = await observeInStep(parts, io);
    if (seen?.live?.instanceId === instanceId) {
      settle();
      io.log(`Visitors reach ${target.tag} (${instanceId}): an earlier attempt got through`);
      return;
    }
  }

  const what = `The switch to ${target.tag}`;
  let failure: string;
  let exitCode: number | undefined;
  try {
    const result = await runCommand(parts, io, 'switch', place, {
      INSTANCE_ID: instanceId,
      ...(target.url ? { INSTANCE_URL: target.url } : {}),
    });
    if (result.exitCode === 0) {
      settle();
      io.log(`Visitors reach ${target.tag} (${instanceId}) now`);
      return;
    }
    exitCode = result.exitCode;
    failure = describeFailure(result, what);
  } catch (error) {
    if (!(error instanceof StepFailure)) throw error;
    failure = `${what} was not finished: ${error.message}`;
  }
  const seen = await lookAfterFailure(parts, io);
  // A command that was cut off may still take effect; one that ended has done what it does.
  if (exitCode !== undefined && seen && seen.live?.instanceId !== instanceId) {
    journal.change(io, forget);
    throw new StepFailure(`${failure}. ${whereVisitorsAre(seen)}.`, { exitCode });
  }
  throw new SwitchUncertain(
    `${failure}. Nobody can tell from here which release visitors reach${seen ? ` (${whereVisitorsAre(seen)} now)` : ''}. Look; then resume this run, which tries again, or roll back.`,
    exitCode,
  );
}

function findTarget(
  { environment }: Parts,
  state: JournalState,
  instanceId: string,
): DeployTarget & { url: string | null } {
  const known = state.instances.find((instance) => instance.instanceId === instanceId);
  if (known) return known;
  const [tag = '', commitSha = ''] = instanceId.split('@');
  if (!environment.lines.start && isTagName(tag) && COMMIT_SHA.test(commitSha))
    return { tag, commitSha, url: environment.url };
  throw new StepFailure(`The instance ${instanceId} is gone. Visitors are still on the release before.`);
}

async function lookAfterFailure(parts: Parts, io: StepIo): Promise<Observed | null> {
  try {
    return await observeInStep(parts, io);
  } catch (error) {
    if (!(error instanceof StepFailure)) throw error;
    io.log(messageOf(error));
    return null;
  }
}

function whereVisitorsAre({ live }: Observed): string {
  return live ? `Visitors are on ${live.tag} (${live.instanceId})` : 'Visitors reach no release';
}
