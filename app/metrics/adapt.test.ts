import { describe, expect, it } from 'vitest';
import { judge, linesOf } from '#app/metrics/adapt';
import type { BoardLimit, TileFigure } from '#server/monitoring/board/contract';

const limit = (value: number, severity: BoardLimit['severity']): BoardLimit => ({
  value,
  comparison: '>',
  severity,
  ruleKey: 'rule',
});
const LIMITS = [limit(2, 'warning'), limit(5, 'critical')];
const HEARD = '2026-03-02T09:05:07.000Z';
const figure = (value: number | null, more: Partial<TileFigure> = {}): TileFigure => ({
  key: 'errors',
  value,
  reason: value === null ? 'no_data' : null,
  limits: LIMITS,
  ...more,
});

describe('a figure against the limits of rules', () => {
  it('says which limit it is within, and past which', () => {
    expect(judge(figure(0.5), HEARD)).toEqual({ tone: 'ok', value: '0.5 %', words: 'within 2 %' });
    expect(judge(figure(2), HEARD).tone).toBe('ok');
    expect(judge(figure(3), HEARD)).toMatchObject({ tone: 'warning', words: 'past the limit of 2 %' });
    expect(judge(figure(9), HEARD)).toMatchObject({ tone: 'critical', words: 'past the limit of 5 %' });
    expect(judge(figure(9, { limits: [] }), HEARD).tone).toBe('ok');
  });

  it('tells nothing known from nothing happened, and neither is well', () => {
    expect(judge(figure(null), HEARD)).toEqual({
      tone: 'unknown',
      value: '–',
      words: 'no data since 2026-03-02 09:05:07 UTC',
    });
    expect(judge(figure(null), null).words).toBe('never measured');
    expect(judge(figure(null, { key: 'payments', reason: 'no_traffic' }), HEARD)).toMatchObject({
      tone: 'unknown',
      words: 'no payments in the last minute',
    });
  });
});

it('draws rules of the same limit as one line', () => {
  expect(linesOf([...LIMITS, limit(5, 'critical')])).toEqual([
    { value: 2, tone: 'warning', label: 'warning' },
    { value: 5, tone: 'critical', label: 'critical' },
  ]);
});
