import { type CommandInput, type Ops, textOf } from '#server/cli/ops/command';
import { type FindRunCalls, findRunId } from '#server/cli/ops/commands/find-run';
import { nameOf } from '#server/cli/ops/commands/place';
import { pageSizeOf, rowsOf, showRows } from '#server/cli/ops/commands/rows';
import { followStarted } from '#server/cli/ops/commands/start-run';
import { EXIT, type ExitCode, exitCodeOfRun } from '#server/cli/ops/exit-codes';
import { usageFailure } from '#server/cli/ops/failure';
import { followRun, lineView, recordView, reportEnd } from '#server/cli/ops/follow/follow';
import { endLines } from '#server/cli/ops/follow/report';
import { type FollowCalls, isResting } from '#server/cli/ops/follow/watch';
import { age, clean, clock, duration, when } from '#server/cli/ops/output/format';
import { stateOfRun, stateOfStep, wordOf } from '#server/cli/ops/output/paint';
import { type Column, renderPairs, renderTable } from '#server/cli/ops/output/table';
import { RUN_STATUSES, type RunDetail, type RunStatus, type RunSummary } from '#server/runs/contract';

export async function listRuns(ops: Ops<'listRuns'>, input: CommandInput): Promise<undefined> {
  const rows = rowsOf(input, 20);
  const [service, environment] = (textOf(input, 'environment') ?? '').split('/');
  const found = await ops.call('listRuns', {
    pageSize: pageSizeOf(rows),
    status: statusOf(textOf(input, 'status')),
    search: textOf(input, 'search'),
    ...(environment ? { service, environment } : { environment: service || undefined }),
  });
  const { now } = ops.screen;
  const columns: Column<RunSummary>[] = [
    { title: 'Run', cell: (run) => `#${run.number}`, right: true },
    { title: 'Status', cell: (run) => ({ state: stateOfRun(run.status), text: wordOf(run.status) }) },
    { title: 'Environment', cell: nameOf, flexible: true },
    { title: 'What', cell: (run) => run.title, flexible: true },
    { title: 'By', cell: (run) => run.requestedByName, flexible: true },
    { title: 'Asked', cell: (run) => age(run.createdAt, now), right: true },
    { title: 'Took', cell: tookOf, right: true },
  ];
  showRows(ops.screen, found, rows, columns, 'No run fits.');
  return undefined;
}

function statusOf(given: string | undefined): RunStatus | undefined {
  const status = given?.replaceAll(/[ -]/g, '_');
  if (status === undefined || RUN_STATUSES.includes(status as RunStatus))
    return status as RunStatus | undefined;
  throw usageFailure(`--status: "${given}" is none.`, `There are: ${RUN_STATUSES.join(', ')}.`);
}

function tookOf(run: RunSummary): string {
  if (!run.startedAt || !run.endedAt) return run.currentStep ?? '';
  return duration(Date.parse(run.endedAt) - Date.parse(run.startedAt));
}

export async function showRun(ops: Ops<FindRunCalls | 'getRun'>, input: CommandInput): Promise<undefined> {
  const run = await ops.call('getRun', { runId: await findRunId(ops, input.args[0] ?? '') });
  ops.screen.show(run, () => runLines(ops, run));
  return undefined;
}

function runLines({ screen }: Ops<never>, run: RunDetail): string[] {
  const { now, paint, width } = screen;
  const columns: Column<RunDetail['steps'][number]>[] = [
    { title: 'Step', cell: (step) => step.title, flexible: true },
    { title: 'Status', cell: (step) => ({ state: stateOfStep(step.status), text: wordOf(step.status) }) },
    {
      title: 'Took',
      cell: (step) => (step.durationMs === null ? '' : duration(step.durationMs)),
      right: true,
    },
    { title: 'More', cell: moreOf, flexible: true },
  ];
  return [
    ...endLines(run, exitCodeOfRun(run.status), paint),
    '',
    ...renderPairs([
      ['Environment', nameOf(run)],
      ['Release', run.toTag && `${run.fromTag ?? 'nothing'} → ${run.toTag}`],
      ['Asked by', `${clean(run.requestedByName)}, ${when(run.createdAt, now)}`],
      ['Reason', run.reason && clean(run.reason)],
      ['Began', run.startedAt && when(run.startedAt, now)],
      ['Ended', run.endedAt && when(run.endedAt, now)],
      ['Budget', clock(run.budgetMs)],
      ['Caused by', run.causedBy && `run #${run.causedBy.number} (${clean(run.causedBy.title)})`],
      ['Approval', run.approval && approvalText(run.approval, now)],
      ['Id', run.id],
    ]),
    '',
    ...renderTable(run.steps, columns, { width, paint }),
  ];
}

