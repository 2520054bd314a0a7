import type {
  BreachQuestion,
  Comparison,
  Measure,
  MeasureReason,
  MetricSelector,
} from '#server/metrics/contract';

/** What samples of some series add up to over a time. */
export interface Totals {
  /** Samples. */
  count: number;
  sum: number;
  min: number;
  max: number;
  /** Newest values, added up over the series. */
  last: number;
  /** Of counters, with restarts taken into account. */
  increase: number;
  /** Seconds that `increase` was seen over: the longest of the series. */
  coveredSeconds: number;
  newestMs: number;
}

/** A set of series that a measure reckons with, by its role in it. */
export interface Part {
  /** `all`, `numerator`, `denominator`, or the upper bound of a bucket. */
  role: string;
  selectors: MetricSelector[];
}

/** The parts of a measure; the buckets of a quantile are one part here and are told apart by their series' `le`. */
export function partsOf(measure: Measure): Part[] {
  if (measure.kind === 'ratio') {
    return [
      { role: 'numerator', selectors: listOf(measure.numerator) },
      { role: 'denominator', selectors: listOf(measure.denominator) },
    ];
  }
  const metric = measure.kind === 'quantile' ? `${measure.metric}_bucket` : measure.metric;
  return [{ role: 'all', selectors: [{ metric, labels: measure.labels }] }];
}

function listOf(selectors: MetricSelector | MetricSelector[]): MetricSelector[] {
  return Array.isArray(selectors) ? selectors : [selectors];
}

/** Adds up series. */
export function addTotals(all: readonly Totals[]): Totals | null {
  const [first, ...rest] = all.filter((each) => each.count > 0);
  if (!first) return null;
  return rest.reduce(
    (sum, each) => ({
      count: sum.count + each.count,
      sum: sum.sum + each.sum,
      min: Math.min(sum.min, each.min),
      max: Math.max(sum.max, each.max),
      last: sum.last + each.last,
      increase: sum.increase + each.increase,
      coveredSeconds: Math.max(sum.coveredSeconds, each.coveredSeconds),
      newestMs: Math.max(sum.newestMs, each.newestMs),
    }),
    first,
  );
}

export interface Reckoned {
  value: number | null;
  traffic: number | null;
  reason: MeasureReason;
}

const NO_DATA: Reckoned = { value: null, traffic: null, reason: 'no_data' };

/** The value of a measure from the totals of its parts, by role; see `measure` in the contract for what each means. */
export function reckon(measure: Measure, parts: ReadonlyMap<string, Totals>): Reckoned {
  switch (measure.kind) {
    case 'gauge':
      return reckonGauge(measure.aggregate, parts.get('all'));
    case 'rate':
    case 'increase': {
      const all = parts.get('all');
      if (!all || all.coveredSeconds === 0) return NO_DATA;
      const value = measure.kind === 'rate' ? all.increase / all.coveredSeconds : all.increase;
      return { value, traffic: all.increase, reason: null };
    }
    case 'ratio': {
      const denominator = parts.get('denominator');
      if (!denominator || denominator.coveredSeconds === 0) return NO_DATA;
      const traffic = denominator.increase;
      if (traffic <= 0) return { value: null, traffic: 0, reason: 'no_traffic' };
      return { value: (100 * (parts.get('numerator')?.increase ?? 0)) / traffic, traffic, reason: null };
    }
    case 'quantile': {
      const buckets = bucketsOf(parts);
      if (buckets.length === 0 || [...parts.values()].every((each) => each.coveredSeconds === 0))
        return NO_DATA;
      const traffic = buckets.at(-1)?.count ?? 0;
      const value = quantileOf(measure.q, buckets);
      if (value === null) return { value: null, traffic, reason: 'no_traffic' };
      return { value: value * (measure.scale ?? 1), traffic, reason: null };
    }
  }
}

function reckonGauge(aggregate: 'avg' | 'max' | 'min' | 'sum' | 'last', all: Totals | undefined): Reckoned {
  if (!all || all.count === 0) return NO_DATA;
  const value = aggregate === 'avg' ? all.sum / all.count : all[aggregate];
  return { value, traffic: null, reason: null };
}

