import { defineQuery } from '#server/auth/guard';
import { CHART_POINTS_MAX, type ChartView, type Measure, readChartInput } from '#server/metrics/contract';
import { chooseResolution } from '#server/metrics/state';
import { reckonSteps, type StepSpan } from '#server/metrics/steps';
import type { Ctx } from '#server/platform/context';
import { AppError } from '#server/platform/errors';
import type { EnvironmentKey } from '#server/services/contract';
import { environmentConfig } from '#server/services/queries';

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
    const span = {
      fromMs: Math.floor(fromMs / stepMs) * stepMs,
      toMs,
      stepMs,
      resolution: chosen.resolution,
    };
    const [values = []] = await reckonSteps(ctx, input, [measure], span);
    return {
      ...chosen,
      points: values.map((value, n) => ({ at: new Date(span.fromMs + n * stepMs).toISOString(), value })),
    };
  },
});

/** Several measures of one environment over the same time, for pages that check the permission of their own. */
export function chartMany(
  ctx: Ctx,
  place: EnvironmentKey,
  measures: readonly Measure[],
  span: StepSpan,
): Promise<(number | null)[][]> {
  return reckonSteps(ctx, place, measures, span);
}

/** When each environment was last heard of by a metric, in its order; null for never. */
export async function lastHeardOf(
  ctx: Ctx,
  places: readonly EnvironmentKey[],
  metric: string,
): Promise<(Date | null)[]> {
  if (places.length === 0) return [];
  const rows = await ctx.db.$queryRaw<{ service: string; environment: string; at: Date }[]>`
    SELECT service, environment, max(coalesce(
      (SELECT at FROM metric_sample WHERE series_id = s.id ORDER BY at DESC LIMIT 1),
      (SELECT at FROM metric_rollup_1h WHERE series_id = s.id ORDER BY at DESC LIMIT 1))) AS at
    FROM metric_series s JOIN unnest(${places.map((place) => place.service)}::text[],
      ${places.map((place) => place.environment)}::text[]) AS p(service, environment) USING (service, environment)
    WHERE name = ${metric} GROUP BY service, environment`;
  return places.map(
    (place) =>
      rows.find((row) => row.service === place.service && row.environment === place.environment)?.at ?? null,
  );
}
