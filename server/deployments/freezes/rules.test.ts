import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createFreezeInput, FREEZE_MAX_DAYS } from '#server/deployments/freezes/contract';
import {
  type FreezeRule,
  instantOf,
  isActive,
  nextOccurrences,
  occurrenceAt,
  ruleOf,
  statusOf,
} from '#server/deployments/freezes/rules';
import { parseInput } from '#server/platform/input';

const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;
const NOW = new Date('2026-06-15T12:00:00Z');

/** Zones whose clocks change by an hour, by half an hour, at midnight, in the other half of the year, and never. */
const ZONES = [
  'Europe/Paris',
  'America/New_York',
  'Australia/Lord_Howe',
  'America/Santiago',
  'Africa/Cairo',
  'Asia/Kathmandu',
  'UTC',
] as const;

const clocks = new Map<string, Intl.DateTimeFormat>();

/** The wall clock of a zone at an instant: `2026-03-29T03:00`. */
function wallClock(at: number, timeZone: string): string {
  let format = clocks.get(timeZone);
  if (!format) {
    const digits = { month: '2-digit', day: '2-digit', hour: '2-digit', minute: '2-digit' } as const;
    format = new Intl.DateTimeFormat('sv-SE', { timeZone, year: 'numeric', ...digits });
    clocks.set(timeZone, format);
  }
  return format.format(at).replace(' ', 'T');
}

/** The instants at which the clock of a zone jumps in a year. */
function jumps(year: number, timeZone: string): number[] {
  const found: number[] = [];
  const offset = (at: number) => Date.parse(`${wallClock(at, timeZone)}Z`) - at;
  for (let at = Date.UTC(year, 0, 1); at < Date.UTC(year + 1, 0, 1); at += 30 * MINUTE) {
    if (offset(at) !== offset(at - 30 * MINUTE)) found.push(at);
  }
  return found;
}

function recurring(cron: string, timeZone: string, durationMinutes: number): FreezeRule {
  return { startsAt: null, endsAt: null, cron, timeZone, durationMinutes, endedAt: null };
}

const durations = fc.oneof(fc.integer({ min: 1, max: 180 }), fc.integer({ min: 181, max: 14 * 24 * 60 }));
/** Instants of a year, half of them within two days of a jump of the clock. */
const instants = (timeZone: string) => {
  const near = jumps(2026, timeZone);
  const anywhere = fc.integer({ min: Date.UTC(2026, 0, 2), max: Date.UTC(2026, 11, 30) });
  if (near.length === 0) return anywhere;
  const around = fc.tuple(fc.constantFrom(...near), fc.integer({ min: -2 * DAY, max: 2 * DAY }));
  return fc.oneof(
    anywhere,
    around.map(([at, by]) => at + by),
  );
};
const placed = fc.oneof(...ZONES.map((timeZone) => fc.tuple(fc.constant(timeZone), instants(timeZone))));
const field = (min: number, max: number) =>
  fc.oneof(
    fc.constant('*'),
    fc.integer({ min, max }).map(String),
    fc
      .tuple(fc.integer({ min, max }), fc.integer({ min, max }))
      .map(([a, b]) => `${Math.min(a, b)}-${Math.max(a, b)}`),
    fc.uniqueArray(fc.integer({ min, max }), { minLength: 2, maxLength: 4 }).map((all) => all.join(',')),
    fc.integer({ min: 2, max: 6 }).map((step) => `*/${step}`),
  );
const patterns = fc
  .tuple(field(0, 59), field(0, 23), fc.constantFrom('*', '1', '15', '28-31'), field(1, 12), field(0, 6))
  .map((fields) => fields.join(' '));

