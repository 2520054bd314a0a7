import type { Ctx } from '#server/platform/context';
import type { EnvironmentKey } from '#server/services/contract';

/** When visitors came to another release. */
export interface Switch {
  runId: string;
  tag: string;
  direction: 'deploy' | 'rollback';
  at: Date;
}

/** The newest switches of an environment since a time. The caller has checked the permission. */
export async function listSwitches(
  ctx: Ctx,
  { service, environment }: EnvironmentKey,
  since: Date,
  limit: number,
): Promise<Switch[]> {
  const rows = await ctx.db.deployment.findMany({
    where: { service, environment, switchedAt: { gte: since } },
    select: { runId: true, direction: true, switchedAt: true, release: { select: { tag: true } } },
    orderBy: { sequence: 'desc' },
    take: limit,
  });
  return rows.flatMap(({ runId, direction, switchedAt, release }) =>
    switchedAt
      ? [{ runId, tag: release.tag, direction: direction as Switch['direction'], at: switchedAt }]
      : [],
  );
}
