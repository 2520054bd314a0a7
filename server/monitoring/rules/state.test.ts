import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  AT_REST,
  beganAt,
  type Change,
  isClear,
  type Judged,
  type Limits,
  nextLookMs,
  type Reading,
  resolvedByHand,
  type Standing,
  step,
} from '#server/monitoring/rules/state';

const RULE: Judged = {
  comparison: '>',
  threshold: 5,
  resolveThreshold: 2,
  forSeconds: 10,
  minimumTraffic: 20,
  missingData: 'unknown',
  intervalSeconds: 1,
};
const LIMITS: Limits = { unknownAfterMs: 30_000, flapWindowMs: 60_000, flapTurns: 4 };
const at = (second: number) => new Date(Date.UTC(2026, 0, 1) + second * 1_000);

interface Told extends Pick<Change, 'kind'> {
  second: number;
}

/** A value for every second; null is missing, 'silent' no traffic. The breach is dated as the data date it. */
function play(
  values: readonly (number | null | 'silent')[],
  change: Partial<Judged> = {},
  from: Standing = AT_REST,
): { told: Told[]; standing: Standing; seen: Standing[] } {
  const rule = { ...RULE, ...change };
  let standing = from;
  let since: Date | null = null;
  const told: Told[] = [];
  const seen: Standing[] = [];
  for (const [second, value] of values.entries()) {
    let reading: Reading;
    if (value === null) reading = { kind: 'missing', at: at(second) };
    else if (value === 'silent') reading = { kind: 'silent', at: at(second) };
    else {
      since = value > rule.threshold ? (since ?? at(second)) : null;
      reading = { kind: 'value', at: at(second), value, traffic: 100, breachedSince: since, isLasting: true };
    }
    const { standing: next, changes } = step(rule, standing, reading, LIMITS);
    standing = next;
    seen.push(next);
    told.push(...changes.map(({ kind }) => ({ kind, second })));
  }
  return { told, standing, seen };
}

const repeat = <T>(value: T, times: number): T[] => Array.from({ length: times }, () => value);

