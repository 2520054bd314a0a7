import { formatCount } from '#app/lib/format';

export type ChartUnit = 'percent' | 'ms' | 'per_second' | 'count';

export interface ChartSeries {
  key: string;
  label: string;
  /** By step; null where nothing is known. */
  values: readonly (number | null)[];
}

export interface ChartLimit {
  value: number;
  /** What the line means, such as "rolls back". */
  label: string;
  tone: 'warning' | 'critical';
}

export interface ChartMark {
  id: string;
  kind: 'deploy' | 'rollback' | 'alert';
  at: string;
  until: string | null;
  label: string;
}

/** The time that a chart spans, ms since 1970; `stepMs` between its values. */
export interface ChartTime {
  fromMs: number;
  toMs: number;
  stepMs: number;
}

export interface Figures {
  least: number;
  average: number;
  most: number;
  /** The newest value, and how many steps ago it was. */
  last: number;
  stepsAgo: number;
}

/** What a series comes to; null where it says nothing at all. */
export function figuresOf(values: readonly (number | null)[]): Figures | null {
  const known = values.filter((value): value is number => value !== null);
  const last = known.at(-1);
  if (last === undefined) return null;
  const lastAt = values.findLastIndex((value) => value !== null);
  return {
    least: Math.min(...known),
    average: known.reduce((sum, value) => sum + value, 0) / known.length,
    most: Math.max(...known),
    last,
    stepsAgo: values.length - 1 - lastAt,
  };
}

/** `0.42 %`, `84 ms`, `1.2 s`, `12.4/s`, `1,204`: three digits that count, with the unit. */
export function formatValue(value: number, unit: ChartUnit): string {
  if (unit === 'ms' && Math.abs(value) >= 10_000) return `${(value / 1_000).toFixed(0)} s`;
  if (unit === 'ms' && Math.abs(value) >= 1_000) return `${trim(value / 1_000)} s`;
  if (unit === 'ms') return `${Math.abs(value) >= 10 ? Math.round(value) : trim(value)} ms`;
  if (unit === 'percent') return `${trim(value)} %`;
  if (unit === 'per_second') return `${trim(value)}/s`;
  return trim(value);
}

function trim(value: number): string {
  const size = Math.abs(value);
  if (size >= 1_000) return formatCount(value);
  if (size >= 100) return value.toFixed(0);
  const text = value.toFixed(size >= 10 ? 1 : 2);
  return text.includes('.') ? text.replace(/\.?0+$/, '') : text;
}

/** Where values lie: from 0 to a round number above them. */
export interface Scale {
  top: number;
  ticks: number[];
}

/** A limit is in the picture when values come near it, or when there is nothing else to see. */
const NEAR = 0.25;

export function scaleOf(series: readonly ChartSeries[], limits: readonly ChartLimit[]): Scale {
  const most = Math.max(0, ...series.flatMap(({ values }) => values.map((value) => value ?? 0)));
  const lowest = Math.min(...limits.map(({ value }) => value));
  const isNear = (value: number) => most >= value * NEAR || (most === 0 && value === lowest);
  const inSight = limits.filter(({ value }) => isNear(value)).map(({ value }) => value);
  const reach = Math.max(most * 1.08, ...inSight.map((value) => value * 1.15)) || 1;
  const step = roundUp(reach / 3);
  const count = Math.ceil(reach / step - 1e-9);
  return {
    top: step * count,
    ticks: Array.from({ length: count + 1 }, (_, n) => Number((step * n).toPrecision(6))),
  };
}

function roundUp(value: number): number {
  const power = 10 ** Math.floor(Math.log10(value));
  const digit = [1, 2, 2.5, 5, 10].find((each) => each * power >= value * (1 - 1e-9)) ?? 10;
  return digit * power;
}

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const WEEK = 7 * DAY;
const TICK_STEPS = [
  5 * MINUTE,
  10 * MINUTE,
  15 * MINUTE,
  30 * MINUTE,
  HOUR,
  2 * HOUR,
  3 * HOUR,
  6 * HOUR,
  12 * HOUR,
  DAY,
  2 * DAY,
  WEEK,
  2 * WEEK,
  4 * WEEK,
  8 * WEEK,
  13 * WEEK,
];

/** Round times in UTC for the axis, at most `most`. */
export function timeTicks({ fromMs, toMs }: Pick<ChartTime, 'fromMs' | 'toMs'>, most: number): number[] {
  const step = TICK_STEPS.find((each) => (toMs - fromMs) / each <= most) ?? 26 * WEEK;
  // Weeks begin on Monday, as 1970-01-05 was.
  const origin = step % WEEK === 0 ? 4 * DAY : 0;
  const first = Math.ceil((fromMs - origin) / step) * step + origin;
  return Array.from(
    { length: Math.max(0, Math.floor((toMs - first) / step) + 1) },
    (_, n) => first + n * step,
  );
}