/** A bucket of a histogram: how many observations were at most `le`. */
export interface Bucket {
  le: number;
  count: number;
}

function bucketsOf(parts: ReadonlyMap<string, Totals>): Bucket[] {
  return [...parts]
    .map(([role, totals]) => ({ le: boundOf(role), count: totals.increase }))
    .sort((a, b) => a.le - b.le);
}

/** The upper bound that a label `le` says; NaN when it says none. */
export function boundOf(le: string): number {
  if (le === '+Inf') return Number.POSITIVE_INFINITY;
  return /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(le) ? Number(le) : Number.NaN;
}

/**
 * The value below which the share `q` of the observations lies, taken to be spread evenly within their bucket. The
 * highest finite bound when it lies above it; null without observations or without a bucket of everything.
 * @param buckets cumulative, in order of their bounds
 */
export function quantileOf(q: number, buckets: readonly Bucket[]): number | null {
  const total = buckets.at(-1);
  if (total?.le !== Number.POSITIVE_INFINITY || total.count <= 0 || buckets.length < 2) return null;
  const rank = q * total.count;
  let below = 0;
  let lower = 0;
  for (const [index, bucket] of buckets.entries()) {
    // A scrape between two increments may leave a wider bucket behind a narrower one.
    const upTo = Math.max(below, bucket.count);
    if (upTo >= rank && upTo > 0) {
      if (bucket.le === Number.POSITIVE_INFINITY) return lower;
      if (index === 0 && bucket.le <= 0) return bucket.le;
      return upTo === below ? bucket.le : lower + (bucket.le - lower) * ((rank - below) / (upTo - below));
    }
    below = upTo;
    if (bucket.le !== Number.POSITIVE_INFINITY) lower = bucket.le;
  }
  return lower;
}

/**
 * What each bucket, by its bound, adds to the number of observations above `limit`: a sum of weights times increases.
 * The part of a bucket above the limit counts as if it were spread evenly. Null when no bucket reaches that high.
 */
export function weightsAbove(limit: number, bounds: readonly number[]): Map<number, number> | null {
  const sorted = [...new Set(bounds)].sort((a, b) => a - b);
  const upperAt = sorted.findIndex((bound) => bound >= limit);
  const upper = sorted[upperAt];
  if (upper === undefined || sorted.at(-1) !== Number.POSITIVE_INFINITY) return null;
  const weights = new Map(sorted.map((bound) => [bound, 0]));
  const add = (bound: number, weight: number) => weights.set(bound, (weights.get(bound) ?? 0) + weight);
  add(Number.POSITIVE_INFINITY, 1);
  const below = sorted[upperAt - 1];
  // In the last bucket nobody knows where the observations lie.
  if (upper === Number.POSITIVE_INFINITY) return null;
  const lower = below ?? Math.min(0, upper);
  const share = upper === lower ? 1 : (limit - lower) / (upper - lower);
  add(upper, -share);
  if (below !== undefined) add(below, -(1 - share));
  return weights;
}

export function breaches(value: number, comparison: Comparison, threshold: number): boolean {
  switch (comparison) {
    case '>':
      return value > threshold;
    case '>=':
      return value >= threshold;
    case '<':
      return value < threshold;
    case '<=':
      return value <= threshold;
  }
}

/**
 * What happened between two samples. A breach is `amount` being too much of `per`: of requests for a share, of seconds for
 * a rate, of samples for an average.
 */
export interface Interval {
  startMs: number;
  endMs: number;
  amount: number;
  per: number;
}

/** The same threshold in the terms of {@link Interval}: the part of `per` that `amount` must not pass. */
export interface Limit {
  comparison: Comparison;
  ratio: number;
}

/** A window of the lookback with the sums of its intervals; `ratio` is null where nothing can be said. */
export interface SummedWindow {
  endMs: number;
  amount: number;
  per: number;
  ratio: number | null;
}

/**
 * Windows one after the other, newest first, as far as the lookback goes.
 * @param intervals in order of their ends; each belongs to the window that its end lies in
 */
