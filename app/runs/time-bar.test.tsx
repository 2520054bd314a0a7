import { renderToStaticMarkup } from 'react-dom/server';
import { describe, expect, it } from 'vitest';
import { ClockProvider } from '#app/lib/clock';
import { BudgetClock } from '#app/runs/budget-clock';
import { TimeBar } from '#app/runs/time-bar';
import type { RunDetail, RunStepView } from '#server/runs/contract';

const step = (index: number, startedAt: string, endedAt: string | null) =>
  ({
    index,
    title: `Step ${index}`,
    status: endedAt ? 'succeeded' : 'running',
    startedAt,
    endedAt,
  }) as RunStepView;

/** Begun at 09:00 and failed; resumed at 12:00. */
const resumed = {
  createdAt: '2026-03-01T08:59:59.000Z',
  startedAt: '2026-03-01T09:00:00.000Z',
  endedAt: null,
  deadlineAt: '2026-03-01T12:01:30.000Z',
  budgetMs: 90_000,
  steps: [
    step(0, '2026-03-01T09:00:00.000Z', '2026-03-01T09:00:10.000Z'),
    step(1, '2026-03-01T12:00:01.000Z', null),
  ],
} as RunDetail;

function textAt(now: string, page: React.ReactNode): string {
  return renderToStaticMarkup(<ClockProvider serverNow={now}>{page}</ClockProvider>);
}

describe('the clock and the bar of a run', () => {
  it('count a resumed run from its new beginning', () => {
    expect(textAt('2026-03-01T12:00:20.000Z', <BudgetClock run={resumed} />)).toContain('1:10 left of 1:30');
    expect(textAt('2026-03-01T12:00:20.000Z', <TimeBar run={resumed} />)).toContain('22 % of the budget');
  });

  it('draw nothing of a negative width when the clock here is behind', () => {
    const html = textAt('2026-03-01T08:00:00.000Z', <TimeBar run={resumed} />);
    const numbers = [...html.matchAll(/(?:width|x)="(-?[\d.e+-]+)%"/g)].map(([, value]) => Number(value));
    expect(numbers.length).toBeGreaterThan(3);
    expect(numbers.every((value) => value >= 0 && value <= 100)).toBe(true);
  });

  it('say the budget in words after the end', () => {
    const ended = { ...resumed, endedAt: '2026-03-01T12:00:45.000Z' };
    expect(textAt(ended.endedAt, <TimeBar run={ended} />)).toContain(
      'It took 45 s of its budget of 1 min 30 s.',
    );
    const late = { ...resumed, endedAt: '2026-03-01T12:01:50.000Z' };
    expect(textAt(late.endedAt, <TimeBar run={late} />)).toContain(
      'It went over its budget of 1 min 30 s by 20 s.',
    );
  });
});
