import type { ChartResolution, Measure } from '#server/metrics/contract';
import { seriesIndexOf } from '#server/metrics/series-index';
import { partsOf, reckon, type Totals } from '#server/metrics/state';
import { arrayText, COUNTER_GAP_SECONDS } from '#server/metrics/windows';
import type { Ctx } from '#server/platform/context';
import type { EnvironmentKey } from '#server/services/contract';

/** Newer minutes and hours than these are read from what is finer, should their rollups be late; ms. */
const MINUTES_LATE_MS = 600_000;
const HOURS_LATE_MS = 3 * 3_600_000;

/** What is read, from `fromMs`, a multiple of the step, to before `toMs`; ms since 1970. */
export interface StepSpan {
  fromMs: number;
  toMs: number;
  stepMs: number;
  resolution: ChartResolution;
}

interface StepRow extends Totals {
  part: number;
  step: number;
}

interface Member {
  seriesId: number;
  part: number;
}

/**
 * Measures over time, each with one value a step, null where there is nothing to show; three statements however many
 * there are. What the rollups do not have yet is read from samples, so the newest step is as it is now.
 */
export async function reckonSteps(
  ctx: Ctx,
  place: EnvironmentKey,
  measures: readonly Measure[],
  span: StepSpan,
): Promise<(number | null)[][]> {
  const index = seriesIndexOf(ctx);
  await index.refresh(ctx);
  const parts: { measure: number; role: string }[] = [];
  const members: Member[] = [];
  for (const [at, measure] of measures.entries()) {
    const partOf = new Map<string, number>();
    for (const { role, selectors } of partsOf(measure)) {
      for (const { id, labels } of index.select(place, selectors)) {
        const its = measure.kind === 'quantile' ? (labels.le ?? '') : role;
        const part = partOf.get(its) ?? parts.push({ measure: at, role: its }) - 1;
        partOf.set(its, part);
        members.push({ seriesId: id, part });
      }
    }
  }
  const rows = members.length === 0 ? [] : await readSteps(ctx, members, span);
  const found = measures.map(() => new Map<number, Map<string, Totals>>());
  for (const { part, step, ...totals } of rows) {
    const its = parts[part];
    const steps = its && found[its.measure];
    if (!steps) continue;
    const known = steps.get(step) ?? new Map<string, Totals>();
    steps.set(step, known.set(its.role, totals));
  }
  const count = Math.ceil((span.toMs - span.fromMs) / span.stepMs);
  const first = span.fromMs / span.stepMs;
  return measures.map((measure, at) =>
    Array.from({ length: count }, (_, n) => reckon(measure, found[at]?.get(first + n) ?? new Map()).value),
  );
}

interface Bounds {
  /** Hours are read before this, minutes from here on, */
  minutesMs: number;
  /** and samples from here on. */
  samplesMs: number;
}

/** How far the rollups are up to date: to the oldest bucket that is still marked, late ones apart. */
async function findBounds(
  ctx: Ctx,
  { resolution, fromMs }: Pick<StepSpan, 'resolution' | 'fromMs'>,
): Promise<Bounds> {
  if (resolution === 'raw') return { minutesMs: fromMs, samplesMs: fromMs };
  const now = ctx.clock.now().getTime();
  const [row] = await ctx.db.$queryRaw<{ minute: Date | null; hour: Date | null }[]>`
    SELECT (SELECT min(bucket) FROM metric_dirty WHERE resolution = '1m' AND bucket >= ${new Date(now - MINUTES_LATE_MS)}) AS minute,
           (SELECT min(bucket) FROM metric_dirty WHERE resolution = '1h' AND bucket >= ${new Date(now - HOURS_LATE_MS)}) AS hour`;
  const samplesMs = row?.minute?.getTime() ?? Math.floor(now / 60_000) * 60_000;
  const hourOf = (ms: number) => Math.floor(ms / 3_600_000) * 3_600_000;
  const hoursMs = Math.min(row?.hour?.getTime() ?? hourOf(now), hourOf(samplesMs));
  return {
    minutesMs: resolution === '1h' ? Math.max(hoursMs, fromMs) : fromMs,
    samplesMs: Math.max(samplesMs, fromMs),
  };
}

/** Totals by part and step, one statement behind that of the bounds. */
async function readSteps(ctx: Ctx, members: readonly Member[], span: StepSpan): Promise<StepRow[]> {
  const { minutesMs, samplesMs } = await findBounds(ctx, span);
  const { fromMs, toMs, stepMs } = span;
  const time = (ms: number) => new Date(ms);
  return ctx.db.$queryRaw<StepRow[]>`
    WITH member AS (
      SELECT series_id, min(part) AS part FROM unnest(${arrayText(members, (each) => each.seriesId)}::int[],
        ${arrayText(members, (each) => each.part)}::int[]) AS m(series_id, part) GROUP BY series_id, part),
    series AS (SELECT DISTINCT series_id FROM member),
    piece AS (
      SELECT series_id, at, count, sum, min, max, last, increase, 3600::float8 AS covered FROM metric_rollup_1h JOIN series USING (series_id)
      WHERE at >= ${time(fromMs)} AND at < ${time(Math.min(minutesMs, toMs))}
      UNION ALL
      SELECT series_id, at, count, sum, min, max, last, increase, 60 FROM metric_rollup_1m JOIN series USING (series_id)
      WHERE at >= ${time(minutesMs)} AND at < ${time(Math.min(samplesMs, toMs))}
      UNION ALL
      SELECT series_id, at, 1, value, value, value, value,
             coalesce(CASE WHEN value < before THEN value ELSE value - before END, 0),
             coalesce(extract(epoch FROM at - before_at), 0)
      FROM series CROSS JOIN LATERAL (
        SELECT at, value, lag(value) OVER in_time AS before, lag(at) OVER in_time AS before_at
        FROM ((SELECT at, value FROM metric_sample
               WHERE series_id = series.series_id AND at < ${time(samplesMs)} AND at >= ${time(samplesMs - COUNTER_GAP_SECONDS * 1_000)}
               ORDER BY at DESC LIMIT 1)
              UNION ALL
              SELECT at, value FROM metric_sample WHERE series_id = series.series_id AND at >= ${time(samplesMs)} AND at < ${time(toMs)}) AS s
        WINDOW in_time AS (ORDER BY at)
      ) AS delta WHERE at >= ${time(samplesMs)}
    ),
    stepped AS (
      SELECT series_id, floor(extract(epoch FROM at) * 1000 / ${stepMs}::float8)::float8 AS step, sum(count)::int AS count, sum(sum) AS sum,
             min(min) AS min, max(max) AS max, (array_agg(last ORDER BY at DESC))[1] AS last, sum(increase) AS increase,
             sum(covered) AS covered, max(at) AS newest
      FROM piece GROUP BY 1, 2)
    SELECT part, step, sum(count)::int AS count, sum(sum) AS sum, min(min) AS min, max(max) AS max, sum(last) AS last,
           sum(increase) AS increase, max(covered)::float8 AS "coveredSeconds", (extract(epoch FROM max(newest)) * 1000)::float8 AS "newestMs"
    FROM stepped JOIN member USING (series_id) GROUP BY part, step`;
}
