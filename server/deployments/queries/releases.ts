import { defineQuery } from '#server/auth/guard';
import { environmentInput, type ReleaseView } from '#server/deployments/contract';
import type { SourceRelease } from '#server/deployments/drivers/driver';
import { driverOf, loadHistory, oldestCompatibleSchema } from '#server/deployments/records';
import { chooseRollbackTarget, findCurrent, releaseIdOf } from '#server/deployments/state';
import type { Ctx } from '#server/platform/context';
import type { EnvironmentKey } from '#server/services/contract';
import { environmentConfig } from '#server/services/queries';

/** Every release of the service as seen from one environment, newest first; those that git has lost come last. */
export const listReleases = defineQuery({
  name: 'deployments.list-releases',
  access: 'deployments.read',
  input: environmentInput,
  handle: async (ctx, key): Promise<ReleaseView[]> => {
    environmentConfig(ctx, key);
    const present = await driverOf(ctx, key).source.listReleases();
    return describeReleases(ctx, key, present);
  },
});

/** Releases as people see them, from the repository's list and the records of one environment. */
export async function describeReleases(
  ctx: Ctx,
  key: EnvironmentKey,
  present: readonly SourceRelease[],
): Promise<ReleaseView[]> {
  const [history, oldest, stored] = await Promise.all([
    loadHistory(ctx, key, present),
    oldestCompatibleSchema(ctx, key),
    ctx.db.release.findMany({
      where: { service: key.service },
      include: {
        marks: { orderBy: { id: 'desc' }, take: 1 },
        deployments: {
          where: { service: key.service, environment: key.environment, switchedAt: { not: null } },
          orderBy: { sequence: 'desc' },
          take: 1,
        },
      },
    }),
  ]);
  const current = findCurrent(history);
  const choice = chooseRollbackTarget(history, oldest);
  const goodId = choice.kind === 'target' && choice.compatible ? choice.entry.release.id : null;
  const storedById = new Map(stored.map((release) => [release.id, release]));
  const presentIds = new Set<string>();
  const toReleaseView = (source: SourceRelease, id: string, isMissing: boolean): ReleaseView => {
    const known = storedById.get(id);
    const mark = known?.marks[0];
    return {
      id,
      tag: source.tag,
      commitSha: source.commitSha,
      title: source.title,
      committedAt: source.committedAt.toISOString(),
      schemaVersion: source.schemaVersion,
      oldestCompatibleSchemaVersion: source.oldestCompatibleSchemaVersion,
      verdict: (mark?.verdict ?? 'none') as ReleaseView['verdict'],
      verdictReason: mark?.reason ?? null,
      verdictByName: mark?.byName ?? null,
      verdictAt: mark?.at.toISOString() ?? null,
      isMissing,
      isLive: current?.release.id === id,
      isKnownGood: goodId === id,
      lastDeployedAt: known?.deployments[0]?.switchedAt?.toISOString() ?? null,
    };
  };
  const views = present.map((source) => {
    const id = releaseIdOf(key.service, source.tag, source.commitSha);
    presentIds.add(id);
    return toReleaseView(source, id, false);
  });
  const missing = stored.filter((release) => !presentIds.has(release.id) && release.deployments.length > 0);
  return [...views, ...missing.map((release) => toReleaseView(release, release.id, true))];
}