describe('a freeze of every day', () => {
  it('begins once a day at its time, at the jump where the clock leaves it out, and at the first where it comes twice', () => {
    fc.assert(
      fc.property(
        placed,
        fc.integer({ min: 0, max: 23 }),
        fc.integer({ min: 0, max: 59 }),
        durations,
        ([timeZone, at], hour, minute, duration) => {
          const time = `${String(hour).padStart(2, '0')}:${String(minute).padStart(2, '0')}`;
          const rule = recurring(`${minute} ${hour} * * *`, timeZone, duration);
          const from = at - 2 * DAY;
          const occurrences = nextOccurrences(rule, new Date(from), 4);
          for (const { startsAt } of occurrences) {
            const begins = wallClock(startsAt.getTime(), timeZone);
            const day = begins.slice(0, 10);
            const before = wallClock(startsAt.getTime() - MINUTE, timeZone);
            const isOnTime = begins === `${day}T${time}`;
            const isAtJump = before < `${day}T${time}` && begins > `${day}T${time}`;
            expect(isOnTime || isAtJump, `${timeZone} ${time}: ${before} → ${begins}`).toBe(true);
          }
          const days = occurrences.map(({ startsAt }) =>
            wallClock(startsAt.getTime(), timeZone).slice(0, 10),
          );
          expect(new Set(days).size).toBe(days.length);
          // No day between is left out.
          const first = Date.parse(days[0] ?? '');
          expect(days.map((day) => (Date.parse(day) - first) / DAY)).toEqual(
            days.map((_day, index) => index),
          );
        },
      ),
      { numRuns: 400 },
    );
  });
});

describe('whether a freeze applies', () => {
  it('agrees with the list of its occurrences, whatever the pattern, the zone and the time of year', () => {
    fc.assert(
      fc.property(placed, patterns, fc.integer({ min: 1, max: 600 }), ([timeZone, at], cron, duration) => {
        const rule = recurring(cron, timeZone, duration);
        const now = new Date(at);
        const listed: { startsAt: Date; endsAt: Date }[] = [];
        let from = new Date(at - duration * MINUTE - 1_000);
        // Enough for one a minute.
        while (from.getTime() <= at) {
          const [next] = nextOccurrences(rule, from, 1);
          if (!next || next.startsAt > now) break;
          listed.push(next);
          from = next.startsAt;
        }
        const last = listed.filter(({ endsAt }) => endsAt > now).at(-1) ?? null;
        expect(occurrenceAt(rule, now)).toEqual(last);
        expect(isActive(rule, now)).toBe(last !== null);
      }),
      { numRuns: 300 },
    );
  });

  it('lists what begins later, in order, each of the length that was asked for', () => {
    fc.assert(
      fc.property(placed, patterns, durations, ([timeZone, at], cron, duration) => {
        const occurrences = nextOccurrences(recurring(cron, timeZone, duration), new Date(at), 5);
        let before = at;
        for (const { startsAt, endsAt } of occurrences) {
          expect(startsAt.getTime()).toBeGreaterThan(before);
          expect(endsAt.getTime() - startsAt.getTime()).toBe(duration * MINUTE);
          before = startsAt.getTime();
        }
      }),
      { numRuns: 200 },
    );
  });

  it('begins with its first instant and ends without its last', () => {
    const weekend = recurring('0 17 * * 5', 'Europe/Paris', 64 * 60);
    const at = (text: string) => isActive(weekend, new Date(text));
    expect(at('2026-06-12T14:59:59.999Z')).toBe(false);
    expect(at('2026-06-12T15:00:00.000Z')).toBe(true);
    expect(at('2026-06-15T06:59:59.999Z')).toBe(true);
    expect(at('2026-06-15T07:00:00.000Z')).toBe(false);
    const once = {
      ...weekend,
      cron: null,
      durationMinutes: null,
      startsAt: NOW,
      endsAt: new Date(+NOW + MINUTE),
    };
    expect([-1, 0, MINUTE - 1, MINUTE].map((ms) => isActive(once, new Date(+NOW + ms)))).toEqual([
      false,
      true,
      true,
      false,
    ]);
  });

  it('is over for good once a person has ended it', () => {
    const ended = { ...recurring('* * * * *', 'UTC', 60), endedAt: NOW };
    expect([statusOf(ended, NOW), nextOccurrences(ended, NOW, 3)]).toEqual(['past', []]);
    expect(statusOf({ ...ended, endedAt: null }, NOW)).toBe('active');
  });
});

describe('the wall clock of a zone', () => {
  it('reads the same in the zone as it was written, unless the clock leaves that time out', () => {
    fc.assert(
      fc.property(placed, ([timeZone, at]) => {
        const text = wallClock(at, timeZone);
        const instant = instantOf(text, timeZone);
        expect(wallClock(instant?.getTime() ?? 0, timeZone)).toBe(text);
        expect(instant?.getTime()).toBeLessThanOrEqual(at);
      }),
      { numRuns: 300 },
    );
    expect(instantOf('2026-03-29T02:30', 'Europe/Paris')?.toISOString()).toBe('2026-03-29T01:30:00.000Z');
    expect(instantOf('2026-12-24T18:00:00Z', 'Europe/Paris')?.toISOString()).toBe('2026-12-24T18:00:00.000Z');
  });
});

