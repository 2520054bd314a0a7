import fc from 'fast-check';

/*
 * What cron rules mean on the wall clocks of the world, reckoned minute by minute by the runtime's own calendar and not
 * by the library under test.
 */

export const MINUTE = 60_000;
export const HOUR = 60 * MINUTE;
export const DAY = 24 * HOUR;

/** Clocks that change by an hour, by half an hour, by two, at midnight, against the seasons, and never. */
export const ZONES = [
  'Europe/Paris',
  'America/New_York',
  'Australia/Lord_Howe',
  'Africa/Casablanca',
  'Africa/Cairo',
  'America/Havana',
  'America/St_Johns',
  'Antarctica/Troll',
  'Asia/Kathmandu',
  'UTC',
] as const;
export const FROM = Date.UTC(2025, 0, 1);
export const TO = Date.UTC(2027, 0, 1);

interface Wall {
  minute: number;
  hour: number;
  day: number;
  month: number;
  weekday: number;
  /** The wall's time as if it were UTC: comparable, and the same for both occurrences of a repeated time. */
  stamp: number;
}

const formats = new Map(
  ZONES.map((zone) => [
    zone as string,
    new Intl.DateTimeFormat('en-GB', {
      timeZone: zone,
      hourCycle: 'h23',
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
    }),
  ]),
);

/** What a clock on a wall there shows, by the runtime's own calendar and not by the library under test. */
export function wallAt(zone: string, at: number): Wall {
  const parts = Object.fromEntries(
    (formats.get(zone) as Intl.DateTimeFormat)
      .formatToParts(at)
      .map(({ type, value }) => [type, Number(value)]),
  );
  const { year, month, day, hour, minute } = parts as Record<string, number>;
  const stamp = Date.UTC(year ?? 0, (month ?? 1) - 1, day, hour, minute);
  return {
    minute: minute ?? 0,
    hour: hour ?? 0,
    day: day ?? 0,
    month: month ?? 0,
    weekday: new Date(stamp).getUTCDay(),
    stamp,
  };
}

export const offsetAt = (zone: string, at: number): number => wallAt(zone, at).stamp - at;

/** The first moments after a change of the clocks. */
function changesOf(zone: string): number[] {
  const changes: number[] = [];
  for (let at = FROM; at < TO; at += 6 * HOUR) {
    if (offsetAt(zone, at) === offsetAt(zone, at + 6 * HOUR)) continue;
    let low = at;
    let high = at + 6 * HOUR;
    while (high - low > MINUTE) {
      const middle = Math.floor((low + high) / 2 / MINUTE) * MINUTE;
      if (offsetAt(zone, middle) === offsetAt(zone, at)) low = middle;
      else high = middle;
    }
    changes.push(high);
  }
  return changes;
}

export const changes = new Map(ZONES.map((zone) => [zone as string, changesOf(zone)]));

/** A field of a rule with what it means, told apart from the library's reading of its text. */
interface Field {
  text: string;
  isWild: boolean;
  has(value: number): boolean;
}

function field(min: number, max: number, options: { steps: boolean }): fc.Arbitrary<Field> {
  const value = fc.integer({ min, max });
  const any: Field = { text: '*', isWild: true, has: () => true };
  const list = fc.uniqueArray(value, { minLength: 1, maxLength: 3 }).map(
    (values): Field => ({
      text: values.join(','),
      isWild: false,
      has: (at) => values.includes(at),
    }),
  );
  const range = fc.tuple(value, value).map(([a, b]): Field => {
    const [low, high] = [Math.min(a, b), Math.max(a, b)];
    return { text: `${low}-${high}`, isWild: false, has: (at) => at >= low && at <= high };
  });
  const step = fc
    .integer({ min: 2, max: Math.max(2, Math.floor((max - min) / 2)) })
    .map((by): Field => ({ text: `*/${by}`, isWild: true, has: (at) => (at - min) % by === 0 }));
  return options.steps ? fc.oneof(fc.constant(any), list, range, step) : fc.oneof(fc.constant(any), list);
}

interface Rule {
  cron: string;
  minute: Field;
  hour: Field;
  day: Field;
  month: Field;
  weekday: Field;
}

export const rules: fc.Arbitrary<Rule> = fc
  .record({
    minute: field(0, 59, { steps: true }),
    hour: field(0, 23, { steps: true }),
    day: field(1, 31, { steps: false }),
    month: field(1, 12, { steps: false }),
    weekday: field(0, 6, { steps: false }),
  })
  .map((fields) => ({
    ...fields,
    cron: [fields.minute, fields.hour, fields.day, fields.month, fields.weekday]
      .map(({ text }) => text)
      .join(' '),
  }));

/** With both a day of the month and a day of the week, either will do, as cron has always had it. */
function dayMatches(rule: Rule, wall: Wall): boolean {
  if (!rule.month.has(wall.month)) return false;
  const byDay = rule.day.has(wall.day);
  const byWeekday = rule.weekday.has(wall.weekday);
  if (rule.day.isWild) return byWeekday;
  return rule.weekday.isWild ? byDay : byDay || byWeekday;
}

export function matches(rule: Rule, wall: Wall): boolean {
  return rule.minute.has(wall.minute) && rule.hour.has(wall.hour) && dayMatches(rule, wall);
}

/** Named times of day, as opposed to every so many minutes or hours. */
const isNamedTime = (rule: Rule): boolean => !rule.minute.isWild && !rule.hour.isWild;

const walls = new Map<string, { at: number; wall: Wall }[]>();

/** Every minute of two days around a change. */
function minutesAround(zone: string, change: number): { at: number; wall: Wall }[] {
  const key = `${zone} ${change}`;
  const known = walls.get(key);
  if (known) return known;
  const made = Array.from({ length: (2 * DAY) / MINUTE }, (_, index) => {
    const at = change - DAY + index * MINUTE;
    return { at, wall: wallAt(zone, at) };
  });
  walls.set(key, made);
  return made;
}

/** The due times around a change, counted minute by minute on the wall. */
export function expectedAround(rule: Rule, zone: string, change: number): number[] {
  const minutes = minutesAround(zone, change);
  if (!isNamedTime(rule)) return minutes.filter(({ wall }) => matches(rule, wall)).map(({ at }) => at);
  const due = new Set<number>();
  const seen = new Set<number>();
  minutes.forEach(({ at, wall }, index) => {
    if (matches(rule, wall) && !seen.has(wall.stamp)) due.add(at);
    seen.add(wall.stamp);
    // The wall jumped forward to here: what it left out is due now.
    const before = minutes[index - 1];
    for (let stamp = (before?.wall.stamp ?? wall.stamp) + MINUTE; stamp < wall.stamp; stamp += MINUTE) {
      const skipped = new Date(stamp);
      const left: Wall = {
        minute: skipped.getUTCMinutes(),
        hour: skipped.getUTCHours(),
        day: skipped.getUTCDate(),
        month: skipped.getUTCMonth() + 1,
        weekday: skipped.getUTCDay(),
        stamp,
      };
      if (matches(rule, left)) due.add(at);
    }
  });
  return [...due].sort((a, b) => a - b);
}

export const changing = ZONES.filter((zone) => (changes.get(zone) ?? []).length > 0);
export const aChange = fc
  .constantFrom(...changing)
  .chain((zone) => fc.constantFrom(...(changes.get(zone) ?? [])).map((change) => ({ zone, change })));
