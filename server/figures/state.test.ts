import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type DeployFacts,
  type IncidentFacts,
  judgeDeploy,
  leadTimeOf,
  milestonesOf,
  mondayOf,
  restoreTimeOf,
  spanOf,
  type Time,
  tallyOf,
  weekOf,
} from '#server/figures/state';
import { FIGURE_PERIODS, TIME_KINDS } from '#server/figures/words/contract';

const NOON = Date.parse('2026-03-04T12:00:00Z');
const MINUTE = 60_000;
const at = (minute: number) => new Date(NOON + minute * MINUTE);
const recorded = (minutes: number) => ({ kind: 'recorded', ms: minutes * MINUTE });
const kind = (name: string) => ({ kind: name, ms: null });

describe('the times of an incident', () => {
  const incident = (more: Partial<IncidentFacts> = {}): IncidentFacts => ({
    startedAt: at(0),
    detectedAt: at(4),
    acknowledgedAt: at(7),
    resolvedAt: at(40),
    isMerged: false,
    isByPerson: false,
    ...more,
  });

  it('are from beginning to record, from record to the first act, and from beginning to end', () => {
    expect(milestonesOf(incident())).toEqual({
      detect: recorded(4),
      acknowledge: recorded(3),
      resolve: recorded(40),
    });
  });

  it('that are still to come are pending, and no zero', () => {
    expect(milestonesOf(incident({ acknowledgedAt: null, resolvedAt: null }))).toMatchObject({
      acknowledge: kind('pending'),
      resolve: kind('pending'),
    });
  });

  it('do not apply where nobody said when it began, a person declared it, nobody acted, or it was merged', () => {
    const none = kind('not_applicable');
    expect(milestonesOf(incident({ startedAt: at(4) }))).toMatchObject({
      detect: none,
      resolve: recorded(36),
    });
    expect(milestonesOf(incident({ isByPerson: true })).acknowledge).toEqual(none);
    expect(milestonesOf(incident({ acknowledgedAt: null })).acknowledge).toEqual(none);
    expect(milestonesOf(incident({ isMerged: true }))).toEqual({
      detect: none,
      acknowledge: none,
      resolve: none,
    });
  });

  it('in an order that cannot be are invalid', () => {
    expect(
      milestonesOf(incident({ detectedAt: at(-1), acknowledgedAt: at(-2), resolvedAt: at(-3) })),
    ).toEqual({ detect: kind('invalid'), acknowledge: kind('invalid'), resolve: kind('invalid') });
  });

  it('are always one of four kinds, and have a length exactly where they are recorded', () => {
    const moment = fc.integer({ min: -5, max: 60 }).map(at);
    const facts = fc.record({
      startedAt: moment,
      detectedAt: moment,
      acknowledgedAt: fc.option(moment),
      resolvedAt: fc.option(moment),
      isMerged: fc.boolean(),
      isByPerson: fc.boolean(),
    });
    fc.assert(
      fc.property(facts, (each) => {
        for (const time of Object.values(milestonesOf(each))) {
          expect(TIME_KINDS).toContain(time.kind);
          expect(time.ms !== null).toBe(time.kind === 'recorded');
          expect(time.ms ?? 0).toBeGreaterThanOrEqual(0);
        }
      }),
    );
  });
});

describe('a tally', () => {
  const times = (...given: (number | Exclude<Time['kind'], 'recorded'>)[]): Time[] =>
    given.map((each) =>
      typeof each === 'number' ? { kind: 'recorded', ms: each } : { kind: each, ms: null },
    );

  it('takes means and medians of what is recorded alone, and counts the rest', () => {
    expect(tallyOf(times(10, 'pending', 20, 90, 'invalid', 'not_applicable', 'pending', 40))).toEqual({
      recorded: 4,
      pending: 2,
      notApplicable: 1,
      invalid: 1,
      meanMs: 40,
      medianMs: 30,
    });
  });

  it('has neither where nothing is recorded, which is not zero', () => {
    expect(tallyOf(times('pending'))).toMatchObject({ recorded: 0, meanMs: null, medianMs: null });
  });

  it('does not move, whatever is added that is not recorded, and lies between the least and the most', () => {
    const skipped = fc.constantFrom('pending', 'not_applicable', 'invalid');
    fc.assert(
      fc.property(fc.array(fc.nat(1e6), { minLength: 1 }), fc.array(skipped), (known, rest) => {
        const { meanMs, medianMs } = tallyOf(times(...rest, ...known));
        expect([meanMs, medianMs]).toEqual([
          tallyOf(times(...known)).meanMs,
          tallyOf(times(...known)).medianMs,
        ]);
        for (const value of [meanMs, medianMs]) {
          expect(value).toBeGreaterThanOrEqual(Math.min(...known));
          expect(value).toBeLessThanOrEqual(Math.max(...known));
        }
      }),
    );
  });
});

