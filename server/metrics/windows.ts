import type { Totals } from '#server/metrics/state';
import type { Ctx } from '#server/platform/context';

/** A counter's growth is seen from one sample to the next when no more than this lies between them, seconds. */
export const COUNTER_GAP_SECONDS = 3_600;

/** Samples of one series after `fromMs` up to and with `toMs`, both ms since 1970. */
export interface SeriesWindow {
  seriesId: number;
  fromMs: number;
  toMs: number;
}

/** What each window holds, null where it holds nothing; one statement for all of them. Equal windows are read once. */
export async function readWindows(ctx: Ctx, windows: readonly SeriesWindow[]): Promise<(Totals | null)[]> {
  const keyOf = ({ seriesId, fromMs, toMs }: SeriesWindow) => `${seriesId} ${fromMs} ${toMs}`;
  const distinct = [...new Map(windows.map((each) => [keyOf(each), each])).values()];
  if (distinct.length === 0) return [];
  const rows = await ctx.db.$queryRaw<(Totals & { n: number })[]>`
    SELECT q.n::int AS n, totals.* FROM unnest(
      ${arrayText(distinct, (each) => each.seriesId)}::int[], ${arrayText(distinct, (each) => each.fromMs)}::float8[],
      ${arrayText(distinct, (each) => each.toMs)}::float8[]) WITH ORDINALITY AS q(series_id, from_ms, to_ms, n)
    CROSS JOIN LATERAL (SELECT to_timestamp(q.from_ms / 1000) AS from_time, to_timestamp(q.to_ms / 1000) AS to_time) AS t
    CROSS JOIN LATERAL (
      SELECT count(*)::int AS count, sum(value) AS sum, min(value) AS min, max(value) AS max,
             sum(value) FILTER (WHERE next_at IS NULL) AS last,
             coalesce(sum(CASE WHEN value < before THEN value ELSE value - before END), 0) AS increase,
             coalesce(extract(epoch FROM max(at) - min(before_at)), 0)::float8 AS "coveredSeconds",
             extract(epoch FROM max(at))::float8 * 1000 AS "newestMs"
      FROM (
        SELECT at, value, lag(value) OVER in_time AS before, lag(at) OVER in_time AS before_at, lead(at) OVER in_time AS next_at
        FROM ((SELECT at, value FROM metric_sample
               WHERE series_id = q.series_id AND at <= from_time AND at > from_time - make_interval(secs => ${COUNTER_GAP_SECONDS})
               ORDER BY at DESC LIMIT 1)
              UNION ALL
              SELECT at, value FROM metric_sample WHERE series_id = q.series_id AND at > from_time AND at <= to_time) AS s
        WINDOW in_time AS (ORDER BY at)
      ) AS delta WHERE at > from_time
    ) AS totals WHERE totals.count > 0`;
  const found = new Map<string, Totals>();
  for (const { n, ...totals } of rows) found.set(keyOf(distinct[n - 1] as SeriesWindow), totals);
  return windows.map((each) => found.get(keyOf(each)) ?? null);
}

/** A series of a question about a breach, with what its increase or its samples count for on both sides. */
export interface WeightedWindow extends SeriesWindow {
  question: number;
  /** Of the increase since the sample before. */
  amountWeight: number;
  perWeight: number;
  /** `value`: the samples' own values instead, one for each of `per`. */
  uses: 'increase' | 'value' | 'seconds';
}

export interface QuestionInterval {
  question: number;
  startMs: number;
  endMs: number;
  amount: number;
  per: number;
}

/** The steps between samples of each question, in order of time; one statement for all of them. */
export async function readIntervals(
  ctx: Ctx,
  windows: readonly WeightedWindow[],
): Promise<QuestionInterval[]> {
  if (windows.length === 0) return [];
  return ctx.db.$queryRaw<QuestionInterval[]>`
    SELECT q.question, extract(epoch FROM at)::float8 * 1000 AS "endMs",
           extract(epoch FROM coalesce(min(before_at), at))::float8 * 1000 AS "startMs",
           sum(CASE WHEN q.uses = 'value' THEN value WHEN value < before THEN value * q.amount_weight
                    ELSE (value - before) * q.amount_weight END) AS amount,
           CASE min(q.uses) WHEN 'value' THEN count(*)::float8
             WHEN 'seconds' THEN max(extract(epoch FROM at - before_at))::float8
             ELSE sum(CASE WHEN value < before THEN value ELSE value - before END * q.per_weight) END AS per
    FROM unnest(
      ${arrayText(windows, (each) => each.question)}::int[], ${arrayText(windows, (each) => each.seriesId)}::int[],
      ${arrayText(windows, (each) => each.fromMs)}::float8[], ${arrayText(windows, (each) => each.toMs)}::float8[],
      ${arrayText(windows, (each) => each.amountWeight)}::float8[], ${arrayText(windows, (each) => each.perWeight)}::float8[],
      ${windows.map((each) => each.uses)}::text[]) AS q(question, series_id, from_ms, to_ms, amount_weight, per_weight, uses)
    CROSS JOIN LATERAL (
      SELECT at, value, lag(value) OVER in_time AS before, lag(at) OVER in_time AS before_at FROM metric_sample
      WHERE series_id = q.series_id AND at > to_timestamp(q.from_ms / 1000) AND at <= to_timestamp(q.to_ms / 1000)
      WINDOW in_time AS (ORDER BY at)
    ) AS delta
    WHERE q.uses = 'value' OR before IS NOT NULL
    GROUP BY q.question, at ORDER BY q.question, at`;
}

/** The text of an array for the database; one parameter whatever the number of items. */
export function arrayText<T>(items: readonly T[], read: (item: T) => number): string {
  return `{${items.map(read).join(',')}}`;
}
