import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Labels, LabelTree, labelMatcher, labelsKey } from '#server/metrics/labels';
import {
  type Bucket,
  chooseResolution,
  dateBreach,
  type Interval,
  quantileOf,
  reckon,
  type Totals,
  weightsAbove,
} from '#server/metrics/state';

const BOUNDS = [0.1, 0.5, 1, 2.5, 5, Number.POSITIVE_INFINITY];

function histogram(values: readonly number[]): Bucket[] {
  return BOUNDS.map((le) => ({ le, count: values.filter((value) => value <= le).length }));
}

describe('quantiles of histograms', () => {
  it('lie in the bucket of the exact quantile, or at the highest bound when that is above it', () => {
    const values = fc.array(fc.double({ min: 0.001, max: 8, noNaN: true }), { minLength: 1, maxLength: 200 });
    fc.assert(
      fc.property(values, fc.constantFrom(0.5, 0.95, 0.99), (list, q) => {
        const sorted = [...list].sort((a, b) => a - b);
        const exact = sorted[Math.max(0, Math.ceil(q * sorted.length) - 1)] as number;
        const upper = BOUNDS.find((bound) => exact <= bound) as number;
        const lower = BOUNDS[BOUNDS.indexOf(upper) - 1] ?? 0;
        const found = quantileOf(q, histogram(list)) as number;
        if (upper === Number.POSITIVE_INFINITY) expect(found).toBe(5);
        else {
          expect(found).toBeGreaterThanOrEqual(lower);
          expect(found).toBeLessThanOrEqual(upper);
        }
      }),
    );
  });

  it('are exact where observations are spread evenly', () => {
    const even = [
      { le: 1, count: 100 },
      { le: 2, count: 200 },
      { le: Number.POSITIVE_INFINITY, count: 200 },
    ];
    expect(quantileOf(0.5, even)).toBe(1);
    expect(quantileOf(0.95, even)).toBeCloseTo(1.9, 10);
  });

  it('are nothing without observations or without a bucket of everything', () => {
    expect(quantileOf(0.5, histogram([]))).toBeNull();
    expect(
      quantileOf(0.5, [
        { le: 1, count: 5 },
        { le: 2, count: 6 },
      ]),
    ).toBeNull();
  });

  it('pass a limit exactly when more than the rest lies above it', () => {
    const values = fc.array(fc.double({ min: 0.001, max: 4.9, noNaN: true }), {
      minLength: 1,
      maxLength: 200,
    });
    fc.assert(
      fc.property(
        values,
        fc.constantFrom(0.5, 0.95, 0.99),
        fc.constantFrom(0.05, 0.3, 1, 1.7, 3),
        (list, q, limit) => {
          const buckets = histogram(list);
          const weights = weightsAbove(limit, BOUNDS) as Map<number, number>;
          const above = buckets.reduce((sum, { le, count }) => sum + count * (weights.get(le) ?? 0), 0);
          const share = above / list.length;
          fc.pre(Math.abs(share - (1 - q)) > 1e-9);
          expect((quantileOf(q, buckets) as number) > limit).toBe(share > 1 - q);
        },
      ),
    );
  });

  it('say nothing about a limit above the highest bound', () => {
    expect(weightsAbove(6, BOUNDS)).toBeNull();
  });
});

describe('measures', () => {
  const totals = (change: Partial<Totals>): Totals => ({
    count: 2,
    sum: 0,
    min: 0,
    max: 0,
    last: 0,
    increase: 0,
    coveredSeconds: 10,
    newestMs: 0,
    ...change,
  });
  const ratio = { kind: 'ratio', numerator: { metric: 'bad' }, denominator: { metric: 'all' } } as const;

  it('tell nothing known from nothing happened', () => {
    expect(reckon(ratio, new Map())).toEqual({ value: null, traffic: null, reason: 'no_data' });
    expect(reckon(ratio, new Map([['numerator', totals({})]])).reason).toBe('no_data');
    expect(reckon(ratio, new Map([['denominator', totals({ coveredSeconds: 0 })]])).reason).toBe('no_data');
    expect(reckon(ratio, new Map([['denominator', totals({})]]))).toEqual({
      value: null,
      traffic: 0,
      reason: 'no_traffic',
    });
    expect(reckon(ratio, new Map([['denominator', totals({ increase: 50 })]]))).toEqual({
      value: 0,
      traffic: 50,
      reason: null,
    });
    const both = new Map([
      ['numerator', totals({ increase: 5 })],
      ['denominator', totals({ increase: 50 })],
    ]);
    expect(reckon(ratio, both)).toEqual({ value: 10, traffic: 50, reason: null });
  });

  it('take a rate over the time that was seen', () => {
    const seen = new Map([['all', totals({ increase: 30, coveredSeconds: 20 })]]);
    expect(reckon({ kind: 'rate', metric: 'a' }, seen).value).toBe(1.5);
    expect(reckon({ kind: 'increase', metric: 'a' }, seen).value).toBe(30);
  });
});

