import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { BusinessSums } from '#server/business/contract';
import { currentOf, type Measured, priorSpans, reckonImpact } from '#server/business/state';
import {
  countRange,
  decimalOf,
  impactWords,
  minorOf,
  moneyRange,
  moneyWords,
} from '#server/business/words/contract';

const HOUR_MS = 3_600_000;
const span = { from: new Date('2026-03-12T14:00:00Z'), until: new Date('2026-03-12T15:30:00Z') };

function measured(sums: Partial<BusinessSums> = {}, flags: Partial<Measured> = {}): Measured {
  return {
    sums: { orders: 0, revenueMinor: 0, payments: 0, failedPayments: 0, visits: 0, visitors: 0, ...sums },
    recordedBefore: true,
    recordedAfter: true,
    visitedBefore: true,
    visitedAfter: true,
    ...flags,
  };
}
const took = (revenueMinor: number, visitors: number) => measured({ revenueMinor, visitors });

describe('what an incident cost', () => {
  it('is looked for in the same span of the week of the four weeks before', () => {
    expect(priorSpans(span).map(({ from, until }) => [from.toISOString(), until.toISOString()])).toEqual([
      ['2026-03-05T14:00:00.000Z', '2026-03-05T15:30:00.000Z'],
      ['2026-02-26T14:00:00.000Z', '2026-02-26T15:30:00.000Z'],
      ['2026-02-19T14:00:00.000Z', '2026-02-19T15:30:00.000Z'],
      ['2026-02-12T14:00:00.000Z', '2026-02-12T15:30:00.000Z'],
    ]);
  });

  it('is what is missing of the least and of the most that came in then', () => {
    const prior = [took(90_001, 80), took(120_000, 60), took(100_000, 70), took(95_000, 65)];
    const reckoned = reckonImpact(span, took(20_000, 50), prior);
    expect(reckoned).toMatchObject({
      revenueLowMinor: 70_001,
      revenueHighMinor: 100_000,
      revenueProblem: null,
      // Ten stayed away at least; of eighty that may have come, none is known to have been well.
      usersLow: 10,
      usersHigh: 80,
    });
    expect(reckoned.weeks.map(({ weeksBefore, leftOut }) => [weeksBefore, leftOut])).toEqual([
      [1, null],
      [2, null],
      [3, null],
      [4, null],
    ]);
  });

  it('is nothing where more came in, but who was there may have been affected', () => {
    const reckoned = reckonImpact(span, took(500, 9), [took(400, 5), took(500, 6), took(0, 0), took(1, 1)]);
    expect(reckoned).toMatchObject({ revenueLowMinor: 0, revenueHighMinor: 0, usersLow: 0, usersHigh: 9 });
  });

  it('leaves out weeks without data, and names them', () => {
    const silent = measured({}, { recordedBefore: false, visitedBefore: false });
    const reckoned = reckonImpact(span, took(0, 0), [silent, took(700, 7), silent, took(900, 9)]);
    expect(reckoned).toMatchObject({
      revenueLowMinor: 700,
      revenueHighMinor: 900,
      usersLow: 7,
      usersHigh: 9,
    });
    expect(reckoned.weeks.map(({ sums, leftOut }) => [sums === null, leftOut])).toEqual([
      [true, 'Nothing was recorded around it.'],
      [false, null],
      [true, 'Nothing was recorded around it.'],
      [false, null],
    ]);
  });

  it('is never said to be nothing where there is nothing to compare with', () => {
    const silent = measured({}, { recordedAfter: false, visitedAfter: false });
    for (const prior of [[silent, silent, silent, silent], []]) {
      expect(reckonImpact(span, took(0, 0), prior)).toMatchObject({
        revenueLowMinor: null,
        revenueHighMinor: null,
        revenueProblem: expect.stringContaining('None of the four weeks'),
        usersLow: null,
        usersHigh: null,
        usersProblem: expect.stringContaining('None of the four weeks'),
      });
    }
    const unseen = measured({}, { recordedBefore: false, visitedBefore: false });
    expect(reckonImpact(span, unseen, [took(5, 5)])).toMatchObject({
      revenueLowMinor: null,
      revenueProblem: expect.stringContaining('in the day before it began'),
      usersLow: null,
    });
  });

  it('says what was lost where visits are no longer kept, but not whom it affected', () => {
    const pruned = measured({ revenueMinor: 300 }, { visitedBefore: false });
    const reckoned = reckonImpact(span, took(100, 3), [pruned, pruned, pruned, pruned]);
    expect(reckoned).toMatchObject({ revenueLowMinor: 200, revenueHighMinor: 200, usersLow: null });
    expect(reckoned.usersProblem).toContain('visits to compare with');
  });

  it('does not compare an incident with itself', () => {
    const long = { from: span.from, until: new Date(span.from.getTime() + 10 * 24 * HOUR_MS) };
    const reckoned = reckonImpact(long, took(0, 0), [took(1, 1), took(2, 2), took(3, 3), took(4, 4)]);
    expect(reckoned.weeks[0]).toMatchObject({ sums: null, leftOut: 'The incident itself reaches into it.' });
    expect(reckoned).toMatchObject({ revenueLowMinor: 2, revenueHighMinor: 4 });
  });

  it('is a range of whole units, never below nothing, that a better time only makes smaller', () => {
    const amount = fc.integer({ min: 0, max: 1_000_000_000_000 });
    const week = fc.record({ revenueMinor: amount, visitors: fc.nat(), isKept: fc.boolean() });
    fc.assert(
      fc.property(amount, fc.nat(), fc.array(week, { maxLength: 4 }), amount, (got, seen, weeks, more) => {
        const prior = weeks.map(({ isKept, ...sums }) =>
          measured(sums, isKept ? {} : { recordedBefore: false, visitedBefore: false }),
        );
        const reckoned = reckonImpact(span, took(got, seen), prior);
        const kept = weeks.filter(({ isKept }) => isKept).map(({ revenueMinor }) => revenueMinor);
        if (kept.length === 0) {
          expect([reckoned.revenueLowMinor, reckoned.usersHigh]).toEqual([null, null]);
          return;
        }
        const { revenueLowMinor: low, revenueHighMinor: high, usersLow, usersHigh } = reckoned;
        expect(low).toBe(Math.max(0, Math.min(...kept) - got));
        expect(high).toBe(Math.max(0, Math.max(...kept) - got));
        expect(usersLow).toBeLessThanOrEqual(usersHigh as number);
        expect(usersHigh).toBeGreaterThanOrEqual(seen);
        const better = reckonImpact(span, took(got + more, seen), prior);
        expect(better.revenueLowMinor).toBeLessThanOrEqual(low as number);
        expect(better.revenueHighMinor).toBeLessThanOrEqual(high as number);
      }),
    );
  });
});

