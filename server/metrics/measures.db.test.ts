import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ChartView, Measure, MeasureRequest, MeasureResult } from '#server/metrics/contract';
import { readChart } from '#server/metrics/queries/charts';
import { measureMany } from '#server/metrics/queries/measure-many';
import { rollUp } from '#server/metrics/rollups';
import { createTestApp, type TestApp } from '#server/testing/context';
import { METRICS_CONFIG, putSamples, type SeriesSamples } from '#server/testing/metrics';

const PLACE = { service: 'shop', environment: 'production' };
const SECOND = 1_000;
const HOUR = 3_600_000;
/** A whole hour, three hours ago: the fault begins 70 s after it and lasts until 120 s after it. */
const T0 = Math.floor((Date.now() - 3 * HOUR) / HOUR) * HOUR;
const FAULT_FROM = 70;
const END = T0 + 120 * SECOND;

const ERRORS: Measure = {
  kind: 'ratio',
  numerator: { metric: 'http_requests_total', labels: { status: '5xx' } },
  denominator: { metric: 'http_requests_total' },
};

let app: TestApp;

/** Ten requests a second on two routes; from the fault on three of ten fail. The process restarts after 40 s. */
function requests(): SeriesSamples[] {
  const seconds = Array.from({ length: 121 }, (_, n) => n);
  const sinceRestart = (n: number) => (n < 40 ? n : n - 40);
  const at = (n: number) => T0 + n * SECOND;
  const bad = (n: number) => 3 * Math.max(0, n - FAULT_FROM);
  const slow = (n: number) => 10 * Math.max(0, n - FAULT_FROM);
  const bucket = (le: string, counts: (n: number) => number): SeriesSamples => ({
    name: 'wait_seconds_bucket',
    kind: 'histogram',
    labels: { le },
    samples: seconds.map((n) => [at(n), counts(n)]),
  });
  return [
    {
      name: 'http_requests_total',
      kind: 'counter',
      labels: { route: '/a', status: '2xx' },
      samples: seconds.map((n) => [at(n), 5 * sinceRestart(n)]),
    },
    {
      name: 'http_requests_total',
      kind: 'counter',
      labels: { route: '/b', status: '2xx' },
      samples: seconds.map((n) => [at(n), 5 * n - bad(n)]),
    },
    {
      name: 'http_requests_total',
      kind: 'counter',
      labels: { route: '/b', status: '5xx' },
      samples: seconds.map((n) => [at(n), bad(n)]),
    },
    bucket('1', (n) => 10 * n - slow(n)),
    bucket('5', (n) => 10 * n),
    bucket('+Inf', (n) => 10 * n),
    { name: 'queue', kind: 'gauge', labels: { name: 'x' }, samples: seconds.map((n) => [at(n), n % 10]) },
    { name: 'queue', kind: 'gauge', labels: { name: 'y' }, samples: [[at(100), 7]] },
    { name: 'idle_total', kind: 'counter', samples: seconds.map((n) => [at(n), 4]) },
    { name: 'orders_total', kind: 'counter', samples: seconds.map((n) => [at(n), 3 * n]) },
    {
      name: 'failures_total',
      kind: 'counter',
      labels: { reason: 'card' },
      samples: seconds.map((n) => [at(n), n]),
    },
  ];
}

beforeAll(async () => {
  app = await createTestApp({ config: METRICS_CONFIG });
  await putSamples(app.system, requests());
});
afterAll(() => app.close());

async function ask(measure: Measure, change: Partial<MeasureRequest> = {}): Promise<MeasureResult> {
  const [result] = await measureMany(app.system, [
    { ...PLACE, measure, windowSeconds: 30, endsAt: new Date(END), ...change },
  ]);
  return result as MeasureResult;
}

describe('measures over a window', () => {
  it.each<[string, Measure, number, number | null]>([
    ['a ratio', ERRORS, 30, 300],
    [
      'a ratio of a list',
      {
        kind: 'ratio',
        numerator: { metric: 'failures_total' },
        denominator: [{ metric: 'orders_total' }, { metric: 'failures_total' }],
      },
      25,
      120,
    ],
    ['a rate', { kind: 'rate', metric: 'http_requests_total', labels: { route: '/a' } }, 5, 150],
    [
      'an increase of what matches a pattern',
      { kind: 'increase', metric: 'http_requests_total', labels: { status: '~4xx|5xx' } },
      90,
      90,
    ],
    ['a quantile', { kind: 'quantile', metric: 'wait_seconds', q: 0.5, scale: 1_000 }, 3_000, 300],
    ['an average', { kind: 'gauge', metric: 'queue', labels: { name: 'x' }, aggregate: 'avg' }, 4.5, null],
    ['a maximum', { kind: 'gauge', metric: 'queue', aggregate: 'max' }, 9, null],
    ['a minimum', { kind: 'gauge', metric: 'queue', aggregate: 'min' }, 0, null],
    [
      'the newest of several series, added up',
      { kind: 'gauge', metric: 'queue', aggregate: 'last' },
      7,
      null,
    ],
  ])('%s', async (_name, measure, value, traffic) => {
    const result = await ask(measure);
    expect(result).toEqual({
      value: expect.closeTo(value, 9),
      traffic,
      reason: null,
      newestAt: new Date(END),
    });
  });

  it('loses nothing of a counter that begins again', async () => {
    const whole = await ask(
      { kind: 'increase', metric: 'http_requests_total', labels: { route: '/a' } },
      { windowSeconds: 120 },
    );
    // 39 steps of 5, then the restart at 0, then 80 steps of 5.
    expect(whole.value).toBe(39 * 5 + 80 * 5);
  });

  it('tells what is not known from what did not happen', async () => {
    expect(await ask({ kind: 'rate', metric: 'nothing' })).toEqual({
      value: null,
      traffic: null,
      reason: 'no_data',
      newestAt: null,
    });
    expect(await ask(ERRORS, { endsAt: new Date(T0 - HOUR) })).toMatchObject({ reason: 'no_data' });
    const idle = { metric: 'idle_total' };
    expect(await ask({ kind: 'ratio', numerator: idle, denominator: idle })).toMatchObject({
      value: null,
      traffic: 0,
      reason: 'no_traffic',
    });
  });

  it('answers in the order of the questions, each for its own window', async () => {
    const ends = [60, 90, 120].map((n) => new Date(T0 + n * SECOND));
    const results = await measureMany(
      app.system,
      ends.map((endsAt) => ({ ...PLACE, measure: ERRORS, windowSeconds: 10, endsAt })),
    );
    expect(results.map((each) => each.value)).toEqual([0, 30, 30]);
  });
});

