import type { Ctx } from '#server/platform/context';
import type { Env } from '#server/platform/env';

const DAY_MS = 86_400_000;
/** Partitions are there this long before they are needed. */
const AHEAD_DAYS = 3;

const madeOn = new WeakMap<Env, number>();

/** Makes sure, once a day in each process, that every result has its place. */
export async function ensureCheckPartitions(ctx: Ctx): Promise<void> {
  const now = ctx.clock.now().getTime();
  const today = Math.floor(now / DAY_MS);
  if (madeOn.get(ctx.env) === today) return;
  await ctx.db.$queryRaw`
    SELECT check_make_partitions(${new Date(now - DAY_MS)}::timestamptz,
                                 ${new Date(now + AHEAD_DAYS * DAY_MS)}::timestamptz)`;
  madeOn.set(ctx.env, today);
}

/** Makes partitions ahead and drops those that hold nothing that is to be kept. @returns the names of those dropped */
export async function keepCheckPartitions(ctx: Ctx): Promise<string[]> {
  await ensureCheckPartitions(ctx);
  const now = ctx.clock.now().getTime();
  const kept = [
    ['check_result', ctx.env.CHECK_RESULT_DAYS],
    ['check_hour', ctx.env.CHECK_HOUR_DAYS],
  ] as const;
  const dropped: string[] = [];
  for (const [table, days] of kept) {
    const before = new Date(now - days * DAY_MS);
    const rows = await ctx.db.$queryRaw<{ names: string[] }[]>`
      SELECT check_drop_partitions(${table}, ${before}::timestamptz) AS names`;
    dropped.push(...(rows[0]?.names ?? []));
  }
  if (dropped.length > 0) ctx.log.info({ dropped }, 'old results of checks dropped');
  return dropped;
}
