import type { Ctx } from '#server/platform/context';
import type { Env } from '#server/platform/env';

const DAY_MS = 86_400_000;
/** Partitions are there this long before they are needed. */
const AHEAD_DAYS = 3;
/** Samples are dropped this long after the last one was taken, so that none is lost between its taking and its rollup. */
const MARGIN_MS = 3_600_000;

const madeOn = new WeakMap<Env, number>();

/** The oldest time that a sample may have, ms since 1970. */
export function oldestSampleMs(ctx: Ctx): number {
  return ctx.clock.now().getTime() - ctx.env.METRICS_RAW_DAYS * DAY_MS;
}

/** Makes sure, once a day in each process, that whatever is taken has its partition. */
export async function ensurePartitions(ctx: Ctx): Promise<void> {
  const now = ctx.clock.now().getTime();
  const today = Math.floor(now / DAY_MS);
  if (madeOn.get(ctx.env) === today) return;
  await ctx.db.$queryRaw`
    SELECT metric_make_partitions(${new Date(oldestSampleMs(ctx) - MARGIN_MS)}::timestamptz,
                                  ${new Date(now + AHEAD_DAYS * DAY_MS)}::timestamptz)`;
  madeOn.set(ctx.env, today);
}

/** Makes partitions ahead and drops those that hold nothing that is to be kept. @returns the names of those dropped */
export async function keepPartitions(ctx: Ctx): Promise<string[]> {
  await ensurePartitions(ctx);
  const now = ctx.clock.now().getTime();
  const kept = [
    ['metric_sample', ctx.env.METRICS_RAW_DAYS],
    ['metric_rollup_1m', ctx.env.METRICS_MINUTE_DAYS],
    ['metric_rollup_1h', ctx.env.METRICS_HOUR_DAYS],
  ] as const;
  const dropped: string[] = [];
  for (const [table, days] of kept) {
    const before = new Date(now - days * DAY_MS - MARGIN_MS);
    const rows = await ctx.db.$queryRaw<{ names: string[] }[]>`
      SELECT metric_drop_partitions(${table}, ${before}::timestamptz) AS names`;
    dropped.push(...(rows[0]?.names ?? []));
  }
  if (dropped.length > 0) ctx.log.info({ dropped }, 'old metrics dropped');
  return dropped;
}
