import { defineQuery } from '#server/auth/guard';
import { CHART_POINTS_MAX, type ChartView, readChartInput } from '#server/metrics/contract';
import { seriesIndexOf } from '#server/metrics/series-index';
import { chooseResolution, partsOf, reckon, type Totals } from '#server/metrics/state';
import { arrayText, COUNTER_GAP_SECONDS } from '#server/metrics/windows';
import type { Ctx } from '#server/platform/context';
import { AppError } from '#server/platform/errors';
import { environmentConfig } from '#server/services/queries';

/** Newer minutes and hours than these are read from what is finer, should their rollups be late; ms. */
const MINUTES_LATE_MS = 600_000;
const HOURS_LATE_MS = 3 * 3_600_000;

interface StepRow extends Totals {
  part: number;
  step: number;
}

/**
 * A measure over time, in up to `points` steps (700 when absent): from samples, or from the rollup that goes with the
 * span. What the rollups do not have yet is read from samples, so the newest step is as it is now.
 * @throws AppError `not_found`, or `invalid_input` for a span that does not go forward
 */
export const readChart = defineQuery({
  name: 'metrics.read-chart',
  access: 'metrics.read',
  input: readChartInput,
  handle: async (ctx, { measure, points = CHART_POINTS_MAX, ...input }): Promise<ChartView> => {
    environmentConfig(ctx, input);
    const [fromMs, toMs] = [Date.parse(input.from), Date.parse(input.to)];
    if (toMs <= fromMs || toMs - fromMs > 800 * 86_400_000) {
      throw new AppError(
        'invalid_input',
        'A chart goes from a time to a later one, at most 800 days. Nothing was read.',
        {
          fields: { to: ['Give a later time than from, at most 800 days after it.'] },
        },
      );
    }
    const { METRICS_RAW_DAYS: raw, METRICS_MINUTE_DAYS: minute } = ctx.env;
    const ageSeconds = (ctx.clock.now().getTime() - fromMs) / 1_000;
    const chosen = chooseResolution((toMs - fromMs) / 1_000, points, ageSeconds, { raw, minute });
    const stepMs = chosen.stepSeconds * 1_000;
    const span = { fromMs: Math.floor(fromMs / stepMs) * stepMs, toMs };
    const index = seriesIndexOf(ctx);
    await index.refresh(ctx);
    const roles: string[] = [];
    const members: { seriesId: number; part: number }[] = [];
    for (const { role, selectors } of partsOf(measure)) {
      for (const { id, labels } of index.select(input, selectors)) {
        const its = measure.kind === 'quantile' ? (labels.le ?? '') : role;
        if (!roles.includes(its)) roles.push(its);
        members.push({ seriesId: id, part: roles.indexOf(its) });
      }
    }
    const bounds = await findBounds(ctx, chosen.resolution, span);
    const rows = members.length === 0 ? [] : await readSteps(ctx, members, { ...span, ...bounds, stepMs });
    const steps = new Map<number, Map<string, Totals>>();
    for (const { part, step, ...totals } of rows) {
      const its = steps.get(step) ?? new Map<string, Totals>();
      steps.set(step, its.set(roles[part] ?? '', totals));
    }
    const shown: ChartView['points'] = [];
    for (let at = span.fromMs; at < toMs; at += stepMs) {
      const { value } = reckon(measure, steps.get(at / stepMs) ?? new Map());
      shown.push({ at: new Date(at).toISOString(), value });
    }
    return { ...chosen, points: shown };
  },
});

interface Bounds {
  /** Hours are read before this, minutes from here on, */
  minutesMs: number;
  /** and samples from here on. */
  samplesMs: number;
}

/** How far the rollups are up to date: to the oldest bucket that is still marked, late ones apart. */
async function findBounds(
  ctx: Ctx,
  resolution: ChartView['resolution'],
  span: { fromMs: number; toMs: number },
): Promise<Bounds> {
  if (resolution === 'raw') return { minutesMs: span.fromMs, samplesMs: span.fromMs };
  const now = ctx.clock.now().getTime();
  const [row] = await ctx.db.$queryRaw<{ minute: Date | null; hour: Date | null }[]>`
    SELECT (SELECT min(bucket) FROM metric_dirty WHERE resolution = '1m' AND bucket >= ${new Date(now - MINUTES_LATE_MS)}) AS minute,
           (SELECT min(bucket) FROM metric_dirty WHERE resolution = '1h' AND bucket >= ${new Date(now - HOURS_LATE_MS)}) AS hour`;
  const samplesMs = row?.minute?.getTime() ?? Math.floor(now / 60_000) * 60_000;
  const hourOf = (ms: number) => Math.floor(ms / 3_600_000) * 3_600_000;
  const hoursMs = Math.min(row?.hour?.getTime() ?? hourOf(now), hourOf(samplesMs));
  return {
    minutesMs: resolution === '1h' ? Math.max(hoursMs, span.fromMs) : span.fromMs,
    samplesMs: Math.max(samplesMs, span.fromMs),
  };
}

/** Totals by part and step, one statement. */
async function readSteps(
  ctx: Ctx,
  members: readonly { seriesId: number; part: number }[],
  { fromMs, toMs, minutesMs, samplesMs, stepMs }: Bounds & { fromMs: number; toMs: number; stepMs: number },
): Promise<StepRow[]> {
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