/** Intervals of one second up to 0 ms; `amounts` from the oldest to the newest, each of ten requests. */
function seconds(amounts: readonly (number | null)[], per = 10): Interval[] {
  return amounts.map((amount, index) => {
    const endMs = (index + 1 - amounts.length) * 1_000;
    return { startMs: endMs - 1_000, endMs, amount: amount ?? 0, per: amount === null ? 0 : per };
  });
}

function repeat<T>(count: number, value: T): T[] {
  return Array.from({ length: count }, () => value);
}

const LIMIT = { comparison: '>', ratio: 0.05 } as const;
const WINDOW = { endMs: 0, windowMs: 10_000, lookbackMs: 150_000 };

describe('the beginning of a breach', () => {
  it('is found to the sample, wherever it lies in its window', () => {
    fc.assert(
      fc.property(fc.integer({ min: 10, max: 140 }), fc.constantFrom(2, 5, 10), (length, amount) => {
        const intervals = seconds([...repeat(160 - length, 0), ...repeat(length, amount)]);
        expect(dateBreach(intervals, LIMIT, WINDOW)).toBe(-length * 1_000);
      }),
    );
  });

  it('is not moved by single faults before it, nor by good moments in it', () => {
    const before = repeat(100, 0).map((_, index) => (index % 40 === 30 ? 1 : 0));
    const during = repeat(60, 3).map((amount, index) => (index % 9 === 4 ? 0 : amount));
    expect(dateBreach(seconds([...before, ...during]), LIMIT, WINDOW)).toBe(-60_000);
  });

  it('is a new one after a window that was well', () => {
    const intervals = seconds([...repeat(60, 8), ...repeat(25, 0), ...repeat(20, 8)]);
    expect(dateBreach(intervals, LIMIT, WINDOW)).toBe(-20_000);
  });

  it('is not ended by windows of which nothing is known', () => {
    const intervals = seconds([...repeat(60, 0), ...repeat(30, 8), ...repeat(25, null), ...repeat(20, 8)]);
    expect(dateBreach(intervals, LIMIT, WINDOW)).toBe(-75_000);
  });

  it('is not there when the last window is well, and at the end of the lookback when it is older', () => {
    expect(dateBreach(seconds([...repeat(60, 8), ...repeat(10, 0)]), LIMIT, WINDOW)).toBeNull();
    expect(dateBreach([], LIMIT, WINDOW)).toBeNull();
    expect(dateBreach(seconds(repeat(300, 8)), LIMIT, WINDOW)).toBe(-150_000);
  });

  it('is found for values that are too low as well', () => {
    const intervals = seconds([...repeat(60, 10), ...repeat(33, 1)], 1);
    expect(dateBreach(intervals, { comparison: '<', ratio: 5 }, WINDOW)).toBe(-33_000);
  });
});

describe('labels', () => {
  it('have one key whatever their order', () => {
    expect(labelsKey({ b: '2', a: '1' })).toBe(labelsKey({ a: '1', b: '2' }));
    expect(labelsKey({ a: '1' })).not.toBe(labelsKey({ a: '1', b: '' }));
  });

  it('are found in the tree exactly where their key is the same', () => {
    const labels = fc.dictionary(
      fc.constantFrom('route', 'status', 'le', '__proto__x'),
      fc.constantFrom('', 'a', 'b'),
    ) as fc.Arbitrary<Labels>;
    fc.assert(
      fc.property(fc.array(labels), fc.array(labels), (kept, sought) => {
        const tree = new LabelTree<number>();
        const byKey = new Map<string, number>();
        for (const [index, each] of kept.entries()) {
          tree.set(each, index);
          byKey.set(labelsKey(each), index);
        }
        for (const each of [...kept, ...sought]) expect(tree.get(each)).toBe(byKey.get(labelsKey(each)));
      }),
    );
  });

  it.each([
    [{ status: '5xx' }, true],
    [{ status: '~4xx|5xx' }, true],
    [{ status: '~4*' }, false],
    [{ route: '~/api/*/items' }, true],
    [{ route: '~*items*' }, true],
    [{ route: '~/api' }, false],
    [{ missing: '' }, true],
    [{ missing: '~*' }, true],
    [{ status: '5xx', route: '/other' }, false],
  ])('%j matches: %s', (wanted, matches) => {
    expect(labelMatcher(wanted)({ status: '5xx', route: '/api/v1/items' })).toBe(matches);
  });

  it('are matched in time, whatever the pattern', () => {
    const started = performance.now();
    labelMatcher({ a: `~${'*a'.repeat(200)}b` })({ a: 'a'.repeat(500) });
    expect(performance.now() - started).toBeLessThan(200);
  });
});

it.each([
  [3_600, 0, 'raw', 6],
  [7_200, 7_200, '1m', 60],
  [3 * 86_400, 3 * 86_400, '1m', 420],
  [7 * 86_400, 7 * 86_400, '1h', 3_600],
  [3_600, 8 * 86_400, '1m', 60],
  [3_600, 40 * 86_400, '1h', 3_600],
])('a chart of %i s that begins %i s ago reads %s in steps of %i s', (span, age, resolution, stepSeconds) => {
  expect(chooseResolution(span, 700, age, { raw: 7, minute: 30 })).toEqual({ resolution, stepSeconds });
});