describe('a deploy', () => {
  const LATER = at(500);
  const deploy = (more: Partial<DeployFacts> = {}): DeployFacts => ({
    committedAt: at(-90),
    startedAt: at(-2),
    switchedAt: at(0),
    validatedAt: at(2),
    isUnderWay: false,
    isRepeat: false,
    attributionMs: 60 * MINUTE,
    next: null,
    nextValidatedAt: null,
    incident: null,
    ...more,
  });
  const rollback = { isRollbackOfThis: true, switchedAt: at(20), validatedAt: at(21) };

  it('is well once its time is over and nothing came of it, and pending until then', () => {
    expect(judgeDeploy(deploy(), LATER)).toBe('well');
    expect(judgeDeploy(deploy(), at(59))).toBe('pending');
    expect(judgeDeploy(deploy(), at(60))).toBe('well');
    expect(judgeDeploy(deploy({ validatedAt: null, isUnderWay: true }), at(1))).toBe('pending');
    expect(restoreTimeOf(deploy(), LATER)).toBeNull();
  });

  it('that the next release took the place of is well, however soon', () => {
    const next = { isRollbackOfThis: false, switchedAt: at(5), validatedAt: at(6) };
    expect(judgeDeploy(deploy({ next }), at(6))).toBe('well');
  });

  it('has failed once it is rolled back, however late, and is restored by the rollback', () => {
    const failed = deploy({ next: rollback });
    expect(judgeDeploy(failed, at(22))).toBe('failed');
    expect(restoreTimeOf(failed, at(22))).toEqual(recorded(21));
    const unproven = deploy({ next: { ...rollback, validatedAt: null } });
    expect(restoreTimeOf(unproven, at(22))).toEqual(kind('pending'));
  });

  it('has failed with its incident, from whose beginning the time to restore counts', () => {
    const incident = { startedAt: at(10), resolvedAt: at(45) };
    expect(judgeDeploy(deploy({ incident }), LATER)).toBe('failed');
    expect(restoreTimeOf(deploy({ incident }), LATER)).toEqual(recorded(35));
    expect(restoreTimeOf(deploy({ incident, next: rollback }), LATER)).toEqual(recorded(11));
    const open = { ...incident, resolvedAt: null };
    expect(restoreTimeOf(deploy({ incident: open, nextValidatedAt: at(99) }), LATER)).toEqual(
      kind('pending'),
    );
    const turned = { startedAt: at(10), resolvedAt: at(9) };
    expect(restoreTimeOf(deploy({ incident: turned }), LATER)).toEqual(kind('invalid'));
  });

  it('whose validation failed has failed, until the next release that is well', () => {
    const failed = deploy({ validatedAt: null });
    expect(judgeDeploy(failed, at(3))).toBe('failed');
    expect(restoreTimeOf(failed, LATER)).toEqual(kind('pending'));
    expect(restoreTimeOf({ ...failed, nextValidatedAt: at(30) }, LATER)).toEqual(recorded(30));
  });

  it('that never reached visitors is neither', () => {
    const unseen = deploy({ switchedAt: null, validatedAt: null });
    expect(judgeDeploy(unseen, LATER)).toBe('never_live');
    expect([leadTimeOf(unseen), restoreTimeOf(unseen, LATER)]).toEqual([null, null]);
  });

  it('takes from the commit to visitors, once for each release, and never less than nothing', () => {
    expect(leadTimeOf(deploy())).toEqual(recorded(90));
    expect(leadTimeOf(deploy({ isRepeat: true }))).toEqual(kind('not_applicable'));
    expect(leadTimeOf(deploy({ committedAt: at(1) }))).toEqual(kind('invalid'));
    expect(leadTimeOf(deploy({ validatedAt: null }))).toBeNull();
  });
});

describe('periods and weeks', () => {
  it('a period ends now and follows the one before, and the last week is this one', () => {
    for (const period of FIGURE_PERIODS) {
      const { from, to, before, weeksFrom, weeks } = spanOf(period, at(0));
      expect(to).toEqual(at(0));
      expect(from.getTime() - before.getTime()).toBe(to.getTime() - from.getTime());
      expect(weekOf(to, { weeksFrom, weeks })).toBe(weeks - 1);
      expect(weeksFrom).toEqual(mondayOf(weeksFrom));
    }
  });

  it('a week begins on Monday at midnight, UTC', () => {
    expect(mondayOf(at(0)).toISOString()).toBe('2026-03-02T00:00:00.000Z');
    const weeks = { weeksFrom: mondayOf(at(0)), weeks: 2 };
    expect(weekOf(new Date('2026-03-01T23:59:59.999Z'), weeks)).toBeNull();
    expect(weekOf(new Date('2026-03-02T00:00:00.000Z'), weeks)).toBe(0);
    expect(weekOf(new Date('2026-03-09T00:00:00.000Z'), weeks)).toBe(1);
    expect(weekOf(new Date('2026-03-16T00:00:00.000Z'), weeks)).toBeNull();
  });
});
