import type { Ctx } from '#server/platform/context';
import { dropPartitions, ensurePartitions } from '#server/platform/partitions';

const DAY_MS = 86_400_000;
/** Samples are dropped this long after the last one was taken, so that none is lost between its taking and its rollup. */
const MARGIN_MS = 3_600_000;

/** The oldest time that a sample may have, ms since 1970. */
export function oldestSampleMs(ctx: Ctx): number {
  return ctx.clock.now().getTime() - ctx.env.METRICS_RAW_DAYS * DAY_MS;
}

/** How many days of each table are kept. */
function keptDays(ctx: Ctx) {
  return {
    metric_sample: ctx.env.METRICS_RAW_DAYS,
    metric_rollup_1m: ctx.env.METRICS_MINUTE_DAYS,
    metric_rollup_1h: ctx.env.METRICS_HOUR_DAYS,
  };
}

/** Makes sure that whatever is taken has its partition. */
export function ensureMetricPartitions(ctx: Ctx): Promise<void> {
  return ensurePartitions(ctx, Object.keys(keptDays(ctx)), new Date(oldestSampleMs(ctx) - MARGIN_MS));
}

/** Makes partitions ahead and drops those that hold nothing that is to be kept. @returns the names of those dropped */
export async function keepMetricPartitions(ctx: Ctx): Promise<string[]> {
  await ensureMetricPartitions(ctx);
  return dropPartitions(ctx, keptDays(ctx), MARGIN_MS);
}
