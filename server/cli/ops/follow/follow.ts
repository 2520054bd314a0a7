import { type Client, workerTrouble } from '#server/cli/ops/client/client';
import type { Ops } from '#server/cli/ops/command';
import { EXIT, type ExitCode, exitCodeOfRun } from '#server/cli/ops/exit-codes';
import { interruption, OpsFailure } from '#server/cli/ops/failure';
import { LineView } from '#server/cli/ops/follow/line-view';
import { LiveView } from '#server/cli/ops/follow/live-view';
import { approvalLines, endLines } from '#server/cli/ops/follow/report';
import { type RunView, SILENT_VIEW } from '#server/cli/ops/follow/view';
import { type FollowCalls, type RunUpdate, watchRun } from '#server/cli/ops/follow/watch';
import type { Screen } from '#server/cli/ops/output/screen';
import type { RunDetail, RunLogLine, RunStatus } from '#server/runs/contract';

export interface Followed {
  run: RunDetail;
  exitCode: ExitCode;
}

/** How often a run that waits for a worker is asked why, ms. */
const QUEUE_CHECK_MS = 3_000;

/**
 * Shows a run until it rests, in the way that fits where the output goes.
 * @param options.afterSeq lines up to here are left out
 * @throws OpsFailure `interrupted` at Ctrl-C, saying that the run goes on; `unavailable` with --direct when no worker
 *   takes it in time
 */
export async function followRun(
  ops: Ops<FollowCalls>,
  runId: string,
  options: { afterSeq?: number; view?: (run: RunDetail) => RunView } = {},
): Promise<Followed> {
  const run = await ops.call('getRun', { runId });
  const view = (options.view ?? ((detail) => viewFor(ops.screen, detail)))(run);
  try {
    view.state(run);
    const afterSeq = options.afterSeq ?? 0;
    await show(ops, run, afterSeq, view);
  } catch (error) {
    view.close();
    if (error instanceof OpsFailure && error.exitCode === EXIT.interrupted) throw stillGoing(run);
    throw error;
  }
  view.close();
  const ended = await ops.call('getRun', { runId });
  return { run: ended, exitCode: exitCodeOfEnd(ended) };
}

/** A refused or expired approval is told apart from a run that somebody cancelled. */
export function exitCodeOfEnd(run: RunDetail): ExitCode {
  const wasNeverApproved = run.approval !== null && run.approval.decision !== 'approved';
  if (run.status === 'cancelled' && wasNeverApproved && run.startedAt === null) return EXIT.approval;
  return exitCodeOfRun(run.status);
}

/** Says how a run ended: loudly where somebody must act. */
export function reportEnd(screen: Screen, { run, exitCode }: Followed): void {
  const lines = endLines(run, exitCode, screen.paint);
  if (exitCode === EXIT.attention) {
    screen.shout([
      `NEEDS ATTENTION: run #${run.number} (${run.title}) on ${run.service}/${run.environment}.`,
    ]);
    screen.shout(lines);
  } else screen.lines(lines);
}

async function show(ops: Ops<FollowCalls>, run: RunDetail, afterSeq: number, view: RunView): Promise<void> {
  const stop = new AbortController();
  const signal = AbortSignal.any([ops.signal, stop.signal]);
  const queue = watchQueue(ops, await ops.client(), run, view, (reason) => stop.abort(reason));
  let status: RunStatus | null = null;
  try {
    for await (const update of watchRun(ops, { runId: run.id, afterSeq, signal })) {
      apply(view, update, ops);
      if (update.type !== 'state' || update.state.status === status) continue;
      if (update.state.status === 'awaiting_approval') {
        const detail = await ops.call('getRun', { runId: run.id });
        for (const line of approvalLines(detail, ops.settings, ops.screen.now)) view.note(line);
      } else if (status === 'awaiting_approval') view.note(`Run #${run.number} was decided on.`);
      status = update.state.status;
      queue.status = status;
    }
  } finally {
    queue.end();
  }
}

function apply(view: RunView, update: RunUpdate, ops: Ops<FollowCalls>): void {
  if (update.type === 'lines') view.lines(update.lines);
  else if (update.type === 'state') view.state(update.state);
  else if (update.isAway) view.note('The console cannot be reached; trying again. The run goes on.');
  else view.note(`Back at ${ops.settings.direct ? 'the database' : ops.settings.url}.`);
}

/** Tells once why nobody begins a queued run; without a web process to wait for, that ends the waiting in time. */
function watchQueue(
  ops: Ops<FollowCalls>,
  client: Client,
  run: RunDetail,
  view: RunView,
  stop: (reason: OpsFailure) => void,
): { status: RunStatus | null; end(): void } {
  const startedAt = performance.now();
  const state = { status: run.status as RunStatus | null, end: () => clearInterval(timer) };
  let isTold = false;
  const look = async (): Promise<void> => {
    if (state.status !== 'queued') return;
    const trouble = await workerTrouble(client).catch(() => null);
    if (trouble === null || state.status !== 'queued') return;
    if (!isTold) view.note(`${trouble} Run #${run.number} is queued and waits for one.`);
    isTold = true;
    if (!ops.settings.direct || performance.now() - startedAt < ops.settings.timeoutMs) return;
    stop(
      new OpsFailure(EXIT.unavailable, `${trouble} Run #${run.number} is queued and begins when one comes.`, {
        kind: 'no_worker',
        hint: `Start one: npm run start:worker. Follow it: ops runs tail ${run.number}. Take it back: ops runs cancel ${run.number} --reason <why>.`,
      }),
    );
  };
  const timer = setInterval(() => void look(), Math.min(QUEUE_CHECK_MS, ops.settings.timeoutMs));
  return state;
}

function viewFor(screen: Screen, run: RunDetail): RunView {
  if (screen.json || screen.quiet) return { ...SILENT_VIEW, note: (text) => screen.notice(text) };
  if (!screen.terminal.stdout.isTTY) return lineView(screen);
  return new LiveView(screen.terminal.stdout, run, screen.paint, () => screen.now);
}

/** The run as plain lines, for pipes and for those who want the log. */
export function lineView(screen: Screen, afterSeq = 0): RunView {
  return new LineView(
    {
      write: (line) => screen.lines([line]),
      note: (text) => screen.notice(text),
      paint: screen.paint,
      marks: screen.terminal.stdout.isTTY === true,
    },
    afterSeq,
  );
}

/** The run as newline-delimited JSON: what came, as it came. */
export function recordView(screen: Screen): RunView {
  return {
    lines: (lines: readonly RunLogLine[]) => {
      for (const line of lines) screen.record({ type: 'log', ...line });
    },
    state: (state) => screen.record({ type: 'run', ...state }),
    note: (text) => screen.notice(text),
    close: () => undefined,
  };
}

function stillGoing(run: RunDetail): OpsFailure {
  return interruption(
    `Stopped following. Run #${run.number} goes on; "ops runs tail ${run.number}" follows it again, and "ops runs cancel ${run.number} --reason <why>" stops it.`,
  );
}