/** `09:30`, or `2 Mar` where a day begins; UTC. */
export function tickLabel(ms: number): string {
  const time = new Date(ms);
  if (ms % DAY !== 0) return time.toISOString().slice(11, 16);
  return `${time.getUTCDate()} ${MONTHS[time.getUTCMonth()]}`;
}

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

/** `Mon 2 Mar 09:30 UTC` */
export function momentLabel(ms: number): string {
  const time = new Date(ms);
  const day = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'][time.getUTCDay()];
  return `${day} ${time.getUTCDate()} ${MONTHS[time.getUTCMonth()]} ${time.toISOString().slice(11, 16)} UTC`;
}

export interface TableRow {
  at: number;
  values: (number | null)[];
}

/** The values in at most `most` rows: the highest of each stretch, so that no peak is lost. */
export function tableRows(
  series: readonly ChartSeries[],
  time: ChartTime,
  most: number,
): { rows: TableRow[]; stepMs: number } {
  const count = Math.max(0, ...series.map(({ values }) => values.length));
  const each = Math.max(1, Math.ceil(count / most));
  const rows = Array.from({ length: Math.ceil(count / each) }, (_, row): TableRow => {
    const its = series.map(({ values }) => {
      const known = values
        .slice(row * each, (row + 1) * each)
        .filter((value): value is number => value !== null);
      return known.length > 0 ? Math.max(...known) : null;
    });
    return { at: time.fromMs + row * each * time.stepMs, values: its };
  });
  return { rows, stepMs: each * time.stepMs };
}

/** An SVG path of values without their gaps; what stands alone between gaps is a short dash. */
export function pathOf(
  values: readonly (number | null)[],
  x: (step: number) => number,
  y: (value: number) => number,
): string {
  let text = '';
  for (const [at, value] of values.entries()) {
    if (value === null) continue;
    const [left, top] = [x(at).toFixed(1), y(value).toFixed(1)];
    const joins = at > 0 && values[at - 1] !== null;
    const isAlone = !joins && values[at + 1] == null;
    text += joins ? `L${left} ${top}` : isAlone ? `M${left} ${top}h2` : `M${left} ${top}`;
  }
  return text;
}

/** What happened, in the time that is shown. */
export function marksWithin(marks: readonly ChartMark[], { fromMs, toMs }: ChartTime): ChartMark[] {
  return marks.filter(({ at, until, kind }) => {
    const begins = Date.parse(at);
    const ends = until ? Date.parse(until) : kind === 'alert' ? toMs : begins;
    return begins <= toMs && ends >= fromMs;
  });
}

/** Those whose words have room beside each other: a mark too near to the one before is a line alone. */
export function labelledMarks(
  marks: readonly ChartMark[],
  room: number,
  { fromMs, toMs }: ChartTime,
): Set<string> {
  const shown = new Set<string>();
  let free = Number.NEGATIVE_INFINITY;
  const gap = (toMs - fromMs) / Math.max(1, room);
  for (const { id, at, kind } of marks) {
    const ms = Date.parse(at);
    if (kind === 'alert' || ms < free || ms < fromMs) continue;
    shown.add(id);
    free = ms + gap;
  }
  return shown;
}

/** The times in which some alert was open, within what is shown; alerts that overlap are one. */
export function alertBands(marks: readonly ChartMark[], time: ChartTime): { fromMs: number; toMs: number }[] {
  const bands: { fromMs: number; toMs: number }[] = [];
  const spans = marksWithin(marks, time)
    .filter(({ kind }) => kind === 'alert')
    .map(({ at, until }) => ({
      fromMs: Math.max(time.fromMs, Date.parse(at)),
      toMs: Math.min(time.toMs, until ? Date.parse(until) : time.toMs),
    }))
    .sort((a, b) => a.fromMs - b.fromMs);
  for (const span of spans) {
    const last = bands.at(-1);
    if (last && span.fromMs <= last.toMs) last.toMs = Math.max(last.toMs, span.toMs);
    else bands.push(span);
  }
  return bands;
}

/** `10 min`, `1 h`, `2 d`: for steps, which are whole minutes. */
export function stepWords(ms: number): string {
  const minutes = Math.round(ms / MINUTE);
  if (minutes % 1_440 === 0) return `${minutes / 1_440} d`;
  return minutes % 60 === 0 ? `${minutes / 60} h` : `${minutes} min`;
}
