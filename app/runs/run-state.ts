import type { RunDetail, RunSnapshot, RunStepView, RunSummary } from '#server/runs/contract';

/** A run's one-line account with what the event stream has said since. */
export function summaryWithSnapshot(run: RunSummary, snapshot: RunSnapshot | null): RunSummary {
  if (snapshot?.id !== run.id) return run;
  const { status, startedAt, endedAt, deadlineAt, steps } = snapshot;
  return {
    ...run,
    status,
    startedAt,
    endedAt,
    deadlineAt,
    currentStep: steps.find((step) => step.status === 'running')?.title ?? null,
    stepsDone: steps.filter((step) => ['succeeded', 'warning', 'skipped'].includes(step.status)).length,
    stepsTotal: steps.length,
  };
}

/** A loaded run with what the event stream has said since; the one that was read later wins. */
export function withSnapshot(run: RunDetail, snapshot: RunSnapshot | null): RunDetail {
  if (!snapshot || snapshot.id !== run.id || snapshot.readAt <= run.readAt) return run;
  const { error, cancelReason, steps, lastLogSeq, readAt } = snapshot;
  return { ...run, ...summaryWithSnapshot(run, snapshot), error, cancelReason, steps, lastLogSeq, readAt };
}

export interface TimeShare {
  step: RunStepView;
  /** Both relative to the run's start, ms. */
  fromMs: number;
  toMs: number;
}

/** Where a run's time went, step by step, seen at `now` (ms since the epoch). Steps that never began are left out. */
export function timeShares(run: RunDetail, now: number): TimeShare[] {
  if (!run.startedAt) return [];
  const start = Date.parse(run.startedAt);
  const end = run.endedAt ? Date.parse(run.endedAt) : now;
  return run.steps.flatMap((step) => {
    if (!step.startedAt) return [];
    const fromMs = Math.max(0, Date.parse(step.startedAt) - start);
    const toMs = (step.endedAt ? Date.parse(step.endedAt) : end) - start;
    return [{ step, fromMs, toMs: Math.max(fromMs, toMs) }];
  });
}

/** The least that shows, percent of the bar. */
const THINNEST = 0.5;

/**
 * Places shares on a bar that spans `elapsedMs`, in percent. The clock here may be behind the one that the steps were
 * timed by: nothing leaves the bar.
 */
export function shareBars(
  shares: TimeShare[],
  elapsedMs: number,
): { step: RunStepView; x: number; width: number }[] {
  const span = Math.max(1, elapsedMs, ...shares.map(({ toMs }) => toMs));
  return shares.map(({ step, fromMs, toMs }) => {
    const x = Math.min((fromMs / span) * 100, 100 - THINNEST);
    return { step, x, width: Math.min(Math.max(THINNEST, ((toMs - fromMs) / span) * 100), 100 - x) };
  });
}

export type BudgetedRun = Pick<RunSummary, 'startedAt' | 'endedAt' | 'deadlineAt' | 'budgetMs'>;

/**
 * How much of its budget a run has used at `now` (ms since the epoch), or had at its end, ms; a resumed one has a new
 * budget from its new beginning. Null while no worker has begun.
 */
export function budgetSpentMs(run: BudgetedRun, now: number): number | null {
  if (!run.startedAt || !run.deadlineAt) return null;
  const end = run.endedAt ? Date.parse(run.endedAt) : now;
  return Math.max(0, run.budgetMs - (Date.parse(run.deadlineAt) - end));
}
