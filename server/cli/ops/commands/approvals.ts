import { type CommandInput, type Ops, textOf } from '#server/cli/ops/command';
import { type FindRunCalls, findRunId } from '#server/cli/ops/commands/find-run';
import { nameOf } from '#server/cli/ops/commands/place';
import { pageSizeOf, rowsOf, showRows } from '#server/cli/ops/commands/rows';
import { planLines } from '#server/cli/ops/commands/start-run';
import { EXIT } from '#server/cli/ops/exit-codes';
import { OpsFailure } from '#server/cli/ops/failure';
import { age, clean } from '#server/cli/ops/output/format';
import type { State } from '#server/cli/ops/output/paint';
import type { Column } from '#server/cli/ops/output/table';
import { widthOf } from '#server/cli/ops/terminal';
import type { ApprovalView } from '#server/runs/contract';

export async function listApprovals(ops: Ops<'listApprovals'>, input: CommandInput): Promise<undefined> {
  const rows = rowsOf(input, 20);
  const found = await ops.call('listApprovals', {
    state: input.options.all === true ? undefined : 'open',
    pageSize: pageSizeOf(rows),
  });
  const { now } = ops.screen;
  const columns: Column<ApprovalView>[] = [
    { title: 'Run', cell: (each) => `#${each.number}`, right: true },
    { title: 'State', cell: stateOf },
    { title: 'Environment', cell: nameOf, flexible: true },
    { title: 'What', cell: (each) => each.title, flexible: true },
    { title: 'Asked by', cell: (each) => each.requestedByName, flexible: true },
    { title: 'Asked', cell: (each) => age(each.requestedAt, now), right: true },
    { title: 'Expires', cell: (each) => (each.isOpen ? age(each.expiresAt, now) : ''), right: true },
  ];
  showRows(ops.screen, found, rows, columns, 'Nothing awaits approval.');
  return undefined;
}

function stateOf(approval: ApprovalView): { state: State; text: string } {
  if (approval.isOpen) return { state: 'warning', text: 'awaited' };
  if (approval.decision === 'approved') return { state: 'ok', text: 'approved' };
  return { state: 'quiet', text: approval.decision ?? 'expired' };
}

export async function approveRun(
  ops: Ops<FindRunCalls | 'getRun' | 'approveRun'>,
  input: CommandInput,
): Promise<undefined> {
  const { screen } = ops;
  const run = await ops.call('getRun', { runId: await findRunId(ops, input.args[0] ?? '') });
  for (const line of planLines(run.plan, widthOf(ops.terminal.stderr) ?? 1_000)) screen.notice(line);
  screen.notice(`  Asked for by ${clean(run.requestedByName)}${run.reason ? `: ${clean(run.reason)}` : ''}`);
  // Why this person may not; that nothing is awaited any more is told by the refusal.
  if (run.approval?.whyNot) {
    throw new OpsFailure(EXIT.denied, `${clean(run.approval.whyNot)} Nothing was started.`, {
      kind: 'forbidden',
    });
  }
  await ops.confirm({
    level: 'consequential',
    text: `Approve run #${run.number} (${clean(run.title)}), which then starts?`,
    name: `#${run.number}`,
  });
  const { id: runId, planHash } = run;
  const decided = await ops.call('approveRun', { runId, planHash, reason: textOf(input, 'reason') });
  screen.show(decided, () => [
    `Run #${run.number} is approved and starts by itself: ops runs tail ${run.number}.`,
  ]);
  return undefined;
}

export async function refuseRun(
  ops: Ops<FindRunCalls | 'refuseRun'>,
  input: CommandInput,
): Promise<undefined> {
  const runId = await findRunId(ops, input.args[0] ?? '');
  const decided = await ops.call('refuseRun', { runId, reason: textOf(input, 'reason') ?? '' });
  ops.screen.show(decided, () => [`Run #${decided.number} is refused and does not start.`]);
  return undefined;
}