function approvalText(approval: NonNullable<RunDetail['approval']>, nowMs: number): string {
  if (!approval.decision) return `awaited; expires ${when(approval.expiresAt, nowMs)}`;
  const at = approval.at ? `, ${when(approval.at, nowMs)}` : '';
  return `${approval.decision} by ${clean(approval.byName ?? 'somebody')}${at}`;
}

function moreOf(step: RunDetail['steps'][number]): string {
  if (step.error) return step.error;
  return Object.entries(step.facts)
    .map(([label, text]) => `${label} ${text}`)
    .join(', ');
}

export async function tailRun(ops: Ops<FindRunCalls | FollowCalls>, input: CommandInput): Promise<ExitCode> {
  const { screen } = ops;
  const runId = await findRunId(ops, input.args[0] ?? '');
  const run = await ops.call('getRun', { runId });
  const afterSeq = afterSeqOf(input, run.lastLogSeq);
  const view = screen.json ? () => recordView(screen) : () => lineView(screen, afterSeq);
  if (input.options.follow === false && !isResting(run.status)) return tailOnce(ops, run, afterSeq, view());
  const followed = await followRun(ops, runId, { afterSeq, view });
  if (screen.json) screen.record({ type: 'end', exitCode: followed.exitCode, status: followed.run.status });
  else reportEnd(screen, followed);
  return followed.exitCode;
}

/** What there is of a log by now. */
async function tailOnce(
  ops: Ops<FollowCalls>,
  run: RunDetail,
  from: number,
  view: ReturnType<typeof lineView>,
): Promise<ExitCode> {
  view.state(run);
  for (let afterSeq = from; ; ) {
    const { rows } = await ops.call('readRunLog', { runId: run.id, afterSeq, limit: 1_000 });
    const last = rows.at(-1);
    if (!last) break;
    view.lines(rows);
    afterSeq = last.seq;
  }
  view.close();
  return EXIT.done;
}

function afterSeqOf(input: CommandInput, lastSeq: number): number {
  const given = textOf(input, 'lines');
  if (given === undefined) return 0;
  const lines = Number(given);
  if (!Number.isInteger(lines) || lines < 0) throw usageFailure(`--lines: "${given}" is no number of lines.`);
  return Math.max(0, lastSeq - lines);
}

export async function cancelRun(
  ops: Ops<FindRunCalls | 'getRun' | 'cancelRun'>,
  input: CommandInput,
): Promise<undefined> {
  const runId = await findRunId(ops, input.args[0] ?? '');
  const run = await ops.call('getRun', { runId });
  await ops.confirm({
    level: 'consequential',
    text: `Cancel run #${run.number} (${clean(run.title)}), which is ${wordOf(run.status)}?`,
    name: `#${run.number}`,
  });
  const { status } = await ops.call('cancelRun', { runId, reason: textOf(input, 'reason') ?? '' });
  ops.screen.show({ runId, number: run.number, status }, () => [
    status === 'cancelled'
      ? `Run #${run.number} is cancelled.`
      : `Run #${run.number} is asked to stop; it ends when its step has been stopped.`,
  ]);
  return undefined;
}

export async function resumeRun(
  ops: Ops<FindRunCalls | FollowCalls | 'resumeRun'>,
  input: CommandInput,
): Promise<ExitCode> {
  const runId = await findRunId(ops, input.args[0] ?? '');
  const run = await ops.call('getRun', { runId });
  await ops.confirm({
    level: 'consequential',
    text: `Resume run #${run.number} (${clean(run.title)}) from where it stopped, with a new budget?`,
    name: `#${run.number}`,
  });
  await ops.call('resumeRun', { runId });
  return followStarted(ops, input, { runId, number: run.number, created: true, status: 'queued' });
}