describe('what may be asked for', () => {
  const ask = (input: object) =>
    ruleOf(parseInput(createFreezeInput, { reason: 'Holidays', ...input }) as never, NOW);

  it.each([
    [{}, '_'],
    [
      { startsAt: '2026-07-01T00:00', endsAt: '2026-07-02T00:00', cron: '* * * * *', durationMinutes: 1 },
      '_',
    ],
    [{ startsAt: '2026-07-01T00:00' }, 'endsAt'],
    [{ endsAt: '2026-07-01T00:00' }, 'startsAt'],
    [{ startsAt: '2026-07-02T00:00', endsAt: '2026-07-01T00:00' }, 'endsAt'],
    [{ startsAt: '2026-07-01T00:00', endsAt: '2026-07-01T00:00' }, 'endsAt'],
    [{ startsAt: '2026-06-01T00:00', endsAt: '2026-06-15T12:00' }, 'endsAt'],
    [{ startsAt: '2026-07-01T00:00', endsAt: '2027-07-03T00:00' }, 'endsAt'],
    [{ cron: '0 17 * * 5' }, 'durationMinutes'],
    [{ durationMinutes: 60 }, 'cron'],
    [{ cron: '0 17 * *', durationMinutes: 60 }, 'cron'],
    [{ cron: '0 0 17 * * 5', durationMinutes: 60 }, 'cron'],
    [{ cron: '0 24 * * *', durationMinutes: 60 }, 'cron'],
    [{ cron: '0 0 30 2 *', durationMinutes: 60 }, 'cron'],
    [{ cron: '@daily', durationMinutes: 60 }, 'cron'],
    [{ cron: '2026-12-24T18:00:00', durationMinutes: 60 }, 'cron'],
    [{ cron: '0 17 * * 5', durationMinutes: 60, timeZone: 'Mars/Olympus' }, 'timeZone'],
    [{ cron: '0 17 * * 5', durationMinutes: 60, timeZone: '+02:00' }, 'timeZone'],
  ])('refuses %j, naming the field %s', (input, name) => {
    expect(ask(input)).toEqual({ fields: { [name]: [expect.any(String)] } });
  });

  it('takes the wall clock of the zone for times without an offset', () => {
    expect(
      ask({ startsAt: '2026-07-01T00:00', endsAt: '2027-07-02T00:00', timeZone: 'Europe/Paris' }),
    ).toEqual({
      rule: {
        startsAt: new Date('2026-06-30T22:00:00Z'),
        endsAt: new Date('2027-07-01T22:00:00Z'),
        cron: null,
        timeZone: null,
        durationMinutes: null,
      },
    });
    expect(ask({ cron: ' 0  17 * * FRI ', durationMinutes: '64', timeZone: 'Europe/Paris' })).toMatchObject({
      rule: { cron: '0 17 * * FRI', durationMinutes: 64 },
    });
  });

  it('comes to a rule that can apply, or says what is wrong, whatever is typed', () => {
    const text = fc.option(
      fc.oneof(fc.string(), patterns, fc.constantFrom('2026-07-01T10:00', '2026-09-01T10:00:00Z')),
      {
        nil: undefined,
      },
    );
    fc.assert(
      fc.property(
        fc.record({
          startsAt: text,
          endsAt: text,
          cron: text,
          timeZone: fc.oneof(fc.string(), fc.constantFrom(...ZONES)),
        }),
        fc.option(fc.integer({ min: 1, max: 20_160 }), { nil: undefined }),
        (input, durationMinutes) => {
          const made = ruleOf({ reason: 'x', ...input, durationMinutes } as never, NOW);
          if ('fields' in made) {
            expect(Object.values(made.fields).flat().length).toBe(1);
            return;
          }
          const { rule } = made;
          expect(statusOf({ ...rule, endedAt: null }, NOW)).not.toBe('past');
          if (rule.startsAt && rule.endsAt) {
            const length = rule.endsAt.getTime() - rule.startsAt.getTime();
            expect(length).toBeGreaterThan(0);
            expect(length).toBeLessThanOrEqual(FREEZE_MAX_DAYS * DAY);
          }
        },
      ),
      { numRuns: 500 },
    );
  });
});