describe('a rule', () => {
  it('fires when the breach has lasted, dated from the data, and resolves past the resolve threshold', () => {
    const { told, standing } = play([0, 0, ...repeat(9, 15), ...repeat(3, 5), 1]);
    expect(told).toEqual([
      { kind: 'fire', second: 12 },
      { kind: 'resolve', second: 22 },
    ]);
    expect(standing).toMatchObject({ state: 'inactive', breachSince: null });
  });

  it('fires at the first look when the data say that it has lasted before', () => {
    const reading = {
      kind: 'value',
      at: at(20),
      value: 9,
      traffic: 100,
      breachedSince: at(8),
      isLasting: true,
    } as const;
    expect(step(RULE, AT_REST, reading, LIMITS).changes).toEqual([{ kind: 'fire', breachSince: at(8) }]);
    expect(step(RULE, AT_REST, { ...reading, isLasting: false }, LIMITS).changes).toEqual([]);
    const quiet = step(RULE, AT_REST, { ...reading, traffic: 19 }, LIMITS);
    expect(quiet).toMatchObject({ changes: [], standing: { state: 'pending' } });
  });

  it('does nothing for spikes that are shorter than its duration', () => {
    const spikes = fc.array(fc.tuple(fc.integer({ min: 1, max: 9 }), fc.integer({ min: 1, max: 20 })), {
      maxLength: 20,
    });
    fc.assert(
      fc.property(spikes, fc.double({ min: 5.01, max: 1e6, noNaN: true }), (list, high) => {
        const values = list.flatMap(([bad, good]) => [...repeat(high, bad), ...repeat(0, good)]);
        expect(play(values).told).toEqual([]);
      }),
    );
  });

  it('never fires on what was not measured, and never more often than it resolves, whatever happens', () => {
    const value = fc.oneof(
      fc.constant(null),
      fc.constant('silent' as const),
      fc.double({ min: 0, max: 10, noNaN: true }),
    );
    fc.assert(
      fc.property(fc.array(value, { maxLength: 150 }), (values) => {
        const { told, seen } = play(values);
        const turns = told
          .filter(({ kind }) => kind === 'fire' || kind === 'resolve')
          .map(({ kind }) => kind);
        expect(turns).toEqual(turns.map((_, index) => (index % 2 === 0 ? 'fire' : 'resolve')));
        for (const { kind, second } of told) {
          if (kind === 'fire') expect(values[second]).toBeGreaterThan(5);
          if (kind === 'resolve') expect(isClear(RULE, values[second] as number)).toBe(true);
          if (kind === 'unknown') expect(values[second]).toBeNull();
        }
        for (const standing of seen) {
          expect(standing.state === 'inactive').toBe(standing.breachSince === null);
          if (standing.isUnknown) expect(standing.missingSince).not.toBeNull();
        }
      }),
    );
  });

  it('resolves once it has been well for long enough, from wherever it was', () => {
    const value = fc.oneof(fc.constant(null), fc.double({ min: 0, max: 10, noNaN: true }));
    fc.assert(
      fc.property(fc.array(value, { maxLength: 120 }), (values) => {
        const { standing } = play([...values, ...repeat(0, 62)]);
        expect(standing).toMatchObject({ state: 'inactive', isFlapping: false, isUnknown: false });
      }),
    );
  });

  it('is unknown, and says so once, when data stay away; it is not when there never were any', () => {
    expect(play([0, ...repeat(null, 100), 0]).told).toEqual([
      { kind: 'unknown', second: 30 },
      { kind: 'known', second: 101 },
    ]);
    expect(play(repeat(null, 100)).told).toEqual([]);
    expect(play([...repeat(9, 12), ...repeat(null, 50)]).told.map(({ kind }) => kind)).toEqual([
      'fire',
      'unknown',
    ]);
  });

  it('is not unknown because nobody looked, only because those who look find nothing', () => {
    const rule = { ...RULE, intervalSeconds: 10 };
    const missing = (standing: Standing, second: number) =>
      step(rule, standing, { kind: 'missing', at: at(second) }, LIMITS);
    const watched = play([0]).standing;
    // Down for ten minutes; the first look comes before the first data do.
    const back = missing(watched, 600);
    expect(back).toMatchObject({ changes: [], standing: { missingSince: at(600) } });
    expect(missing(missing(back.standing, 610).standing, 620).changes).toEqual([]);
    expect(missing(missing(back.standing, 615).standing, 630).changes).toEqual([
      { kind: 'unknown', since: at(0) },
    ]);
    // Nor does it count that they were away for a while before.
    const before = missing(missing(watched, 10).standing, 20).standing;
    expect(missing(before, 600)).toMatchObject({ changes: [], standing: { missingSince: at(600) } });
    // A rule that is looked at seldom finds nothing twice.
    const seldom = { ...RULE, intervalSeconds: 3_600 };
    const once = step(seldom, watched, { kind: 'missing', at: at(3_600) }, LIMITS);
    expect(once.changes).toEqual([]);
    const twice = step(seldom, once.standing, { kind: 'missing', at: at(7_200) }, LIMITS);
    expect(twice.changes).toMatchObject([{ kind: 'unknown' }]);
  });

  it('takes missing data for well or for a breach when told so', () => {
    const values = [...repeat(9, 12), null];
    expect(play(values, { missingData: 'ok' }).told.at(-1)).toEqual({ kind: 'resolve', second: 12 });
    expect(play([0, ...repeat(null, 15)], { missingData: 'breach' }).told).toEqual([
      { kind: 'fire', second: 10 },
    ]);
  });

  it('goes on firing without traffic', () => {
    expect(play([...repeat(9, 12), ...repeat('silent' as const, 90)]).standing.state).toBe('firing');
  });
});

