import type { UptimeDay } from '#server/status/contract';
import {
  COMPONENT_STATES,
  type ComponentState,
  IMPACTS,
  type Impact,
  type MaintenanceStatus,
  type PublicState,
} from '#server/status/words/contract';

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;
/** The public hears of a grave incident within this, ms. */
export const FIRST_POST_MS = 5 * MINUTE_MS;
/** And then at least so often, ms, for so long. */
export const POST_EVERY_MS = 20 * MINUTE_MS;
export const POST_FOR_MS = 120 * MINUTE_MS;
/** Failures in a row after which a check is taken for down. */
const FAILURES = 3;
/** A check that was not looked at for so long says nothing, ms; or for three of its intervals. */
const SILENCE_MS = 5 * MINUTE_MS;
export const BAR_DAYS = 90;

export type Impacts = Readonly<Record<string, Impact>>;

export interface CheckStanding {
  lastAt: Date | null;
  lastOutcome: string | null;
  consecutiveFailures: number;
  intervalMs: number;
}

/** The worst of some states; what nobody looked at is told only where nothing else is. */
export function worstOf(states: readonly ComponentState[]): ComponentState {
  const known = states.filter((state) => state !== 'unknown');
  if (known.length === 0) return states.length > 0 ? 'unknown' : 'operational';
  return known.reduce((worst, state) => (rank(state) > rank(worst) ? state : worst), 'operational');
}

/** How checks say that a component is: down altogether, in part, or not. Those that nobody looked at say nothing. */
export function stateOfChecks(checks: readonly CheckStanding[], now: Date): ComponentState {
  const heard = checks.filter(
    ({ lastAt, lastOutcome, intervalMs }) =>
      lastAt !== null &&
      lastOutcome !== 'not_run' &&
      now.getTime() - lastAt.getTime() <= Math.max(SILENCE_MS, 3 * intervalMs),
  );
  if (heard.length === 0) return 'unknown';
  const down = heard.filter(({ consecutiveFailures }) => consecutiveFailures >= FAILURES).length;
  if (down === 0) return 'operational';
  return down === heard.length ? 'major_outage' : 'partial_outage';
}

/**
 * How a component is. What people told counts before what checks say, since they know more; announced work explains what is
 * down meanwhile.
 */
export function stateOfComponent(parts: {
  impacts: readonly Impact[];
  isInMaintenance: boolean;
  checks: readonly CheckStanding[];
  now: Date;
}): ComponentState {
  const told = worstOf(parts.impacts.map((impact) => (impact === 'none' ? 'operational' : impact)));
  if (told !== 'operational') return told;
  if (parts.isInMaintenance) return 'maintenance';
  return stateOfChecks(parts.checks, parts.now);
}

/** The graver of two impacts of each component. */
export function worstImpacts(all: readonly Impacts[]): Record<string, Impact> {
  const worst: Record<string, Impact> = {};
  for (const [key, impact] of all.flatMap((each) => Object.entries(each))) {
    const before = worst[key] ?? 'none';
    worst[key] = IMPACTS.indexOf(impact) > IMPACTS.indexOf(before) ? impact : before;
  }
  return worst;
}

/** True when a public incident may be told to be so next: one that is resolved can only be opened again. */
export function mayFollow(from: PublicState | null, to: PublicState): boolean {
  return from !== 'resolved' || to === 'investigating';
}

/**
 * The minutes until the next update that a post promises; null: none. Where nothing is said, the promise of the first two
 * hours is kept up.
 */
export function promisedMinutes(
  given: number | undefined,
  { state, openedAt, now }: { state: PublicState; openedAt: Date; now: Date },
): number | null {
  if (state === 'resolved' || given === 0) return null;
  if (given !== undefined) return given;
  return now.getTime() - openedAt.getTime() < POST_FOR_MS ? POST_EVERY_MS / MINUTE_MS : null;
}

/** When a post is due first, of those that come again every 20 minutes until it is there. */
export interface FirstDue {
  at: Date;
  /** Somebody named this time: it counts whenever it was for. */
  isPromise: boolean;
}

/**
 * When the next post about an open public incident is due: when its last one promised it, and where none is promised 20 minutes
 * after its last one. Who promises no time spares the public a time, not those who are to tell it how things stand.
 */
export function nextPostDue({ promisedAt, postedAt }: { promisedAt: Date | null; postedAt: Date }): FirstDue {
  if (promisedAt !== null) return { at: promisedAt, isPromise: true };
  return { at: new Date(postedAt.getTime() + POST_EVERY_MS), isPromise: false };
}

/**
 * The last time that a post was due, of dues that come again every 20 minutes; null before the first and after the two hours
 * from `beganAt` in which the console reminds of them. A promise is reminded of at its own time after those, too.
 */
export function lastDue(first: FirstDue, beganAt: Date, now: Date): Date | null {
  const lateMs = now.getTime() - first.at.getTime();
  if (lateMs < 0) return null;
  const due = new Date(first.at.getTime() + Math.floor(lateMs / POST_EVERY_MS) * POST_EVERY_MS);
  const isPromised = first.isPromise && due.getTime() === first.at.getTime();
  return isPromised || due.getTime() - beganAt.getTime() <= POST_FOR_MS ? due : null;
}

export function maintenanceStatus(
  { startsAt, endsAt, cancelledAt }: { startsAt: Date; endsAt: Date; cancelledAt: Date | null },
  now: Date,
): MaintenanceStatus {
  if (cancelledAt) return 'cancelled';
  if (now < startsAt) return 'planned';
  return now < endsAt ? 'under_way' : 'over';
}

export interface DaySeconds {
  /** ISO 8601, the beginning of a day of UTC. */
  from: string;
  okSeconds: number;
  failedSeconds: number;
}

/** The last {@link BAR_DAYS} days of UTC with today, in order, and the share of all of them that was well, percent. */
export function uptimeDays(
  buckets: readonly DaySeconds[],
  now: Date,
): { days: UptimeDay[]; percent: number | null } {
  const byDate = new Map<string, { ok: number; failed: number }>();
  for (const { from, okSeconds, failedSeconds } of buckets) {
    const date = from.slice(0, 10);
    const sum = byDate.get(date) ?? { ok: 0, failed: 0 };
    byDate.set(date, { ok: sum.ok + okSeconds, failed: sum.failed + failedSeconds });
  }
  const days = Array.from({ length: BAR_DAYS }, (_, at) => {
    const date = new Date(now.getTime() - (BAR_DAYS - 1 - at) * DAY_MS).toISOString().slice(0, 10);
    return { date, ...(byDate.get(date) ?? { ok: 0, failed: 0 }) };
  });
  const share = (ok: number, failed: number) => (ok + failed === 0 ? null : (100 * ok) / (ok + failed));
  return {
    days: days.map(({ date, ok, failed }) => ({ date, percent: share(ok, failed) })),
    percent: share(
      days.reduce((sum, { ok }) => sum + ok, 0),
      days.reduce((sum, { failed }) => sum + failed, 0),
    ),
  };
}

function rank(state: ComponentState): number {
  return COMPONENT_STATES.indexOf(state);
}
