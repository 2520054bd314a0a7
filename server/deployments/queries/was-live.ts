import type { Ctx } from '#server/platform/context';
import type { EnvironmentKey } from '#server/services/contract';

/** True when visitors were on some release of the environment at that time or before. For rules, not for people. */
export async function wasLive(
  ctx: Ctx,
  { service, environment }: EnvironmentKey,
  at: Date,
): Promise<boolean> {
  const found = await ctx.db.deployment.findFirst({
    where: { service, environment, switchedAt: { lte: at } },
    select: { id: true },
  });
  return found !== null;
}
