import type { FigurePeriod, MilestoneKey, TimeKind } from '#server/figures/words/contract';

const DAY_MS = 86_400_000;
const WEEK_MS = 7 * DAY_MS;
/** 1970-01-05 was a Monday. */
const MONDAY_MS = 4 * DAY_MS;
const PERIOD_DAYS: Record<FigurePeriod, number> = { '30d': 30, '90d': 90, '12m': 365 };
/** How many weeks are shown one by one, this one among them. */
const PERIOD_WEEKS: Record<FigurePeriod, number> = { '30d': 13, '90d': 13, '12m': 53 };

/** The time that figures are of, the one before that they are compared with, and the weeks of the chart. */
export interface Span {
  from: Date;
  to: Date;
  before: Date;
  /** A Monday, UTC. */
  weeksFrom: Date;
  weeks: number;
}

/** The period that ends now, and the one of the same length before it. */
export function spanOf(period: FigurePeriod, now: Date): Span {
  const length = PERIOD_DAYS[period] * DAY_MS;
  const weeks = PERIOD_WEEKS[period];
  const from = new Date(now.getTime() - length);
  return {
    from,
    to: now,
    before: new Date(from.getTime() - length),
    weeksFrom: new Date(mondayOf(now).getTime() - (weeks - 1) * WEEK_MS),
    weeks,
  };
}

/** The beginning of the week of a time: Monday, 00:00 UTC. */
export function mondayOf(at: Date): Date {
  return new Date(Math.floor((at.getTime() - MONDAY_MS) / WEEK_MS) * WEEK_MS + MONDAY_MS);
}

/** Which of the weeks from `weeksFrom` on a time is in; null where it is in none. */
export function weekOf(at: Date, { weeksFrom, weeks }: Pick<Span, 'weeksFrom' | 'weeks'>): number | null {
  const week = Math.floor((at.getTime() - weeksFrom.getTime()) / WEEK_MS);
  return week >= 0 && week < weeks ? week : null;
}

/** A time that was taken, in ms, or why there is none. */
export type Time = { kind: 'recorded'; ms: number } | { kind: Exclude<TimeKind, 'recorded'>; ms: null };

const none = (kind: Exclude<TimeKind, 'recorded'>): Time => ({ kind, ms: null });
const between = (from: Date, to: Date): Time =>
  to < from ? none('invalid') : { kind: 'recorded', ms: to.getTime() - from.getTime() };

export interface IncidentFacts {
  startedAt: Date;
  detectedAt: Date;
  acknowledgedAt: Date | null;
  resolvedAt: Date | null;
  isMerged: boolean;
  /** Declared by a person, and not by the console. */
  isByPerson: boolean;
}

/** The three times of an incident. `milestones.ts` says the same in SQL. */
export function milestonesOf(incident: IncidentFacts): Record<MilestoneKey, Time> {
  const { startedAt, detectedAt, acknowledgedAt, resolvedAt, isMerged, isByPerson } = incident;
  if (isMerged) {
    const merged = none('not_applicable');
    return { detect: merged, acknowledge: merged, resolve: merged };
  }
  // Who gives no beginning has said nothing about it.
  const detect =
    startedAt.getTime() === detectedAt.getTime() ? none('not_applicable') : between(startedAt, detectedAt);
  const acknowledge = isByPerson
    ? none('not_applicable')
    : acknowledgedAt
      ? between(detectedAt, acknowledgedAt)
      : none(resolvedAt ? 'not_applicable' : 'pending');
  const resolve = resolvedAt ? between(startedAt, resolvedAt) : none('pending');
  return { detect, acknowledge, resolve };
}

/** What times come to. Means and medians are of what is recorded, and null where nothing is. */
export interface Tally {
  recorded: number;
  pending: number;
  notApplicable: number;
  invalid: number;
  meanMs: number | null;
  medianMs: number | null;
}

export function tallyOf(times: readonly Time[]): Tally {
  const count = (kind: TimeKind) => times.filter((time) => time.kind === kind).length;
  const known = times.flatMap(({ ms }) => (ms === null ? [] : [ms])).sort((a, b) => a - b);
  const [low, high] = [known[(known.length - 1) >> 1], known[known.length >> 1]];
  return {
    recorded: known.length,
    pending: count('pending'),
    notApplicable: count('not_applicable'),
    invalid: count('invalid'),
    meanMs: known.length === 0 ? null : known.reduce((sum, ms) => sum + ms, 0) / known.length,
    medianMs: low === undefined || high === undefined ? null : (low + high) / 2,
  };
}

/** A deploy of an environment that is not for practice, with what came after it. */
export interface DeployFacts {
  committedAt: Date;
  startedAt: Date;
  /** When visitors came onto it. */
  switchedAt: Date | null;
  validatedAt: Date | null;
  /** Visitors are on it, and its validation has not ended. */
  isUnderWay: boolean;
  /** Visitors had been on this release before. */
  isRepeat: boolean;
  /** The environment puts what begins within so long down to a release, ms. */
  attributionMs: number;
  /** The next of the environment that visitors came onto. */
  next: { isRollbackOfThis: boolean; switchedAt: Date; validatedAt: Date | null } | null;
  /** When the first later one that was validated was. */
  nextValidatedAt: Date | null;
  /** The first incident that is put down to it. */
  incident: { startedAt: Date; resolvedAt: Date | null } | null;
}

export type DeployVerdict = 'failed' | 'well' | 'pending' | 'never_live';

/** What became of a deploy, as far as is known by `now`. */
export function judgeDeploy(deploy: DeployFacts, now: Date): DeployVerdict {
  const { switchedAt, validatedAt, isUnderWay, attributionMs, next, incident } = deploy;
  if (!switchedAt) return 'never_live';
  if (next?.isRollbackOfThis || incident) return 'failed';
  if (!validatedAt && !isUnderWay) return 'failed';
  const isOver = next !== null || now.getTime() >= switchedAt.getTime() + attributionMs;
  return validatedAt && isOver ? 'well' : 'pending';
}

/** From commit to visitors, of a validated deploy; null for any other, which is no delivery. */
export function leadTimeOf({ committedAt, switchedAt, validatedAt, isRepeat }: DeployFacts): Time | null {
  if (!switchedAt || !validatedAt) return null;
  return isRepeat ? none('not_applicable') : between(committedAt, switchedAt);
}

/** From the failure of a deploy until the service was well again; null for one that has not failed. */
export function restoreTimeOf(deploy: DeployFacts, now: Date): Time | null {
  if (judgeDeploy(deploy, now) !== 'failed') return null;
  const { switchedAt, next, nextValidatedAt, incident } = deploy;
  const ends = [next?.isRollbackOfThis ? next.validatedAt : null, incident?.resolvedAt ?? null].filter(
    (at): at is Date => at !== null,
  );
  const [first] = ends.sort((a, b) => a.getTime() - b.getTime());
  const restoredAt = first ?? (incident ? null : nextValidatedAt);
  return restoredAt ? between(incident?.startedAt ?? (switchedAt as Date), restoredAt) : none('pending');
}
