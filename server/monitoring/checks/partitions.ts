import type { Ctx } from '#server/platform/context';
import { dropPartitions, ensurePartitions } from '#server/platform/partitions';

const DAY_MS = 86_400_000;

/** How many days of each table are kept. */
function keptDays(ctx: Ctx) {
  return { check_result: ctx.env.CHECK_RESULT_DAYS, check_hour: ctx.env.CHECK_HOUR_DAYS };
}

/** Makes sure that every result has its place. */
export function ensureCheckPartitions(ctx: Ctx): Promise<void> {
  return ensurePartitions(ctx, Object.keys(keptDays(ctx)), new Date(ctx.clock.now().getTime() - DAY_MS));
}

/** Makes partitions ahead and drops those that hold nothing that is to be kept. @returns the names of those dropped */
export async function keepCheckPartitions(ctx: Ctx): Promise<string[]> {
  await ensureCheckPartitions(ctx);
  return dropPartitions(ctx, keptDays(ctx));
}
