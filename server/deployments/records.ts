import type { Verdict } from '#server/deployments/contract';
import { DRIVERS, type SourceRelease } from '#server/deployments/drivers/driver';
import { type HistoryEntry, releaseIdOf } from '#server/deployments/state';
import type { Ctx } from '#server/platform/context';
import { AppError } from '#server/platform/errors';
import type { EnvironmentKey } from '#server/services/contract';

/** How far back a rollback may look: deployments of one environment. */
const HISTORY_LIMIT = 200;

/**
 * The newest deployments of an environment with what counts for a rollback, newest first.
 * @param present the tags and commits that the repository has; null when it was not asked
 */
export async function loadHistory(
  ctx: Ctx,
  key: EnvironmentKey,
  present: readonly SourceRelease[] | null,
): Promise<HistoryEntry[]> {
  const rows = await ctx.db.deployment.findMany({
    where: { service: key.service, environment: key.environment },
    orderBy: { sequence: 'desc' },
    take: HISTORY_LIMIT,
    include: { release: { include: { marks: { orderBy: { id: 'desc' }, take: 1 } } } },
  });
  const sequences = new Map(rows.map((row) => [row.id, row.sequence]));
  const found = present && new Set(present.map((release) => `${release.tag}\0${release.commitSha}`));
  return rows.map((row) => ({
    deploymentId: row.id,
    sequence: row.sequence,
    direction: row.direction as HistoryEntry['direction'],
    status: row.status,
    restoresSequence: row.restoresDeploymentId ? (sequences.get(row.restoresDeploymentId) ?? null) : null,
    release: {
      id: row.release.id,
      tag: row.release.tag,
      commitSha: row.release.commitSha,
      title: row.release.title,
      schemaVersion: row.release.schemaVersion,
      verdict: (row.release.marks[0]?.verdict ?? 'none') as Verdict,
      isMissing: found ? !found.has(`${row.release.tag}\0${row.release.commitSha}`) : false,
    },
    tookVisitors: row.switchedAt !== null,
    validated: row.validatedAt !== null,
  }));
}

/** The oldest release schema version that the environment's database, as migrated so far, still serves. */
export async function oldestCompatibleSchema(ctx: Ctx, key: EnvironmentKey): Promise<number> {
  const rows = await ctx.db.$queryRaw<{ oldest: number | null }[]>`
    SELECT max(r.oldest_compatible_schema_version) AS oldest
    FROM deployment d JOIN release r ON r.id = d.release_id
    WHERE d.service = ${key.service} AND d.environment = ${key.environment}
      AND (d.migrated_at IS NOT NULL OR d.switched_at IS NOT NULL)`;
  return rows[0]?.oldest ?? 0;
}

/** Keeps what is known of a release, so that the record outlives its tag. */
export async function recordRelease(tx: Ctx, service: string, release: SourceRelease): Promise<string> {
  const id = releaseIdOf(service, release.tag, release.commitSha);
  await tx.db.release.upsert({
    where: { id },
    create: {
      id,
      service,
      tag: release.tag,
      commitSha: release.commitSha,
      title: release.title,
      committedAt: release.committedAt,
      schemaVersion: release.schemaVersion,
      oldestCompatibleSchemaVersion: release.oldestCompatibleSchemaVersion,
    },
    update: {},
    select: { id: true },
  });
  return id;
}

export function driverOf(ctx: Ctx, key: EnvironmentKey) {
  return ctx.use(DRIVERS)(key.service, key.environment);
}

/**
 * A lock or a faulty mark keeps a release from visitors, whichever way it comes: a new deploy or a resumed one.
 * @throws AppError `locked` or `conflict`
 */
export async function assertMayDeploy(
  tx: Ctx,
  target: EnvironmentKey & { releaseId: string; release: { tag: string } },
): Promise<void> {
  const lock = await findOpenLock(tx, target);
  if (lock) {
    throw new AppError(
      'locked',
      `${target.service}/${target.environment} is locked: ${lock.reason} (${lock.lockedByName}). Nothing was started.`,
      { hint: 'Lift the lock first, with a reason. Rollbacks are not refused by a lock.' },
    );
  }
  const mark = await tx.db.releaseMark.findFirst({
    where: { releaseId: target.releaseId },
    orderBy: { id: 'desc' },
  });
  if (mark?.verdict === 'faulty') {
    throw new AppError(
      'conflict',
      `${target.release.tag} is marked faulty: ${mark.reason}. Nothing was started.`,
      {
        hint: 'Take the mark off with a reason if it is well after all.',
      },
    );
  }
}

/** The lock that keeps deploys from an environment; null while there is none. */
export async function findOpenLock(ctx: Ctx, key: EnvironmentKey) {
  return ctx.db.environmentLock.findFirst({
    where: { service: key.service, environment: key.environment, liftedAt: null },
  });
}
