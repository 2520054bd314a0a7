import type { BusinessSums, ImpactWeek } from '#server/business/contract';
import type { ImpactKind } from '#server/business/words/contract';

/** How an impact is estimated. Another way of reckoning gets another version. */
export const IMPACT_METHOD = { name: 'same-hours-of-prior-weeks', version: 1 } as const;

const WEEKS = 4;
const WEEK_MS = 7 * 86_400_000;

/** From a time on until before another one. */
export interface Span {
  from: Date;
  until: Date;
}

/** What a source says of a span. */
export interface Measured {
  sums: BusinessSums;
  /** Whether anything at all was recorded in the day before the beginning of the span, and in the day from it on. */
  recordedBefore: boolean;
  recordedAfter: boolean;
  /** The same of visits alone, which a service may not keep as long. */
  visitedBefore: boolean;
  visitedAfter: boolean;
}

export interface Reckoning {
  revenueLowMinor: number | null;
  revenueHighMinor: number | null;
  revenueProblem: string | null;
  usersLow: number | null;
  usersHigh: number | null;
  usersProblem: string | null;
  weeks: ImpactWeek[];
}

/** The same span of the week in each of the four weeks before, the last first, in UTC. */
export function priorSpans({ from, until }: Span): Span[] {
  return Array.from({ length: WEEKS }, (_, index) => {
    const shift = (index + 1) * WEEK_MS;
    return { from: new Date(from.getTime() - shift), until: new Date(until.getTime() - shift) };
  });
}

/**
 * What an incident cost at least and at most. Expected is what came in during the same span of the week before, from the
 * least to the most of the weeks that have data; lost is what is missing of that, never below 0. Users affected are at least
 * those who stayed away, and at most all who were there or would have been. Without a week to compare with nothing is said.
 * @param prior what was measured of each of {@link priorSpans}
 */
export function reckonImpact(span: Span, actual: Measured, prior: readonly Measured[]): Reckoning {
  const weeks = priorSpans(span).map((week, index) => weekOf(span, week, index + 1, prior[index]));
  const compared = weeks.flatMap(({ sums }) => sums ?? []);
  const visited = weeks.flatMap(({ sums, visitsLeftOut }) => (sums && visitsLeftOut === null ? sums : []));

  const revenueProblem = !actual.recordedBefore
    ? 'Nothing was recorded in the day before it began, so what came in since is not known.'
    : compared.length === 0
      ? 'None of the four weeks before has data to compare with.'
      : null;
  const revenue = rangeOf(compared.map(({ revenueMinor }) => revenueMinor));
  const missing = (expected: number, got: number) => Math.max(0, expected - got);
  const usersProblem = !actual.visitedBefore
    ? 'No visit was recorded in the day before it began, or they are not kept any more.'
    : visited.length === 0
      ? 'None of the four weeks before has visits to compare with.'
      : null;
  const visitors = rangeOf(visited.map((sums) => sums.visitors));
  const seen = actual.sums.visitors;
  const got = actual.sums.revenueMinor;
  return {
    revenueLowMinor: revenueProblem === null ? missing(revenue.low, got) : null,
    revenueHighMinor: revenueProblem === null ? missing(revenue.high, got) : null,
    revenueProblem,
    usersLow: usersProblem === null ? missing(visitors.low, seen) : null,
    usersHigh: usersProblem === null ? Math.max(visitors.high, seen) : null,
    usersProblem,
    weeks,
  };
}

function weekOf(span: Span, week: Span, weeksBefore: number, measured: Measured | undefined): ImpactWeek {
  const leftOut =
    week.until > span.from
      ? 'The incident itself reaches into it.'
      : measured?.recordedBefore && measured.recordedAfter
        ? null
        : 'Nothing was recorded around it.';
  const visitsLeftOut =
    leftOut ??
    (measured?.visitedBefore && measured.visitedAfter ? null : 'No visits were recorded around it.');
  return {
    weeksBefore,
    from: week.from.toISOString(),
    until: week.until.toISOString(),
    sums: leftOut === null && measured ? measured.sums : null,
    leftOut,
    visitsLeftOut,
  };
}

/** The least and the most. */
export function rangeOf(values: readonly number[]): { low: number; high: number } {
  return { low: Math.min(...values), high: Math.max(...values) };
}

/**
 * Which of the entries counts: the last one, but for estimates of the console after somebody has said otherwise.
 * @param history the first one first
 */
export function currentOf<E extends { kind: ImpactKind; isOfConsole: boolean }>(
  history: readonly E[],
): E | null {
  let current: E | null = null;
  for (const entry of history) {
    const isOutranked = current?.kind === 'override' && entry.kind === 'estimate' && entry.isOfConsole;
    if (!isOutranked) current = entry;
  }
  return current;
}
