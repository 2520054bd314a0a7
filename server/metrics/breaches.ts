import type { BreachQuestion, MeasuredWindow, MeasureRequest } from '#server/metrics/contract';
import type { Series } from '#server/metrics/series-index';
import {
  boundOf,
  breaches,
  dateBreach,
  type Interval,
  limitOf,
  sumWindows,
  weightsAbove,
} from '#server/metrics/state';
import { COUNTER_GAP_SECONDS, readIntervals, type WeightedWindow } from '#server/metrics/windows';
import type { Ctx } from '#server/platform/context';

interface Asked {
  request: MeasureRequest & { breach: BreachQuestion };
  endsAt: Date;
  /** The series of each part of the measure. */
  parts: readonly (readonly Series[])[];
}

interface Dated {
  breachedSince: Date | null;
  mayBeOlder: boolean;
  windows: MeasuredWindow[];
}

/** When breaches began that last until the end of their windows; one statement for all of them. */
export async function dateBreaches(ctx: Ctx, asked: readonly Asked[]): Promise<Dated[]> {
  if (asked.length === 0) return [];
  const intervals = asked.map((): Interval[] => []);
  for (const { question, ...each } of await readIntervals(ctx, asked.flatMap(weigh))) {
    const before = intervals[question]?.at(-1);
    // Series that are not read at the same moments share the time between them.
    if (before && before.endMs > each.startMs) each.startMs = before.endMs;
    const kind = asked[question]?.request.measure.kind;
    if (kind === 'rate' || kind === 'increase') each.per = (each.endMs - each.startMs) / 1_000;
    intervals[question]?.push(each);
  }
  return asked.map(({ request, endsAt }, at) => {
    const { measure, windowSeconds, breach } = request;
    const endMs = endsAt.getTime();
    const windowMs = windowSeconds * 1_000;
    // Whole windows, so that the oldest one is judged by as much as the others.
    const lookbackMs = Math.ceil(breach.lookbackSeconds / windowSeconds) * windowMs;
    const its = intervals[at] ?? [];
    const limit = limitOf(measure, breach, windowSeconds);
    const since = dateBreach(its, limit, { endMs, windowMs, lookbackMs });
    const isShare = measure.kind === 'ratio';
    const summed = sumWindows(its, endMs, windowMs, lookbackMs);
    const windows = summed.map((each) => ({
      endsAt: new Date(each.endMs),
      // The share above the threshold is not the quantile itself.
      value:
        each.ratio === null || measure.kind === 'quantile'
          ? null
          : each.ratio * (isShare ? 100 : factorOf(measure.kind, windowSeconds)),
      traffic:
        measure.kind === 'gauge' ? null : isShare || measure.kind === 'quantile' ? each.per : each.amount,
    }));
    return {
      breachedSince: since === null ? new Date(endMs - windowMs) : new Date(since),
      mayBeOlder: summed.every(
        ({ ratio }) => ratio === null || breaches(ratio, limit.comparison, limit.ratio),
      ),
      windows,
    };
  });
}

function factorOf(kind: string, windowSeconds: number): number {
  return kind === 'increase' ? windowSeconds : 1;
}

/** What each series of a measure counts for, so that its threshold is one of `amount` for each of `per`. */
function weigh({ request, endsAt, parts }: Asked, question: number): WeightedWindow[] {
  const { measure, breach, windowSeconds } = request;
  const toMs = endsAt.getTime();
  const windows = Math.ceil(breach.lookbackSeconds / windowSeconds);
  // One window more, in which a beginning may lie, and the sample before it.
  const reachSeconds =
    (windows + 1) * windowSeconds + Math.min(COUNTER_GAP_SECONDS, Math.max(60, windowSeconds));
  const base = { question, fromMs: toMs - reachSeconds * 1_000, toMs };
  const [first = [], second = []] = parts;
  switch (measure.kind) {
    case 'gauge':
      return first.map(({ id }) => ({ ...base, seriesId: id, amountWeight: 1, perWeight: 0, uses: 'value' }));
    case 'rate':
    case 'increase':
      return first.map(({ id }) => ({
        ...base,
        seriesId: id,
        amountWeight: 1,
        perWeight: 0,
        uses: 'seconds',
      }));
    case 'ratio': {
      const ids = new Map<number, WeightedWindow>();
      const take = (id: number): WeightedWindow => {
        const window = ids.get(id) ?? {
          ...base,
          seriesId: id,
          amountWeight: 0,
          perWeight: 0,
          uses: 'increase',
        };
        ids.set(id, window);
        return window;
      };
      for (const { id } of first) take(id).amountWeight = 1;
      for (const { id } of second) take(id).perWeight = 1;
      return [...ids.values()];
    }
    case 'quantile': {
      const boundsOf = first.map(({ labels }) => boundOf(labels.le ?? ''));
      const weights = weightsAbove(breach.threshold / (measure.scale ?? 1), boundsOf);
      if (!weights) return [];
      return first.map(({ id }, at) => {
        const bound = boundsOf[at] as number;
        const perWeight = bound === Number.POSITIVE_INFINITY ? 1 : 0;
        return { ...base, seriesId: id, amountWeight: weights.get(bound) ?? 0, perWeight, uses: 'increase' };
      });
    }
  }
}