describe('flapping', () => {
  const swing = [...repeat(9, 11), ...repeat(0, 4)];

  it('keeps the alert open and quiet, until it has been well for the whole window', () => {
    const { told } = play([...swing, ...swing, ...swing, ...swing, ...repeat(0, 80)]);
    expect(told.map(({ kind }) => kind)).toEqual(['fire', 'resolve', 'fire', 'flap', 'resolve']);
    // Well since the end of the last swing.
    expect(told.at(-1)?.second).toBe(3 * 15 + 11 + 60);
  });

  it('tells a bounded number of changes, however it swings', () => {
    const swings = fc.array(fc.tuple(fc.integer({ min: 11, max: 15 }), fc.integer({ min: 1, max: 4 })), {
      minLength: 6,
      maxLength: 30,
    });
    fc.assert(
      fc.property(swings, (list) => {
        const { told } = play(list.flatMap(([bad, good]) => [...repeat(9, bad), ...repeat(0, good)]));
        expect(told.filter(({ kind }) => kind === 'flap')).toHaveLength(1);
        expect(told.length).toBeLessThanOrEqual(LIMITS.flapTurns);
      }),
    );
  });
});

describe('an alert that a person resolved', () => {
  it('fires again when it goes on for as long once more', () => {
    const { standing } = play(repeat(9, 15));
    const { told } = play(repeat(9, 25), {}, resolvedByHand(standing, at(3)));
    expect(told).toEqual([{ kind: 'fire', second: 13 }]);
  });

  it('is dated from when it began, by the data, not from the click', () => {
    const resolved = resolvedByHand(play(repeat(9, 15)).standing, at(15));
    const reading = { kind: 'value', value: 9, traffic: 100, breachedSince: at(0), isLasting: true } as const;
    expect(step(RULE, resolved, { ...reading, at: at(24) }, LIMITS).changes).toEqual([]);
    expect(step(RULE, resolved, { ...reading, at: at(25) }, LIMITS).changes).toEqual([
      { kind: 'fire', breachSince: at(0) },
    ]);
    expect(step({ ...RULE, forSeconds: 0 }, resolved, { ...reading, at: at(16) }, LIMITS).changes).toEqual([
      { kind: 'fire', breachSince: at(0) },
    ]);
  });

  it('had ended when it was well at that moment', () => {
    const flapping: Standing = { ...AT_REST, state: 'firing', breachSince: at(0), isFlapping: true };
    expect(resolvedByHand({ ...flapping, clearSince: at(50) }, at(60))).toMatchObject({ state: 'inactive' });
    expect(resolvedByHand(flapping, at(60))).toMatchObject({ state: 'pending', breachSince: at(0) });
  });
});

describe('the beginning of a breach', () => {
  const pending: Standing = { ...AT_REST, state: 'pending', breachSince: at(0), dataAt: at(995) };
  const breach = { since: at(865), mayBeOlder: true, oldest: at(865), lateMs: 3_000 };

  it('does not move with the time that is looked through', () => {
    expect(beganAt(pending, breach)).toEqual(at(0));
    // Few requests: not each window of the lookback says something.
    expect(beganAt(pending, { ...breach, since: at(900) })).toEqual(at(0));
    // Nobody had looked for a while.
    expect(beganAt({ ...pending, dataAt: at(500) }, breach)).toEqual(at(0));
  });

  it('is the one that the data show, when it was well in between or nothing had been seen of it', () => {
    expect(beganAt(pending, { ...breach, since: at(900), mayBeOlder: false })).toEqual(at(900));
    expect(beganAt(pending, { ...breach, since: at(993) })).toEqual(at(993));
    expect(beganAt({ ...AT_REST, dataAt: at(995) }, breach)).toEqual(at(865));
  });
});

describe('the next look', () => {
  it('comes when the for-duration ends, if that is before the interval', () => {
    const rule = { forSeconds: 120, intervalSeconds: 60 };
    const pending: Standing = { ...AT_REST, state: 'pending', breachSince: at(0) };
    expect(nextLookMs(rule, AT_REST, at(0))).toBe(60_000);
    expect(nextLookMs(rule, pending, at(10))).toBe(60_000);
    expect(nextLookMs(rule, pending, at(100))).toBe(20_000);
    expect(nextLookMs(rule, pending, at(121))).toBe(250);
  });
});
