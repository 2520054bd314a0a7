import { Cron } from 'croner';
import type { MissedPolicy } from '#server/schedules/contract';

const MINUTE = 60_000;

/** A rule without a due time for so long never happens: the rarest, 29 February on one weekday, comes every 40 years. */
const HORIZON_YEARS = 50;

/**
 * A time of day that is named (no `*` and no step in minute and hour) counts as one: where the clocks go forward over it
 * it is due once, at the first moment after the gap; where they go back it is due once, at its first occurrence.
 * Everything else follows the clock on the wall: what falls into a gap is not due, what comes twice is due twice.
 */
function parse(cron: string, timeZone: string): Cron {
  return new Cron(cron, { timezone: timeZone, mode: '5-part', fixedTimeRule: 'no-wildcard', paused: true });
}

/** The due times in (`after`, `until`], oldest first, at most `max`. The rule must have passed {@link cronProblem}. */
export function dueTicks(cron: string, timeZone: string, after: Date, until: Date, max: number): Date[] {
  const rule = parse(cron, timeZone);
  const ticks: Date[] = [];
  let last = after;
  while (ticks.length < max) {
    const next = rule.nextRun(last);
    if (!next || next > until) break;
    ticks.push(next);
    last = next;
  }
  return ticks;
}

/** The next `count` due times after `after`; fewer where the rule ends. */
export function nextTicks(cron: string, timeZone: string, after: Date, count: number): Date[] {
  const horizon = new Date(after);
  horizon.setUTCFullYear(horizon.getUTCFullYear() + HORIZON_YEARS);
  return dueTicks(cron, timeZone, after, horizon, count);
}

/** The newest `max` due times in (`after`, `until`], oldest first, without counting through what lies before them. */
export function newestTicks(cron: string, timeZone: string, after: Date, until: Date, max: number): Date[] {
  for (let spanMs = max * MINUTE; ; spanMs *= 4) {
    const from = new Date(Math.max(after.getTime(), until.getTime() - spanMs));
    const ticks = dueTicks(cron, timeZone, from, until, Number.POSITIVE_INFINITY);
    if (ticks.length >= max || from.getTime() <= after.getTime()) return ticks.slice(-max);
  }
}

/** Why the five fields cannot be used, in words for the person who typed them; null when they can. */
export function cronProblem(cron: string): string | null {
  const fields = cron.trim().split(/\s+/);
  if (fields.length !== 5) {
    return 'Use five fields: minute, hour, day of month, month, day of week. For Mondays at 10:00 write 0 10 * * 1.';
  }
  if (fields.some((field) => field.includes('?')))
    return 'A question mark has no fixed meaning. Use * instead.';
  try {
    const first = nextTicks(cron, 'UTC', new Date(0), 1)[0];
    return first ? null : 'There is no such date: this would never happen.';
  } catch (error) {
    const detail = error instanceof Error ? error.message.replace(/^Cron\w+: /, '') : String(error);
    return `This cannot be read: ${detail.replace(/\.$/, '')}.`;
  }
}

/** Why this is no time zone that can be used; null when it is one. */
export function timeZoneProblem(timeZone: string): string | null {
  const isName = /^(UTC|[A-Za-z][A-Za-z_]*(\/[A-Za-z0-9_+-]+)+)$/.test(timeZone);
  try {
    if (isName && new Intl.DateTimeFormat('en', { timeZone })) return null;
  } catch {
    // Told below.
  }
  return `"${timeZone}" is no time zone. Use a name of the IANA list, like Europe/Paris or UTC.`;
}

/** What a look at the clock finds to do. */
export interface CatchUp {
  /** Nobody was there in time, oldest first; each gets a row. */
  missed: Date[];
  /** Older ones that get one row together; null where there are none. `count` stops at {@link COUNT_LIMIT}. */
  leftOut: { count: number; isMore: boolean; first: Date; last: Date } | null;
  /** The newest missed one, to be started late in place of all of them. */
  late: Date | null;
  /** Due now, oldest first. */
  onTime: Date[];
}

/** Missed due times of one catch-up that get a row of their own. */
export const MISSED_ROWS = 100;
/** Counting further would take long and tell nobody more. */
export const COUNT_LIMIT = 1_000;

/**
 * Sorts everything that became due in (`settledUntil`, `now`]. A due time older than `graceMs` is missed; with `null`
 * every one is. With `run_once` the newest missed one is started late, unless another is due right now.
 */
export function planCatchUp(
  rule: { cron: string; timeZone: string; missed: MissedPolicy },
  settledUntil: Date,
  now: Date,
  graceMs: number | null,
): CatchUp {
  const { cron, timeZone } = rule;
  // Due at exactly `now - grace` is in time: windows are open at their beginning.
  const inTimeAfter = graceMs === null ? now.getTime() : now.getTime() - graceMs - 1;
  const graceBegins = new Date(Math.max(settledUntil.getTime(), inTimeAfter));
  const onTime = dueTicks(cron, timeZone, graceBegins, now, Number.POSITIVE_INFINITY);
  const missed = newestTicks(cron, timeZone, settledUntil, graceBegins, MISSED_ROWS);
  const late = rule.missed === 'run_once' && onTime.length === 0 ? (missed.pop() ?? null) : null;
  const oldest = missed[0] ?? late;
  const isFull = missed.length + (late ? 1 : 0) === MISSED_ROWS;
  return { missed, late, onTime, leftOut: oldest && isFull ? countBefore(rule, settledUntil, oldest) : null };
}

function countBefore(
  { cron, timeZone }: { cron: string; timeZone: string },
  after: Date,
  before: Date,
): CatchUp['leftOut'] {
  const until = new Date(before.getTime() - 1);
  const ticks = dueTicks(cron, timeZone, after, until, COUNT_LIMIT + 1);
  const [first] = ticks;
  const [last] = newestTicks(cron, timeZone, after, until, 1);
  if (!first || !last) return null;
  return { count: Math.min(ticks.length, COUNT_LIMIT), isMore: ticks.length > COUNT_LIMIT, first, last };
}

/** Where the clock has gone back behind what was settled, what lies ahead was settled by a wrong clock. */
export function wentBack(settledUntil: Date, now: Date, graceMs: number): boolean {
  return settledUntil.getTime() > now.getTime() + Math.max(graceMs, MINUTE);
}

/** True while another look at the clock would find something. */
export function isDue(rule: { cron: string; timeZone: string }, settledUntil: Date, now: Date): boolean {
  return dueTicks(rule.cron, rule.timeZone, settledUntil, now, 1).length > 0;
}