export function sumWindows(
  intervals: readonly Interval[],
  endMs: number,
  windowMs: number,
  lookbackMs: number,
): SummedWindow[] {
  const windows = Array.from({ length: Math.ceil(lookbackMs / windowMs) }, (_, index) => ({
    endMs: endMs - index * windowMs,
    amount: 0,
    per: 0,
    ratio: null as number | null,
  }));
  for (const each of intervals) {
    const window = windows[Math.floor((endMs - each.endMs) / windowMs)];
    if (!window) continue;
    window.amount += each.amount;
    window.per += each.per;
  }
  for (const window of windows) window.ratio = window.per > 0 ? window.amount / window.per : null;
  return windows;
}

/**
 * When the breach began that lasts until the end. Windows that breach, one after the other, bound it; windows of which
 * nothing can be said end no breach. Where exactly it began is the point from which on the excess over the limit, added
 * up, is greatest: single samples on this side of the limit neither begin nor end a breach.
 * @returns ms since 1970, the beginning of the lookback when the breach is older; null when the last window that says
 * anything does not breach
 */
export function dateBreach(
  intervals: readonly Interval[],
  limit: Limit,
  window: { endMs: number; windowMs: number; lookbackMs: number },
): number | null {
  const windows = sumWindows(intervals, window.endMs, window.windowMs, window.lookbackMs);
  const isBreach = (ratio: number): boolean => breaches(ratio, limit.comparison, limit.ratio);
  const goodAt = windows.findIndex((each) => each.ratio !== null && !isBreach(each.ratio));
  const bad = windows.slice(0, goodAt < 0 ? windows.length : goodAt).filter((each) => each.ratio !== null);
  const oldest = bad.at(-1);
  if (!oldest) return null;
  const oldestMs = window.endMs - window.lookbackMs;
  // From the window before, which may hold the beginning, to the end of the first window that breaches.
  const fromMs = Math.max(oldestMs, goodAt < 0 ? oldestMs : (windows[goodAt]?.endMs ?? 0) - window.windowMs);
  const sign = limit.comparison.startsWith('>') ? 1 : -1;
  let excess = 0;
  let most = Number.NEGATIVE_INFINITY;
  let since = oldest.endMs - window.windowMs;
  for (const each of intervals.filter((one) => one.endMs > fromMs && one.endMs <= oldest.endMs).reverse()) {
    excess += sign * (each.amount - limit.ratio * each.per);
    const isPart = each.per > 0 && isBreach(each.amount / each.per);
    if (isPart && excess >= most) {
      most = excess;
      since = each.startMs;
    }
  }
  return Math.max(since, oldestMs);
}

/** The limit for the intervals of a measure that {@link Interval} is made from; see `breaches.ts`. */
export function limitOf(
  measure: Measure,
  { comparison, threshold }: BreachQuestion,
  windowSeconds: number,
): Limit {
  switch (measure.kind) {
    case 'ratio':
      return { comparison, ratio: threshold / 100 };
    case 'increase':
      return { comparison, ratio: threshold / windowSeconds };
    case 'quantile':
      // More than the rest lies above the threshold exactly when the quantile does.
      return { comparison, ratio: 1 - measure.q };
    default:
      return { comparison, ratio: threshold };
  }
}

/** From here on a chart reads the next coarser rollup, seconds. */
const RAW_SPAN = 3_600;
const MINUTE_SPAN = 3 * 86_400;

/**
 * What a chart reads, and how long its steps are: the finest that does not read far more than it shows, and that reaches
 * back far enough.
 * @param ageSeconds of the beginning
 * @param keptDays how long samples and minutes are kept
 */
export function chooseResolution(
  spanSeconds: number,
  points: number,
  ageSeconds: number,
  keptDays: { raw: number; minute: number },
): { resolution: 'raw' | '1m' | '1h'; stepSeconds: number } {
  const stepOf = (unit: number) => Math.max(1, Math.ceil(spanSeconds / points / unit)) * unit;
  if (spanSeconds <= RAW_SPAN && ageSeconds <= keptDays.raw * 86_400)
    return { resolution: 'raw', stepSeconds: stepOf(1) };
  if (spanSeconds <= MINUTE_SPAN && ageSeconds <= keptDays.minute * 86_400)
    return { resolution: '1m', stepSeconds: stepOf(60) };
  return { resolution: '1h', stepSeconds: stepOf(3_600) };
}
