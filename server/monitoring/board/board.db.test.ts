import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { BoardChartKey, BoardMark, TileSet } from '#server/monitoring/board/contract';
import { readBoard, readTiles } from '#server/monitoring/board/queries';
import { settleRules } from '#server/monitoring/rules/settle';
import type { Ctx } from '#server/platform/context';
import { createTestApp, type TestApp } from '#server/testing/context';
import { METRICS_CONFIG, putSamples, type SeriesSamples } from '#server/testing/metrics';

const PLACE = { service: 'shop', environment: 'production' };
const SECOND = 1_000;
const MINUTE = 60 * SECOND;

let app: TestApp;
let viewer: Ctx;

beforeAll(async () => {
  app = await createTestApp({ config: METRICS_CONFIG });
  viewer = await app.asRole('viewer');
  await settleRules(app.system);
});
afterAll(() => app.close());

async function readPlace(): Promise<TileSet> {
  const [tiles] = await readTiles(viewer, {});
  return tiles as TileSet;
}

const figureOf = (tiles: TileSet, key: BoardChartKey) => tiles.figures.find((each) => each.key === key);

/** Counters of the last 90 s, one sample each 5 s: of ten requests a second three fail, half are slow; nobody pays. */
function visits(nowMs: number): SeriesSamples[] {
  const times = Array.from({ length: 19 }, (_, n) => nowMs - (18 - n) * 5 * SECOND);
  const counter = (name: string, labels: Record<string, string>, each: number): SeriesSamples => ({
    name,
    kind: name.endsWith('_bucket') ? 'histogram' : 'counter',
    labels,
    samples: times.map((at, n) => [at, n * 5 * each]),
  });
  return [
    counter('http_requests_total', { status: '2xx' }, 7),
    counter('http_requests_total', { status: '5xx' }, 3),
    counter('http_request_duration_seconds_bucket', { le: '0.1' }, 5),
    counter('http_request_duration_seconds_bucket', { le: '0.2' }, 10),
    counter('http_request_duration_seconds_bucket', { le: '+Inf' }, 10),
    counter('shop_payment_attempts_total', {}, 0),
    counter('shop_payment_failures_total', { reason: 'none' }, 0),
  ];
}

describe('how an environment is', () => {
  it('is unknown where nothing was ever measured, with the limits that rules set', async () => {
    const tiles = await readPlace();
    expect(tiles).toMatchObject({ ...PLACE, heardAt: null, alerts: { firing: 0, critical: 0 } });
    expect(tiles.figures.map(({ value, reason }) => [value, reason])).toEqual(
      Array.from({ length: 4 }, () => [null, 'no_data']),
    );
    expect(figureOf(tiles, 'errors')?.limits.map(({ value, severity }) => [value, severity])).toEqual([
      [2, 'warning'],
      [5, 'critical'],
    ]);
    const board = await readBoard(viewer, PLACE);
    expect(board.heardAt).toBeNull();
    expect(board.charts.flatMap(({ series }) => series.flatMap(({ values }) => values))).toEqual(
      expect.not.arrayContaining([expect.any(Number)]),
    );
  });

  it('says the last minute, and tells no payments from no data', async () => {
    await putSamples(app.system, visits(Date.now() - SECOND));
    // What was read a moment ago is shared.
    await delay(3_100);
    const tiles = await readPlace();
    expect(figureOf(tiles, 'errors')?.value).toBeCloseTo(30, 5);
    expect(figureOf(tiles, 'requests')?.value).toBeCloseTo(10, 5);
    expect(figureOf(tiles, 'latency')?.value).toBeCloseTo(190, 5);
    expect(figureOf(tiles, 'payments')).toMatchObject({ value: null, reason: 'no_traffic' });
    expect(Date.now() - Date.parse(tiles.heardAt ?? '')).toBeLessThan(10 * SECOND);
  });

  it('counts open alerts by gravity, and shows them in the charts while they reach into the window', async () => {
    const now = Date.now();
    const open = async (title: string, state: string, minutesAgo: number, resolvedMinutesAgo?: number) => {
      await app.system.db.$executeRaw`
        INSERT INTO alert (id, dedup_key, rule_id, rule_key, service, environment, title, cause, state, severity,
          channel, rule, explanation, breach_since, opened_at, acknowledged_at, acknowledged_until,
          acknowledged_by_name, resolved_at,
          resolved_by_name, resolve_reason, notice)
        SELECT gen_random_uuid(), ${title}, id, key, 'shop', 'production', ${title}, 'breach', ${state}, 'critical',
          'CRITICAL', '{}', 'x', ${new Date(now - minutesAgo * MINUTE)}, ${new Date(now - minutesAgo * MINUTE)},
          ${state === 'acknowledged' ? new Date(now) : null}, ${state === 'acknowledged' ? new Date(now + MINUTE) : null},
          ${state === 'acknowledged' ? 'Ada' : null}, ${resolvedMinutesAgo === undefined ? null : new Date(now - resolvedMinutesAgo * MINUTE)},
          ${state === 'resolved' ? 'Ada' : null}, ${state === 'resolved' ? 'It is over' : null}, 'none'
        FROM alert_rule LIMIT 1`;
    };
    await open('Open for long', 'firing', 600);
    await open('In hand', 'acknowledged', 10);
    await open('Over', 'resolved', 50, 40);
    await open('Long over', 'resolved', 300, 200);
    const tiles = await readPlace();
    expect(tiles.alerts).toEqual({ firing: 1, critical: 1, acknowledged: 1 });
    const titles = (marks: BoardMark[]) => marks.map(({ label }) => label);
    const board = await readBoard(viewer, PLACE);
    expect(titles(board.marks)).toEqual(['Open for long', 'Over', 'In hand']);
    expect(board.marks[0]?.until).toBeNull();
    const day = await readBoard(viewer, { ...PLACE, window: '24h' });
    expect(titles(day.marks)).toContain('Long over');
  });

  it('has one value a step, the newest last, in every window', async () => {
    for (const [window, step] of [
      ['1h', 60],
      ['6h', 120],
      ['24h', 600],
      ['7d', 3_600],
    ] as const) {
      const board = await readBoard(viewer, { ...PLACE, window });
      const errors = board.charts[0]?.series[0]?.values ?? [];
      expect(board.stepSeconds).toBe(step);
      expect(Date.parse(board.startsAt) + errors.length * step * SECOND).toBeGreaterThanOrEqual(
        Date.parse(board.endsAt),
      );
      expect(errors.findLast((value) => value !== null)).toBeCloseTo(30, 5);
      expect(errors.slice(0, -3)).toEqual(errors.slice(0, -3).map(() => null));
    }
  });

  it('is refused for what is not configured, and for a window that there is not', async () => {
    await expect(readBoard(viewer, { ...PLACE, environment: 'nowhere' })).rejects.toMatchObject({
      kind: 'not_found',
    });
    await expect(readBoard(viewer, { ...PLACE, window: '2h' })).rejects.toMatchObject({
      kind: 'invalid_input',
    });
  });
});
