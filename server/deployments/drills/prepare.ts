import { chooseDrill, type DrillCandidate, type DrillChoice } from '#server/deployments/drills/state';
import type { SourceRelease } from '#server/deployments/drivers/driver';
import { noPractice, type PreparedDeploy, prepareDeploy } from '#server/deployments/plans';
import { driverOf, loadHistory, oldestCompatibleSchema } from '#server/deployments/records';
import { findCurrent, releaseIdOf } from '#server/deployments/state';
import type { Ctx } from '#server/platform/context';
import { AppError } from '#server/platform/errors';
import type { EnvironmentKey } from '#server/services/contract';
import { environmentConfig } from '#server/services/queries';

/** A drill that can start: its deploy as planned, and what the rollback must bring back. */
export interface PreparedDrill {
  key: EnvironmentKey;
  deploy: PreparedDeploy;
  releaseTag: string;
  restoredTag: string;
  budgetMs: number;
}

/** What a drill would do here now. @throws AppError `unavailable` when the repository cannot be read */
export async function findDrill(ctx: Ctx, key: EnvironmentKey): Promise<DrillChoice> {
  const present = await driverOf(ctx, key).source.listReleases();
  const [history, oldest, candidates] = await Promise.all([
    loadHistory(ctx, key, present),
    oldestCompatibleSchema(ctx, key),
    describeCandidates(ctx, key.service, present),
  ]);
  return chooseDrill(history, findCurrent(history), candidates, oldest);
}

/**
 * Chooses and plans a drill, for the transaction that starts it.
 * @throws AppError `not_found`, `unprocessable` outside practice environments, `conflict` when there is nothing to
 *   practise with
 */
export async function prepareDrill(
  ctx: Ctx,
  { service, environment }: EnvironmentKey,
): Promise<PreparedDrill> {
  const key = { service, environment };
  const config = environmentConfig(ctx, key);
  if (!config.practice) throw noPractice(key);
  const choice = await findDrill(ctx, key);
  if (choice.kind === 'none') throw new AppError('conflict', `${choice.reason} Nothing was started.`);
  return {
    key,
    deploy: await prepareDeploy(ctx, key, choice.released.tag),
    releaseTag: choice.released.tag,
    restoredTag: choice.restored.tag,
    budgetMs: config.rollback.budgetSeconds * 1_000,
  };
}

/** The repository's releases with what any environment of the service has shown of them. */
async function describeCandidates(
  ctx: Ctx,
  service: string,
  present: readonly SourceRelease[],
): Promise<DrillCandidate[]> {
  const rows = await ctx.db.$queryRaw<{ id: string; verdict: string | null; validated: boolean }[]>`
    SELECT r.id, mark.verdict,
      EXISTS (SELECT 1 FROM deployment d WHERE d.release_id = r.id AND d.validated_at IS NOT NULL) AS validated
    FROM release r LEFT JOIN LATERAL (
      SELECT verdict FROM release_mark m WHERE m.release_id = r.id ORDER BY m.id DESC LIMIT 1) mark ON true
    WHERE r.service = ${service}`;
  const known = new Map(rows.map((row) => [row.id, row]));
  return present.map(({ tag, commitSha, schemaVersion, oldestCompatibleSchemaVersion }) => {
    const id = releaseIdOf(service, tag, commitSha);
    const record = known.get(id);
    const isGood =
      record?.verdict === 'stable' || (record?.validated === true && record.verdict !== 'faulty');
    return { id, tag, schemaVersion, oldestCompatibleSchemaVersion, isGood };
  });
}
