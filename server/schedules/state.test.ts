import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  COUNT_LIMIT,
  cronProblem,
  dueTicks,
  isDue,
  MISSED_ROWS,
  newestTicks,
  nextTicks,
  planCatchUp,
  timeZoneProblem,
  wentBack,
} from '#server/schedules/state';
import {
  aChange,
  changes,
  changing,
  DAY,
  expectedAround,
  FROM,
  HOUR,
  MINUTE,
  matches,
  offsetAt,
  rules,
  TO,
  wallAt,
  ZONES,
} from '#server/testing/wall-clocks';

const times = (ticks: Date[]): number[] => ticks.map((tick) => tick.getTime());
const all = Number.POSITIVE_INFINITY;

describe('due times', () => {
  it('are tested where the clocks change', () => {
    expect(changing).toHaveLength(ZONES.length - 2);
    const sizes = new Set(
      changing.flatMap((zone) =>
        (changes.get(zone) ?? []).map((at) => (offsetAt(zone, at) - offsetAt(zone, at - MINUTE)) / MINUTE),
      ),
    );
    expect([...sizes].sort((a, b) => a - b)).toEqual([-120, -60, -30, 30, 60, 120]);
  });

  it('are those that the wall clock tells, around every change of the clocks', () => {
    fc.assert(
      fc.property(aChange, rules, ({ zone, change }, rule) => {
        const ticks = dueTicks(rule.cron, zone, new Date(change - DAY - 1), new Date(change + DAY - 1), all);
        expect(times(ticks)).toEqual(expectedAround(rule, zone, change));
      }),
      { numRuns: 400 },
    );
  });

  it('strictly increase, lie in their window, and are whole minutes on the wall', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...ZONES),
        rules,
        fc.integer({ min: FROM, max: TO }),
        fc.integer({ min: 0, max: 20 * DAY }),
        (zone, rule, start, length) => {
          const ticks = dueTicks(rule.cron, zone, new Date(start), new Date(start + length), 300);
          let before = start;
          for (const tick of times(ticks)) {
            expect(tick).toBeGreaterThan(before);
            expect(tick).toBeLessThanOrEqual(start + length);
            expect(tick % MINUTE).toBe(0);
            const isAfterGap = offsetAt(zone, tick) > offsetAt(zone, tick - MINUTE);
            if (!isAfterGap) expect(matches(rule, wallAt(zone, tick))).toBe(true);
            before = tick;
          }
        },
      ),
      { numRuns: 200 },
    );
  });

  it('are neither lost nor doubled however the time is cut into windows', () => {
    const window = fc.oneof(
      aChange.chain(({ zone, change }) =>
        fc.record({
          zone: fc.constant(zone as string),
          start: fc.constant(change - 4 * HOUR),
          // At and around the change itself, to the millisecond, and anywhere else.
          cuts: fc.array(
            fc.oneof(
              fc.constantFrom(-HOUR, -30 * MINUTE, -1, 0, 1, 30 * MINUTE, HOUR).map((by) => change + by),
              fc.integer({ min: change - 4 * HOUR, max: change + 4 * HOUR }),
            ),
            { maxLength: 6 },
          ),
          end: fc.constant(change + 4 * HOUR),
        }),
      ),
      fc.constantFrom(...ZONES).chain((zone) =>
        fc.integer({ min: FROM, max: TO }).chain((start) =>
          fc.record({
            zone: fc.constant(zone as string),
            start: fc.constant(start),
            cuts: fc.array(fc.integer({ min: start, max: start + 3 * DAY }), { maxLength: 6 }),
            end: fc.constant(start + 3 * DAY),
          }),
        ),
      ),
    );
    fc.assert(
      fc.property(window, rules, ({ zone, start, cuts, end }, rule) => {
        const whole = times(dueTicks(rule.cron, zone, new Date(start), new Date(end), all));
        const edges = [start, ...cuts.sort((a, b) => a - b), end];
        const pieces = edges
          .slice(1)
          .flatMap((until, index) =>
            times(dueTicks(rule.cron, zone, new Date(edges[index] ?? start), new Date(until), all)),
          );
        expect(pieces).toEqual(whole);
        expect(times(newestTicks(rule.cron, zone, new Date(start), new Date(end), 3))).toEqual(
          whole.slice(-3),
        );
        expect(isDue({ cron: rule.cron, timeZone: zone }, new Date(start), new Date(end))).toBe(
          whole.length > 0,
        );
      }),
      { numRuns: 300 },
    );
  });

  it('of a daily time come once on every day, also on the days of a change', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...ZONES),
        fc.integer({ min: 0, max: 23 }),
        fc.integer({ min: 0, max: 59 }),
        (zone, hour, minute) => {
          const ticks = dueTicks(`${minute} ${hour} * * *`, zone, new Date(FROM), new Date(TO), all);
          const days = ticks.map((tick) =>
            new Date(wallAt(zone, tick.getTime()).stamp).toISOString().slice(0, 10),
          );
          expect(new Set(days).size).toBe(days.length);
          for (const [index, day] of days.entries()) {
            const before = days[index - 1];
            if (before) expect(Date.parse(day) - Date.parse(before)).toBe(DAY);
          }
        },
      ),
      { numRuns: 60 },
    );
  });

  it.each([
    ['30 2 * * *', 'Europe/Paris', '2026-03-29', ['2026-03-29T01:00:00.000Z']],
    ['30 2 * * *', 'Europe/Paris', '2026-10-25', ['2026-10-25T00:30:00.000Z']],
    ['30 2,14 * * *', 'Europe/Paris', '2026-03-29', ['2026-03-29T01:00:00.000Z', '2026-03-29T12:30:00.000Z']],
    ['0 2,3 * * *', 'Europe/Paris', '2026-03-29', ['2026-03-29T01:00:00.000Z']],
    ['15 2 * * *', 'Australia/Lord_Howe', '2026-10-03', ['2026-10-03T15:30:00.000Z']],
    ['45 1 * * *', 'Australia/Lord_Howe', '2026-04-04', ['2026-04-04T14:45:00.000Z']],
    ['*/30 2 * * *', 'Europe/Paris', '2026-03-29', []],
    ['0 10 13 * 5', 'UTC', '2026-03-13', ['2026-03-13T10:00:00.000Z']],
  ])('%s in %s on %s', (cron, zone, day, expected) => {
    const from = new Date(Date.parse(day) - 1);
    const to = new Date(Date.parse(day) + DAY - 1);
    expect(dueTicks(cron, zone, from, to, all).map((tick) => tick.toISOString())).toEqual(expected);
  });

  it('that are asked for by number come in that number', () => {
    expect(nextTicks('0 10 * * 1', 'Europe/Paris', new Date('2026-10-19T00:00:00Z'), 3)).toEqual([
      new Date('2026-10-19T08:00:00Z'),
      new Date('2026-10-26T09:00:00Z'),
      new Date('2026-11-02T09:00:00Z'),
    ]);
    expect(nextTicks('0 0 29 2 *', 'UTC', new Date('2026-01-01T00:00:00Z'), 1)).toEqual([
      new Date('2028-02-29T00:00:00Z'),
    ]);
  });
});

