const DAYS = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday'];
const MONTHS = [
  'January',
  'February',
  'March',
  'April',
  'May',
  'June',
  'July',
  'August',
  'September',
  'October',
  'November',
  'December',
];
/** Times of a day that are still read one by one. */
const TIMES_LISTED = 4;

/** The values of a field, ascending, and what it says as a whole. */
interface Field {
  values: number[];
  isEvery: boolean;
  /** The n of a step over everything that comes round evenly. */
  step: number | null;
}

/**
 * A rule in words, as `Every Monday at 10:00`; null for one that words would only make harder to read, and for one that
 * cannot be used. The times are those of the rule's own time zone.
 */
export function ruleInWords(cron: string): string | null {
  const fields = cron.trim().split(/\s+/);
  if (fields.length !== 5) return null;
  const [minute, hour, dayOfMonth, month, dayOfWeek] = [
    expand(fields[0] ?? '', 0, 59),
    expand(fields[1] ?? '', 0, 23),
    expand(fields[2] ?? '', 1, 31),
    expand(fields[3] ?? '', 1, 12, MONTHS),
    expand(fields[4] ?? '', 0, 7, DAYS),
  ];
  if (!minute || !hour || !dayOfMonth || !month || !dayOfWeek) return null;
  const days = daysInWords(dayOfMonth, month, dayOfWeek);
  const times = timesOfDay(minute, hour);
  if (times) return capital(`${days ?? 'every day'} at ${times}`);
  const rhythm = rhythmInWords(minute, hour);
  if (!rhythm) return null;
  return capital(days ? `${rhythm}, ${days}` : rhythm);
}

/** `10:00 and 18:00`; null where they are too many to name. */
function timesOfDay(minute: Field, hour: Field): string | null {
  if (hour.isEvery || minute.values.length * hour.values.length > TIMES_LISTED) return null;
  return list(hour.values.flatMap((h) => minute.values.map((m) => clock(h, m))));
}

function rhythmInWords(minute: Field, hour: Field): string | null {
  const [first = 0] = minute.values;
  const isOnce = minute.values.length === 1;
  const every = minute.isEvery ? 'every minute' : minute.step ? `every ${minute.step} minutes` : null;
  if (hour.isEvery) {
    if (every) return every;
    if (!isOnce) return null;
    return first === 0 ? 'every hour, on the hour' : `every hour at minute ${first}`;
  }
  if (hour.step && isOnce) return `every ${hour.step} hours from ${clock(0, first)}`;
  const [from, to] = [hour.values[0] ?? 0, hour.values.at(-1) ?? 0];
  if (to - from !== hour.values.length - 1) return null;
  if (every) return `${every} from ${clock(from, 0)} to ${clock(to, 59)}`;
  return isOnce ? `every hour from ${clock(from, first)} to ${clock(to, first)}` : null;
}

/** `every Monday`, `on day 1 of January`; null for every day. A day of month and a weekday together mean either. */
function daysInWords(dayOfMonth: Field, month: Field, dayOfWeek: Field): string | null {
  const months = month.isEvery ? null : spans(month.values, (value) => MONTHS[value - 1] ?? '');
  const weekdays = dayOfWeek.isEvery
    ? null
    : spans([...new Set(dayOfWeek.values.map((value) => value % 7))].sort(mondayFirst), (value) =>
        String(DAYS[value]),
      );
  const dates = dayOfMonth.isEvery
    ? null
    : `on day ${spans(dayOfMonth.values, String)} of ${months ?? 'every month'}`;
  const week = weekdays && (weekdays.includes(' to ') ? weekdays : `every ${weekdays}`);
  if (dates) return week ? `${dates} and ${week}` : dates;
  if (week) return months ? `${week} in ${months}` : week;
  return months && `every day in ${months}`;
}

const mondayFirst = (a: number, b: number): number => ((a + 6) % 7) - ((b + 6) % 7);

/** Null for a field with a sign that is not of the plain five-field language. */
function expand(text: string, least: number, most: number, names: readonly string[] = []): Field | null {
  const values = new Set<number>();
  for (const part of text.split(',')) {
    const found = /^(\*|[0-9a-z]+)(?:-([0-9a-z]+))?(?:\/(\d+))?$/i.exec(part);
    if (!found) return null;
    const [, start = '', end, step] = found;
    const isStar = start === '*';
    const from = isStar ? least : numberOf(start, least, names);
    const to = isStar || (step && !end) ? most : numberOf(end ?? start, least, names);
    if (from === null || to === null || from < least || to > most || from > to) return null;
    for (let value = from; value <= to; value += Math.max(1, Number(step ?? 1))) values.add(value);
  }
  const step = Number(/^\*\/(\d+)$/.exec(text)?.[1] ?? 0);
  return {
    values: [...values].sort((a, b) => a - b),
    isEvery: text === '*' || step === 1,
    step: step > 1 && (most + 1) % step === 0 ? step : null,
  };
}

function numberOf(text: string, least: number, names: readonly string[]): number | null {
  if (/^\d+$/.test(text)) return Number(text);
  const index = names.findIndex((name) => name.slice(0, 3).toLowerCase() === text.toLowerCase());
  return index < 0 ? null : index + least;
}

/** Three or more in a row read as a span: `Monday to Friday`. */
function spans(values: readonly number[], nameOf: (value: number) => string): string {
  const groups: number[][] = [];
  for (const value of values) {
    const group = groups.at(-1);
    if (group && value === ((group.at(-1) ?? 0) + 1) % (value === 0 ? 7 : 100)) group.push(value);
    else groups.push([value]);
  }
  return list(
    groups.flatMap((group) =>
      group.length > 2
        ? [`${nameOf(group[0] ?? 0)} to ${nameOf(group.at(-1) ?? 0)}`]
        : group.map((value) => nameOf(value)),
    ),
  );
}

/** `a`, `a and b`, `a, b and c` */
function list(words: readonly string[]): string {
  return words.length < 2 ? words.join('') : `${words.slice(0, -1).join(', ')} and ${words.at(-1)}`;
}

function clock(hour: number, minute: number): string {
  return `${String(hour).padStart(2, '0')}:${String(minute).padStart(2, '0')}`;
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
