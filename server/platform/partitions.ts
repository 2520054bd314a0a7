import type { Ctx } from '#server/platform/context';
import type { Env } from '#server/platform/env';

const DAY_MS = 86_400_000;
/** Partitions are there this long before they are needed. */
const AHEAD_DAYS = 3;

const madeOn = new WeakMap<Env, Map<string, number>>();

/**
 * Makes sure, once a day in each process, that in these tables every time since `from` and of the coming days has its
 * partition. What a partition holds is said by `partition_unit` of the database.
 */
export async function ensurePartitions(ctx: Ctx, tables: readonly string[], from: Date): Promise<void> {
  const now = ctx.clock.now().getTime();
  const today = Math.floor(now / DAY_MS);
  const key = tables.join();
  const made = madeOn.get(ctx.env) ?? new Map<string, number>();
  if (made.get(key) === today) return;
  await ctx.db.$queryRaw`
    SELECT make_partitions(${[...tables]}::text[], ${from}::timestamptz,
                           ${new Date(now + AHEAD_DAYS * DAY_MS)}::timestamptz)`;
  madeOn.set(ctx.env, made.set(key, today));
}

/**
 * Drops the partitions of which everything is older than its table keeps.
 * @param kept days of each table
 * @param marginMs so much longer all are kept
 * @returns the names of those dropped
 */
export async function dropPartitions(
  ctx: Ctx,
  kept: Readonly<Record<string, number>>,
  marginMs = 0,
): Promise<string[]> {
  const now = ctx.clock.now().getTime();
  const dropped: string[] = [];
  for (const [table, days] of Object.entries(kept)) {
    const before = new Date(now - days * DAY_MS - marginMs);
    const rows = await ctx.db.$queryRaw<{ names: string[] }[]>`
      SELECT drop_partitions(${table}, ${before}::timestamptz) AS names`;
    dropped.push(...(rows[0]?.names ?? []));
  }
  if (dropped.length > 0) ctx.log.info({ dropped }, 'old partitions dropped');
  return dropped;
}
