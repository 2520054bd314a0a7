import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { rollUp } from '#server/metrics/rollups';
import { COUNTER_GAP_SECONDS } from '#server/metrics/windows';
import { createTestApp, type TestApp } from '#server/testing/context';
import { METRICS_CONFIG, putSamples } from '#server/testing/metrics';

let app: TestApp;

beforeAll(async () => {
  app = await createTestApp({ config: METRICS_CONFIG });
});
afterAll(() => app.close());

const HOUR_MS = 3_600_000;
/** A full hour that is long over, with an hour on either side. */
const START = Math.floor((Date.now() - 48 * HOUR_MS) / HOUR_MS) * HOUR_MS;

async function rollEverything(): Promise<void> {
  while ((await rollUp(app.system)) > 0);
}

interface Rollup {
  at: number;
  count: number;
  sum: number;
  min: number;
  max: number;
  last: number;
  increase: number;
}

/** What a rollup must say, reckoned from all samples in order of time, and from nothing else. */
function expected(
  samples: readonly (readonly [number, number])[],
  isCounter: boolean,
  bucketMs: number,
): Rollup[] {
  const sorted = [...samples].sort(([a], [b]) => a - b);
  const rollups = new Map<number, Rollup>();
  for (const [index, [at, value]] of sorted.entries()) {
    const bucket = Math.floor(at / bucketMs) * bucketMs;
    const its = rollups.get(bucket) ?? {
      at: bucket,
      count: 0,
      sum: 0,
      min: value,
      max: value,
      last: value,
      increase: 0,
    };
    const before = sorted[index - 1];
    const grown =
      before && at - before[0] <= COUNTER_GAP_SECONDS * 1_000
        ? value < before[1]
          ? value
          : value - before[1]
        : 0;
    rollups.set(bucket, {
      at: bucket,
      count: its.count + 1,
      sum: its.sum + value,
      min: Math.min(its.min, value),
      max: Math.max(its.max, value),
      last: value,
      increase: its.increase + (isCounter ? grown : 0),
    });
  }
  return [...rollups.values()];
}

async function actual(table: 'metric_rollup_1m' | 'metric_rollup_1h', seriesId: number): Promise<Rollup[]> {
  const rows = await app.system.db.$queryRawUnsafe<(Omit<Rollup, 'at'> & { at: Date })[]>(
    `SELECT at, count, sum, min, max, last, increase FROM ${table} WHERE series_id = $1 ORDER BY at`,
    seriesId,
  );
  return rows.map((row) => ({ ...row, at: row.at.getTime() }));
}

describe('rollups', () => {
  it('say what the samples say, in whatever order these come, late, twice, and with restarts of counters', async () => {
    // Seconds of two hours, values small and whole so that sums are exact.
    const sample = fc.tuple(fc.integer({ min: 0, max: 7_199 }), fc.integer({ min: 0, max: 50 }));
    const batches = fc.array(fc.array(sample, { minLength: 1, maxLength: 12 }), {
      minLength: 1,
      maxLength: 6,
    });
    let run = 0;
    await fc.assert(
      fc.asyncProperty(
        batches,
        fc.boolean(),
        fc.array(fc.boolean(), { minLength: 6, maxLength: 6 }),
        async (list, isCounter, rollsBetween) => {
          run += 1;
          const name = `run_${run}`;
          const kept = new Map<number, number>();
          let id = 0;
          for (const [index, batch] of list.entries()) {
            const samples = batch.map(([second, value]) => [START + second * 1_000, value] as const);
            for (const [at, value] of samples) if (!kept.has(at)) kept.set(at, value);
            [id = 0] = await putSamples(app.system, [
              { name, kind: isCounter ? 'counter' : 'gauge', samples },
            ]);
            if (rollsBetween[index]) await rollEverything();
          }
          await rollEverything();
          expect(await actual('metric_rollup_1m', id)).toEqual(expected([...kept], isCounter, 60_000));
          expect(await actual('metric_rollup_1h', id)).toEqual(expected([...kept], isCounter, HOUR_MS));
        },
      ),
      { numRuns: 40 },
    );
    expect(await app.system.db.metricDirty.count()).toBe(0);
  }, 60_000);

  it('are right when samples come while they are reckoned, by several workers', async () => {
    const kept: [number, number][] = Array.from({ length: 600 }, (_, n) => [START + n * 1_000, n % 97]);
    const parts = Array.from({ length: 30 }, (_, part) => kept.filter((_each, n) => n % 30 === part));
    await putSamples(app.system, [{ name: 'busy', kind: 'counter', samples: kept.slice(0, 1) }]);
    let isOpen = true;
    const workers = [0, 1].map(async () => {
      while (isOpen) await rollUp(app.system);
    });
    await Promise.all(
      parts.map((samples) => putSamples(app.system, [{ name: 'busy', kind: 'counter', samples }])),
    );
    isOpen = false;
    await Promise.all(workers);
    await rollEverything();
    const [id = 0] = await putSamples(app.system, [{ name: 'busy', kind: 'counter', samples: [] }]);
    expect(await actual('metric_rollup_1m', id)).toEqual(expected(kept, true, 60_000));
    expect(await actual('metric_rollup_1h', id)).toEqual(expected(kept, true, HOUR_MS));
  });

  it('wait for a minute to be over', async () => {
    const [id = 0] = await putSamples(app.system, [
      { name: 'now', kind: 'gauge', samples: [[Date.now(), 1]] },
    ]);
    await rollEverything();
    expect(await actual('metric_rollup_1m', id)).toEqual([]);
    expect(await app.system.db.metricDirty.count()).toBe(1);
  });
});