describe('which entry counts', () => {
  const entry = (id: number, kind: 'estimate' | 'override', isOfConsole = false) => ({
    id,
    kind,
    isOfConsole,
  });
  it.each([
    ['none', [], undefined],
    ['the last estimate', [entry(1, 'estimate', true), entry(2, 'estimate', true)], 2],
    [
      'what somebody says, over what the console reckons later',
      [entry(1, 'override'), entry(2, 'estimate', true)],
      1,
    ],
    ['the last that was said', [entry(1, 'override'), entry(2, 'estimate', true), entry(3, 'override')], 3],
    ['an estimate that somebody asked for since', [entry(1, 'override'), entry(2, 'estimate')], 2],
    [
      'an estimate of the end after one that somebody asked for before it',
      [entry(1, 'estimate'), entry(2, 'estimate', true)],
      2,
    ],
  ])('%s', (_name, history, id) => {
    expect(currentOf(history)?.id).toBe(id);
  });
});

describe('money', () => {
  it.each([
    [123_450, 'EUR', '1234.50', '€1,234.50'],
    [5, 'EUR', '0.05', '€0.05'],
    [1_234, 'JPY', '1234', 'JP¥1,234'],
    [1_234_567, 'KWD', '1234.567', 'KWD\u00a01,234.567'],
    // Beyond what a floating-point number of euros has digits for.
    [9_007_199_254_740_991, 'EUR', '90071992547409.91', '€90,071,992,547,409.91'],
  ])('%s of %s is %s, shown as %s', (minor, currency, decimal, words) => {
    expect(decimalOf(minor, currency)).toBe(decimal);
    expect(minorOf(decimal, currency)).toBe(minor);
    expect(moneyWords(minor, currency)).toBe(words);
  });

  it('is read as it is written, to the last cent', () => {
    const amounts = fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER });
    fc.assert(
      fc.property(amounts, fc.constantFrom('EUR', 'JPY', 'KWD'), (minor, currency) => {
        const decimal = decimalOf(minor, currency);
        expect(minorOf(decimal, currency)).toBe(minor);
      }),
    );
    expect(minorOf('12,5', 'EUR')).toBe(1_250);
    for (const wrong of ['', '-1', '1.234', 'a', '1e3', '1.2.3', '90071992547409.92'])
      expect(minorOf(wrong, 'EUR')).toBeNull();
  });

  it('is told as a range, or with the reason why it cannot be', () => {
    expect(moneyRange(12_000, 34_000, 'EUR')).toBe('€120.00 to €340.00');
    expect(moneyRange(0, 0, 'EUR')).toBe('€0.00');
    expect(countRange(1_200, 3_400)).toBe('1,200 to 3,400');
    const none = { currency: 'EUR', revenueLowMinor: null, revenueHighMinor: null };
    const users = { usersLow: 3, usersHigh: 9, usersProblem: null };
    expect(impactWords({ ...none, revenueProblem: 'No data.', ...users })).toBe(
      'Lost revenue: cannot be estimated. No data. Users affected: 3 to 9.',
    );
    const nobody = { usersLow: null, usersHigh: null, usersProblem: 'No data.' };
    expect(impactWords({ ...none, revenueProblem: 'No data.', ...nobody })).toBe(
      'Lost revenue and users affected: cannot be estimated. No data.',
    );
  });
});
