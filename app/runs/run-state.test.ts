import { describe, expect, it } from 'vitest';
import { budgetSpentMs, shareBars, summaryWithSnapshot, timeShares, withSnapshot } from '#app/runs/run-state';
import type { RunDetail, RunSnapshot, RunStepView } from '#server/runs/contract';

const step = (index: number, change: Partial<RunStepView> = {}): RunStepView => ({
  index,
  key: `s${index}`,
  title: `Step ${index}`,
  detail: '',
  status: 'pending',
  attempt: 1,
  startedAt: null,
  endedAt: null,
  durationMs: null,
  exitCode: null,
  error: null,
  facts: {},
  ...change,
});

const run = {
  id: 'r1',
  number: 7,
  status: 'running',
  startedAt: '2026-03-01T09:00:00.000Z',
  endedAt: null,
  deadlineAt: '2026-03-01T09:01:30.000Z',
  budgetMs: 90_000,
  steps: [step(0), step(1)],
  stepsDone: 0,
  stepsTotal: 2,
  lastLogSeq: 3,
  readAt: '2026-03-01T09:00:01.000Z',
} as RunDetail;

const snapshot = (change: Partial<RunSnapshot>): RunSnapshot => ({
  id: 'r1',
  status: 'running',
  startedAt: run.startedAt,
  endedAt: null,
  deadlineAt: '2026-03-01T09:01:30.000Z',
  error: null,
  supersededByRunId: null,
  cancelReason: null,
  steps: [step(0, { status: 'warning' }), step(1, { status: 'running' })],
  lastLogSeq: 9,
  readAt: '2026-03-01T09:00:02.000Z',
  ...change,
});

describe('withSnapshot', () => {
  it('takes what was read later and counts its steps', () => {
    const merged = withSnapshot(run, snapshot({}));
    expect(merged).toMatchObject({ number: 7, lastLogSeq: 9, stepsDone: 1, currentStep: 'Step 1' });
  });

  it('keeps the page as it was loaded when the snapshot is older or of another run', () => {
    expect(withSnapshot(run, snapshot({ readAt: '2026-03-01T09:00:00.500Z' }))).toBe(run);
    expect(withSnapshot(run, snapshot({ id: 'r2' }))).toBe(run);
    expect(withSnapshot(run, null)).toBe(run);
  });
});

describe('timeShares', () => {
  it('lets the step that goes on grow until now and leaves out what has not begun', () => {
    const steps = [
      step(0, { startedAt: '2026-03-01T09:00:01.000Z', endedAt: '2026-03-01T09:00:04.000Z' }),
      step(1, { startedAt: '2026-03-01T09:00:04.000Z' }),
      step(2),
    ];
    const shares = timeShares({ ...run, steps }, Date.parse('2026-03-01T09:00:10.000Z'));
    expect(shares.map(({ fromMs, toMs }) => [fromMs, toMs])).toEqual([
      [1_000, 4_000],
      [4_000, 10_000],
    ]);
  });
});

describe('shareBars', () => {
  const shares = (fromMs: number, toMs: number) => [{ step: step(0), fromMs, toMs }];

  it('spans the run’s time', () => {
    expect(shareBars(shares(1_000, 3_000), 4_000)).toEqual([{ step: step(0), x: 25, width: 50 }]);
  });

  it.each([-5_000, 0, 100])('stays within the bar when the clock here is behind: %i ms', (elapsedMs) => {
    for (const { x, width } of shareBars(shares(2_000, 2_000), elapsedMs)) {
      expect(x).toBeGreaterThanOrEqual(0);
      expect(width).toBeGreaterThan(0);
      expect(x + width).toBeLessThanOrEqual(100);
    }
  });
});

describe('budgetSpentMs', () => {
  const now = Date.parse('2026-03-01T12:00:20.000Z');
  const resumed = { ...run, deadlineAt: '2026-03-01T12:01:30.000Z' };

  it('counts a resumed run from its new beginning, while it goes on and after its end', () => {
    expect(budgetSpentMs(resumed, now)).toBe(20_000);
    expect(budgetSpentMs({ ...resumed, endedAt: '2026-03-01T12:01:40.000Z' }, now)).toBe(100_000);
  });

  it('is nothing while the run waits for a worker, and never below 0', () => {
    expect(budgetSpentMs({ ...run, deadlineAt: null }, now)).toBeNull();
    expect(budgetSpentMs({ ...resumed, budgetMs: 1_000 }, now)).toBe(0);
  });

  it('follows the event stream', () => {
    const deadlineAt = '2026-03-01T12:01:30.000Z';
    expect(summaryWithSnapshot(run, snapshot({ deadlineAt })).deadlineAt).toBe(deadlineAt);
    expect(withSnapshot(run, snapshot({ deadlineAt })).deadlineAt).toBe(deadlineAt);
  });
});
