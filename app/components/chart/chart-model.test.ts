import { describe, expect, it } from 'vitest';
import {
  alertBands,
  type ChartMark,
  figuresOf,
  formatValue,
  labelledMarks,
  marksWithin,
  pathOf,
  scaleOf,
  tableRows,
  tickLabel,
  timeTicks,
} from '#app/components/chart/chart-model';

const NOON = Date.parse('2026-03-02T12:00:00Z');
const MINUTE = 60_000;
const time = { fromMs: NOON, toMs: NOON + 60 * MINUTE, stepMs: MINUTE };
const mark = (id: string, minute: number, more: Partial<ChartMark> = {}): ChartMark => ({
  id,
  kind: 'deploy',
  at: new Date(NOON + minute * MINUTE).toISOString(),
  until: null,
  label: id,
  ...more,
});

describe('the figures of a series', () => {
  it('leave gaps out, and say how old the last one is', () => {
    expect(figuresOf([null, 2, null, 4, 0, null, null])).toEqual({
      least: 0,
      average: 2,
      most: 4,
      last: 0,
      stepsAgo: 2,
    });
  });

  it('are none where nothing is known, which is not zero', () => {
    expect(figuresOf([null, null])).toBeNull();
    expect(figuresOf([])).toBeNull();
  });
});

describe('a value in words', () => {
  it.each([
    [0.4231, 'percent', '0.42 %'],
    [0, 'percent', '0 %'],
    [100, 'percent', '100 %'],
    [3.7, 'ms', '3.7 ms'],
    [84.4, 'ms', '84 ms'],
    [1_240, 'ms', '1.24 s'],
    [12_400, 'ms', '12 s'],
    [12.44, 'per_second', '12.4/s'],
    [12_345, 'count', '12,345'],
  ] as const)('%d %s is %s', (value, unit, words) => expect(formatValue(value, unit)).toBe(words));
});

describe('the scale', () => {
  const series = (...values: (number | null)[]) => [{ key: 'a', label: 'a', values }];
  const limit = { value: 5, label: 'critical', tone: 'critical' } as const;

  it('goes from zero to a round number above every value', () => {
    expect(scaleOf(series(1, 37, null), [])).toEqual({ top: 40, ticks: [0, 20, 40] });
    expect(scaleOf(series(0.031), []).top).toBeGreaterThan(0.031);
  });

  it('shows a limit that values come near, and not one that would flatten them', () => {
    expect(scaleOf(series(1.3), [limit]).top).toBeGreaterThan(5);
    expect(scaleOf(series(0.1), [limit]).top).toBeLessThan(1);
  });

  it('shows the lowest limit where every value is zero, and something where there is none', () => {
    expect(scaleOf(series(0, 0), [limit]).top).toBeGreaterThan(5);
    expect(scaleOf(series(0), []).top).toBeGreaterThan(0);
    expect(scaleOf(series(null), []).ticks[0]).toBe(0);
  });
});

describe('times on the axis', () => {
  it('are round in UTC, and no more than there is room for', () => {
    const ticks = timeTicks({ fromMs: NOON + 90_000, toMs: NOON + 61 * MINUTE }, 6);
    expect(ticks.map(tickLabel)).toEqual(['12:10', '12:20', '12:30', '12:40', '12:50', '13:00']);
  });

  it('of many weeks are Mondays, and still no more than there is room for', () => {
    const year = 53 * 7 * 24 * 60 * MINUTE;
    const ticks = timeTicks({ fromMs: NOON - year, toMs: NOON }, 8);
    expect(ticks.length).toBeLessThanOrEqual(8);
    expect(ticks.length).toBeGreaterThan(4);
    for (const tick of ticks) expect(new Date(tick).getUTCDay()).toBe(1);
  });

  it('name the day where one begins', () => {
    const ticks = timeTicks({ fromMs: NOON - 24 * 60 * MINUTE, toMs: NOON }, 5);
    expect(ticks.map(tickLabel)).toEqual(['12:00', '18:00', '2 Mar', '06:00', '12:00']);
  });
});

describe('the table beside a chart', () => {
  it('has the highest of each stretch, so that no peak is lost, and keeps gaps', () => {
    const values = [1, 9, 1, null, null, null, 2];
    const { rows, stepMs } = tableRows([{ key: 'a', label: 'a', values }], time, 3);
    expect(stepMs).toBe(3 * MINUTE);
    expect(rows.map((row) => row.values)).toEqual([[9], [null], [2]]);
    expect(rows[1]?.at).toBe(NOON + 3 * MINUTE);
  });
});

describe('the still curve', () => {
  it('does not join what a gap parts, and shows what stands alone', () => {
    const path = pathOf(
      [1, 2, null, 3, null, 4, 5],
      (step) => step * 10,
      (value) => value,
    );
    expect(path).toBe('M0.0 1.0L10.0 2.0M30.0 3.0h2M50.0 4.0L60.0 5.0');
  });
});

describe('marks', () => {
  it('count while they reach into the time shown: an open alert, and one that ended inside', () => {
    const all = [
      mark('before', -5),
      mark('inside', 5),
      mark('ended', -20, { kind: 'alert', until: new Date(NOON + MINUTE).toISOString() }),
      mark('over', -20, { kind: 'alert', until: new Date(NOON - MINUTE).toISOString() }),
      mark('open', -20, { kind: 'alert' }),
    ];
    expect(marksWithin(all, time).map(({ id }) => id)).toEqual(['inside', 'ended', 'open']);
  });

  it('of alerts that overlap are one band, which ends with the time shown while one is open', () => {
    const until = (minute: number) => new Date(NOON + minute * MINUTE).toISOString();
    const all = [
      mark('a', -5, { kind: 'alert', until: until(10) }),
      mark('b', 5, { kind: 'alert', until: until(12) }),
      mark('c', 30, { kind: 'alert' }),
      mark('deploy', 20),
    ];
    expect(alertBands(all, time)).toEqual([
      { fromMs: NOON, toMs: NOON + 12 * MINUTE },
      { fromMs: NOON + 30 * MINUTE, toMs: time.toMs },
    ]);
  });

  it('have words where there is room beside the one before', () => {
    const all = [mark('a', 1), mark('b', 3), mark('c', 20), mark('alert', 40, { kind: 'alert' })];
    expect([...labelledMarks(all, 6, time)]).toEqual(['a', 'c']);
  });
});