describe('the beginning of a breach', () => {
  const since = new Date(T0 + FAULT_FROM * SECOND);
  it.each<[string, Measure, number]>([
    ['ratio', ERRORS, 5],
    ['increase', { kind: 'increase', metric: 'http_requests_total', labels: { status: '5xx' } }, 12],
    ['rate', { kind: 'rate', metric: 'http_requests_total', labels: { status: '5xx' } }, 1],
    ['quantile', { kind: 'quantile', metric: 'wait_seconds', q: 0.95, scale: 1_000 }, 3_000],
  ])('of a %s is found to the sample', async (_name, measure, threshold) => {
    const result = await ask(measure, {
      windowSeconds: 12,
      breach: { comparison: '>', threshold, lookbackSeconds: 90 },
    });
    expect(result.breachedSince).toEqual(since);
    expect(result.windows).toHaveLength(8);
  });

  it('gives the windows of the lookback, newest first', async () => {
    const result = await ask(ERRORS, {
      windowSeconds: 10,
      breach: { comparison: '>', threshold: 5, lookbackSeconds: 70 },
    });
    expect(result.windows?.map((each) => each.value)).toEqual([30, 30, 30, 30, 30, 0, 0]);
    expect(result.windows?.[0]).toEqual({ endsAt: new Date(END), value: 30, traffic: 100 });
  });

  it('is null while the value does not breach', async () => {
    const result = await ask(ERRORS, { breach: { comparison: '>', threshold: 50, lookbackSeconds: 90 } });
    expect(result).toMatchObject({ value: 30, breachedSince: null, windows: [] });
  });
});

describe('charts', () => {
  const span = (from: number, to: number) => ({
    from: new Date(from).toISOString(),
    to: new Date(to).toISOString(),
  });
  const chart = (measure: Measure | string, from: number, to: number, points?: number): Promise<ChartView> =>
    readChart(app.system, { ...PLACE, measure, ...span(from, to), ...(points ? { points } : {}) });

  it('read samples over a short span', async () => {
    const read = await chart(ERRORS, T0, END, 12);
    expect(read).toMatchObject({ resolution: 'raw', stepSeconds: 10 });
    expect(read.points).toHaveLength(12);
    expect(read.points.map((each) => each.value)).toEqual([0, 0, 0, 0, 0, 0, 0, 27, 30, 30, 30, 30]);
  });

  it('show the same from rollups, before and after these are up to date', async () => {
    const hours: Measure = { kind: 'increase', metric: 'http_requests_total' };
    const before = await chart(hours, T0 - 4 * 24 * HOUR, Date.now());
    const minutesBefore = await chart(JSON.stringify(ERRORS), T0 - 5 * HOUR, Date.now());
    while ((await rollUp(app.system)) > 0);
    const after = await chart(hours, T0 - 4 * 24 * HOUR, Date.now());
    const minutes = await chart(ERRORS, T0 - 5 * HOUR, Date.now());
    expect([after.resolution, minutes.resolution]).toEqual(['1h', '1m']);
    const told = (view: ChartView) => view.points.filter((each) => each.value !== null);
    expect(told(after)).toEqual([{ at: new Date(T0).toISOString(), value: 39 * 5 + 80 * 5 + 5 * 120 }]);
    expect(told(minutes)).toEqual([
      { at: new Date(T0).toISOString(), value: 0 },
      { at: new Date(T0 + 60_000).toISOString(), value: 24.5 },
      { at: new Date(T0 + 120_000).toISOString(), value: expect.closeTo(30, 9) },
    ]);
    expect(after.points.length).toBeLessThanOrEqual(700);
    // What is marked longer than rollups may be late is not read from samples: nothing was shown, not something wrong.
    expect(told(before)).toEqual([]);
    expect(told(minutesBefore)).toEqual([]);
  });

  it('go on from the rollups with the newest samples', async () => {
    const now = Date.now();
    const samples = Array.from({ length: 30 }, (_, n) => [now - (30 - n) * SECOND, 2 * n] as const);
    await putSamples(app.system, [{ name: 'fresh_total', kind: 'counter', samples }]);
    const read = await chart({ kind: 'increase', metric: 'fresh_total' }, now - 5 * HOUR, now);
    expect(read.resolution).toBe('1m');
    expect(read.points.reduce((sum, each) => sum + (each.value ?? 0), 0)).toBe(58);
  });

  it('refuse what is no span and no measure', async () => {
    await expect(chart(ERRORS, END, T0)).rejects.toMatchObject({ kind: 'invalid_input' });
    await expect(chart('{', T0, END)).rejects.toMatchObject({ kind: 'invalid_input' });
  });
});