describe('what a look at the clock finds', () => {
  const policies = fc.constantFrom('skip' as const, 'run_once' as const);

  it('is everything that became due, each once, sorted by its age', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...ZONES),
        rules,
        policies,
        fc.integer({ min: FROM, max: TO }),
        fc.integer({ min: 0, max: 2 * DAY }),
        fc.integer({ min: 0, max: HOUR }),
        (timeZone, { cron }, missed, start, length, graceMs) => {
          const now = start + length;
          const found = planCatchUp({ cron, timeZone, missed }, new Date(start), new Date(now), graceMs);
          const whole = times(dueTicks(cron, timeZone, new Date(start), new Date(now), all));
          const onTime = whole.filter((tick) => tick >= now - graceMs);
          const old = whole.filter((tick) => tick < now - graceMs);
          expect(times(found.onTime)).toEqual(onTime);
          const listed = [...times(found.missed), ...(found.late ? [found.late.getTime()] : [])];
          expect(listed).toEqual(old.slice(-MISSED_ROWS));
          const left = old.slice(0, -MISSED_ROWS);
          expect(found.leftOut?.count ?? 0).toBe(Math.min(left.length, COUNT_LIMIT));
          if (left.length > 0) {
            expect(found.leftOut).toMatchObject({
              first: new Date(left[0] ?? 0),
              last: new Date(left.at(-1) ?? 0),
            });
          }
          expect(found.late !== null).toBe(missed === 'run_once' && old.length > 0 && onTime.length === 0);
        },
      ),
      { numRuns: 300 },
    );
  });

  it('counts months without anybody only so far', () => {
    const found = planCatchUp(
      { cron: '* * * * *', timeZone: 'Europe/Paris', missed: 'run_once' },
      new Date('2026-01-01T00:00:00Z'),
      new Date('2026-04-01T00:00:30Z'),
      10_000,
    );
    expect(found.missed).toHaveLength(MISSED_ROWS - 1);
    expect(found.late).toEqual(new Date('2026-04-01T00:00:00Z'));
    expect(found.leftOut).toEqual({
      count: COUNT_LIMIT,
      isMore: true,
      first: new Date('2026-01-01T00:01:00Z'),
      last: new Date('2026-03-31T22:20:00Z'),
    });
  });

  it('knows when the clock has gone back', () => {
    const now = new Date('2026-03-01T00:00:00Z');
    expect(wentBack(new Date(now.getTime() + 61_000), now, 60_000)).toBe(true);
    expect(wentBack(new Date(now.getTime() + 59_000), now, 10)).toBe(false);
    expect(wentBack(new Date(now.getTime() - 1), now, 60_000)).toBe(false);
  });
});

describe('what a person types', () => {
  it.each([
    '0 10 * * 1',
    '*/5 8-18 * * 1-5',
    '0 0 1 JAN *',
    '15,45 * * * SUN',
    ' 0  10 * * 7 ',
    '0 0 29 2 *',
  ])('takes %s', (cron) => expect(cronProblem(cron)).toBeNull());

  it.each([
    ['', /five fields/],
    ['* * * *', /five fields/],
    ['0 0 10 * * 1', /five fields/],
    ['@daily', /five fields/],
    ['61 * * * *', /minute: 61/],
    ['? * * * *', /question mark/],
    ['a * * * *', /cannot be read/],
    ['*/0 * * * *', /cannot be read/],
    ['0 0 30 2 *', /never happen/],
  ])('refuses %s in words', (cron, words) => expect(cronProblem(cron)).toMatch(words));

  it.each(['UTC', 'Europe/Paris', 'America/Argentina/Buenos_Aires', 'Etc/GMT+5'])('knows %s', (zone) =>
    expect(timeZoneProblem(zone)).toBeNull(),
  );

  it.each(['', 'Paris', '+02:00', 'CET+1', 'Mars/Olympus', '../etc'])('does not know %s', (zone) =>
    expect(timeZoneProblem(zone)).toMatch(/is no time zone/),
  );
});
