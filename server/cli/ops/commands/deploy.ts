import { type CommandInput, type Ops, textOf } from '#server/cli/ops/command';
import { findPlace, type PlaceCalls } from '#server/cli/ops/commands/place';
import { planAndStart } from '#server/cli/ops/commands/start-run';
import type { ExitCode } from '#server/cli/ops/exit-codes';
import { usageFailure } from '#server/cli/ops/failure';
import type { FollowCalls } from '#server/cli/ops/follow/watch';
import { clean, when } from '#server/cli/ops/output/format';
import type { DeployPreview, RollbackPreview } from '#server/deployments/contract';

type Common = PlaceCalls | FollowCalls;

const COMMITS_SHOWN = 10;

export async function deploy(
  ops: Ops<Common | 'planDeploy' | 'requestDeploy'>,
  input: CommandInput,
): Promise<ExitCode> {
  const place = await findPlace(ops, input.args[0]);
  const tag = textOf(input, 'release') ?? '';
  const freezeOverrideReason = textOf(input, 'freezeOverride');
  return planAndStart(ops, input, {
    preview: () => ops.call('planDeploy', { ...place, tag }),
    notes: (preview) => deployNotes(preview, ops.screen.now),
    // Whether a freeze may be passed is decided where the reason arrives.
    blockedBy: (preview) => (preview.freeze && freezeOverrideReason ? null : preview.blockedBy),
    request: ({ planHash }) =>
      ops.call('requestDeploy', {
        ...place,
        tag,
        planHash,
        reason: textOf(input, 'reason'),
        freezeOverrideReason,
      }),
  });
}

function deployNotes(preview: DeployPreview, nowMs: number): string[] {
  const notes: string[] = [];
  const { commits, commitsLeftOut, freeze } = preview;
  if (commits.length > 0) {
    const count = commits.length + commitsLeftOut;
    notes.push(count === 1 ? '1 commit since the live release:' : `${count} commits since the live release:`);
    for (const commit of commits.slice(0, COMMITS_SHOWN)) {
      notes.push(`  ${commit.sha.slice(0, 7)} ${clean(commit.title)} (${clean(commit.author)})`);
    }
    const more = commits.length + commitsLeftOut - COMMITS_SHOWN;
    if (more > 0) notes.push(`  … and ${more} more`);
  }
  if (freeze)
    notes.push(
      `Frozen until ${when(freeze.until, nowMs)}: ${clean(freeze.reason)} (${clean(freeze.byName)})`,
    );
  return notes;
}

export async function rollback(
  ops: Ops<Common | 'planRollback' | 'requestRollback'>,
  input: CommandInput,
): Promise<ExitCode> {
  const place = await findPlace(ops, input.args[0]);
  const tag = textOf(input, 'to');
  let breakGlassReason = textOf(input, 'breakGlass');
  return planAndStart(ops, input, {
    preview: () => ops.call('planRollback', { ...place, tag }),
    notes: rollbackNotes,
    request: async ({ planHash, breakGlass }) => {
      if (breakGlass && !breakGlassReason) breakGlassReason = await askWhy(ops);
      return ops.call('requestRollback', {
        ...place,
        tag,
        planHash,
        reason: textOf(input, 'reason'),
        breakGlassReason: breakGlass ? breakGlassReason : undefined,
      });
    },
  });
}

async function askWhy(ops: Ops<never>): Promise<string> {
  const needed = 'This release does not fit the database as it is. Nothing was started.';
  if (!ops.canAsk)
    throw usageFailure(needed, 'Say why it must be done all the same: --break-glass <reason>.');
  const reason = (await ops.ask('Why must it be done all the same? It is reviewed afterwards: ')).trim();
  if (reason === '') throw usageFailure(needed, 'It needs a reason.');
  return reason;
}

function rollbackNotes(preview: RollbackPreview): string[] {
  const notes = preview.safeBecause.map((reason) => `Safe: ${clean(reason)}`);
  if (preview.supersedes) {
    notes.push(`Run #${preview.supersedes.number} (${clean(preview.supersedes.title)}) is stopped for it.`);
  }
  if (preview.breakGlass) notes.push(`! ${clean(preview.breakGlass)}`);
  return notes;
}

export async function preDeployCheck(
  ops: Ops<Common | 'planChecklist' | 'requestChecklist'>,
  input: CommandInput,
): Promise<ExitCode> {
  const place = await findPlace(ops, input.args[0]);
  const tag = textOf(input, 'release') ?? '';
  return planAndStart(ops, input, {
    preview: () => ops.call('planChecklist', { ...place, tag }),
    request: ({ planHash }) => ops.call('requestChecklist', { ...place, tag, planHash }),
  });
}

export async function postDeployValidate(
  ops: Ops<Common | 'planValidation' | 'requestValidation'>,
  input: CommandInput,
): Promise<ExitCode> {
  const place = await findPlace(ops, input.args[0]);
  return planAndStart(ops, input, {
    preview: () => ops.call('planValidation', place),
    request: ({ planHash }) => ops.call('requestValidation', { ...place, planHash }),
  });
}
