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

interface StoredRelease {
  id: string;
  tag: string;
  commitSha: string;
  title: string;
  committedAt: Date;
  schemaVersion: number;
  oldestCompatibleSchemaVersion: number;
  verdict: ReleaseView['verdict'] | null;
  verdictReason: string | null;
  verdictByName: string | null;
  verdictAt: Date | null;
  lastDeployedAt: Date | null;
}

/** What the records know of a service's releases: the newest mark, and the last time one took visitors here. */
function readStored(ctx: Ctx, key: EnvironmentKey): Promise<StoredRelease[]> {
  return ctx.db.$queryRaw<StoredRelease[]>`
    SELECT r.id, r.tag, r.commit_sha AS "commitSha", r.title, r.committed_at AS "committedAt",
      r.schema_version AS "schemaVersion", r.oldest_compatible_schema_version AS "oldestCompatibleSchemaVersion",
      mark.verdict, mark.reason AS "verdictReason", mark.by_name AS "verdictByName", mark.at AS "verdictAt",
      last.switched_at AS "lastDeployedAt"
    FROM release r
    LEFT JOIN LATERAL (
      SELECT verdict, reason, by_name, at FROM release_mark WHERE release_id = r.id ORDER BY id DESC LIMIT 1) mark ON true
    LEFT JOIN LATERAL (
      SELECT switched_at FROM deployment
      WHERE release_id = r.id AND service = ${key.service} AND environment = ${key.environment}
        AND switched_at IS NOT NULL
      ORDER BY sequence DESC LIMIT 1) last ON true
    WHERE r.service = ${key.service}`;
}

/** Releases as people see them, from the repository's list and the records of one environment. */
export async function describeReleases(
  ctx: Ctx,
  key: EnvironmentKey,
  present: readonly SourceRelease[],
): Promise<ReleaseView[]> {
  const [history, oldest, stored] = await Promise.all([
    loadHistory(ctx, key, present),
    oldestCompatibleSchema(ctx, key),
    readStored(ctx, key),
  ]);
  const current = findCurrent(history);
  const choice = chooseRollbackTarget(history, oldest);
  const goodId = choice.kind === 'target' && choice.compatible ? choice.entry.release.id : null;
  const storedById = new Map(stored.map((release) => [release.id, release]));
  const presentIds = new Set<string>();
  const toReleaseView = (source: SourceRelease, id: string, isMissing: boolean): ReleaseView => {
    const known = storedById.get(id);
    return {
      id,
      tag: source.tag,
      commitSha: source.commitSha,
      title: source.title,
      committedAt: source.committedAt.toISOString(),
      schemaVersion: source.schemaVersion,
      oldestCompatibleSchemaVersion: source.oldestCompatibleSchemaVersion,
      verdict: known?.verdict ?? 'none',
      verdictReason: known?.verdictReason ?? null,
      verdictByName: known?.verdictByName ?? null,
      verdictAt: known?.verdictAt?.toISOString() ?? null,
      isMissing,
      isLive: current?.release.id === id,
      isKnownGood: goodId === id,
      lastDeployedAt: known?.lastDeployedAt?.toISOString() ?? null,
    };
  };
  const views = present.map((source) => {
    const id = releaseIdOf(key.service, source.tag, source.commitSha);
    presentIds.add(id);
    return toReleaseView(source, id, false);
  });
  const missing = stored.filter((release) => !presentIds.has(release.id) && release.lastDeployedAt !== null);
  return [...views, ...missing.map((release) => toReleaseView(release, release.id, true))];
}
