import type { RunDetail, RunSnapshot, RunStepView, RunSummary } from '#server/runs/contract';

/** A run's one-line account with what the event stream has said since. */
export function summaryWithSnapshot(run: RunSummary, snapshot: RunSnapshot | null): RunSummary {
  if (snapshot?.id !== run.id) return run;
  const { status, startedAt, endedAt, steps } = snapshot;
  return {
    ...run,
    status,
    startedAt,
    endedAt,
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
