import type { Verdict } from '#server/deployments/contract';
import { DRIVERS, type SourceRelease } from '#server/deployments/drivers/driver';
import {
  type Freeze,
  type FreezeOverride,
  findFreezes,
  isOverridden,
} from '#server/deployments/freezes/active';
import { type HistoryEntry, releaseIdOf } from '#server/deployments/state';
import type { Ctx } from '#server/platform/context';
import { AppError } from '#server/platform/errors';
import type { Plan } from '#server/runs/contract';
import type { EnvironmentKey } from '#server/services/contract';

/** Deployments of one environment that are always part of its history: the newest. */
const HISTORY_LIMIT = 20;

/** With when it took visitors, or began where it has not. */
export type DatedEntry = HistoryEntry & { since: Date };

interface HistoryRow {
  deploymentId: string;
  sequence: number;
  direction: HistoryEntry['direction'];
  status: HistoryEntry['status'];
  restoresSequence: number | null;
  tookVisitors: boolean;
  validated: boolean;
  since: Date;
  releaseId: string;
  tag: string;
  commitSha: string;
  title: string;
  schemaVersion: number;
  verdict: Verdict | null;
}

/**
 * The deployments of an environment with what counts for a rollback, newest first: the newest 20, and of those before
 * them, however many lie between, every one that a rollback could need: what is live, and of each release the newest
 * deploy, the newest that took visitors and the newest validated one before the place of what is live.
 * @param present the tags and commits that the repository has; null when it was not asked
 */
export async function loadHistory(
  ctx: Ctx,
  key: EnvironmentKey,
  present: readonly SourceRelease[] | null,
): Promise<DatedEntry[]> {
  const rows = await readHistory(ctx, key);
  const found = present && new Set(present.map((release) => `${release.tag}\0${release.commitSha}`));
  return rows.map(({ releaseId, tag, commitSha, title, schemaVersion, verdict, ...row }) => ({
    ...row,
    release: {
      id: releaseId,
      tag,
      commitSha,
      title,
      schemaVersion,
      verdict: verdict ?? 'none',
      isMissing: found ? !found.has(`${tag}\0${commitSha}`) : false,
    },
  }));
}

function readHistory(ctx: Ctx, { service, environment }: EnvironmentKey): Promise<HistoryRow[]> {
  return ctx.db.$queryRaw<HistoryRow[]>`
    WITH newest AS (
      SELECT id FROM deployment WHERE service = ${service} AND environment = ${environment}
      ORDER BY sequence DESC LIMIT ${HISTORY_LIMIT}
    ), current AS (
      SELECT d.id, d.restores_deployment_id, coalesce(restored.sequence, d.sequence) AS place
      FROM deployment d LEFT JOIN deployment restored ON restored.id = d.restores_deployment_id
      WHERE d.service = ${service} AND d.environment = ${environment} AND d.status IN ('switched', 'live', 'invalid')
      ORDER BY d.sequence DESC LIMIT 1
    ), kept AS (
      SELECT id FROM newest
      UNION SELECT id FROM current
      UNION SELECT restores_deployment_id FROM current
      UNION SELECT found.id FROM release r LEFT JOIN current ON true CROSS JOIN LATERAL (
        (SELECT id FROM deployment d
          WHERE d.release_id = r.id AND d.service = ${service} AND d.environment = ${environment}
            AND d.direction = 'deploy'
          ORDER BY d.sequence DESC LIMIT 1)
        UNION ALL
        (SELECT id FROM deployment d
          WHERE d.release_id = r.id AND d.service = ${service} AND d.environment = ${environment}
            AND d.direction = 'deploy' AND d.sequence < current.place AND d.switched_at IS NOT NULL
          ORDER BY d.sequence DESC LIMIT 1)
        UNION ALL
        (SELECT id FROM deployment d
          WHERE d.release_id = r.id AND d.service = ${service} AND d.environment = ${environment}
            AND d.direction = 'deploy' AND d.sequence < current.place AND d.switched_at IS NOT NULL
            AND d.validated_at IS NOT NULL
          ORDER BY d.sequence DESC LIMIT 1)
      ) AS found
      WHERE r.service = ${service} AND (SELECT count(*) FROM newest) = ${HISTORY_LIMIT}
    )
    SELECT d.id AS "deploymentId", d.sequence, d.direction, d.status::text AS status,
      restored.sequence AS "restoresSequence", d.switched_at IS NOT NULL AS "tookVisitors",
      d.validated_at IS NOT NULL AS validated, coalesce(d.switched_at, d.started_at) AS since, r.id AS "releaseId", r.tag, r.commit_sha AS "commitSha", r.title,
      r.schema_version AS "schemaVersion", mark.verdict
    FROM kept JOIN deployment d ON d.id = kept.id JOIN release r ON r.id = d.release_id
    LEFT JOIN deployment restored ON restored.id = d.restores_deployment_id
    LEFT JOIN LATERAL (
      SELECT verdict FROM release_mark m WHERE m.release_id = r.id ORDER BY m.id DESC LIMIT 1) mark ON true
    ORDER BY d.sequence DESC`;
}

/** The oldest release schema version that the environment's database, as migrated so far, still serves. */
export async function oldestCompatibleSchema(ctx: Ctx, key: EnvironmentKey): Promise<number> {
  return (await oldestCompatibleSchemas(ctx, [key]))(key);
}

/** The same of several environments. */
export async function oldestCompatibleSchemas(
  ctx: Ctx,
  keys: readonly EnvironmentKey[],
): Promise<(key: EnvironmentKey) => number> {
  const rows = await ctx.db.$queryRaw<{ service: string; environment: string; oldest: number }[]>`
    SELECT key.service, key.environment, max(r.oldest_compatible_schema_version) AS oldest
    FROM unnest(${keys.map(({ service }) => service)}::text[], ${keys.map(({ environment }) => environment)}::text[])
        AS key(service, environment)
      JOIN release r ON r.service = key.service
    WHERE EXISTS (SELECT 1 FROM deployment d
      WHERE d.release_id = r.id AND d.service = key.service AND d.environment = key.environment
        AND (d.migrated_at IS NOT NULL OR d.switched_at IS NOT NULL))
    GROUP BY key.service, key.environment`;
  return (key) =>
    rows.find((row) => row.service === key.service && row.environment === key.environment)?.oldest ?? 0;
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
 * A lock, a freeze or a faulty mark keeps a release from visitors, whichever way it comes: a new deploy, one that is
 * approved now, or a resumed one. A freeze that its requester has overridden keeps it no more.
 * @throws AppError `locked` or `conflict`
 */
export async function assertMayDeploy(
  tx: Ctx,
  target: EnvironmentKey & { releaseId: string; tag: string; freezeOverride: FreezeOverride | null },
): Promise<void> {
  const lock = await findOpenLock(tx, target);
  if (lock) {
    throw new AppError(
      'locked',
      `${target.service}/${target.environment} is locked: ${lock.reason} (${lock.lockedByName}). Nothing was started.`,
      { hint: 'Lift the lock first, with a reason. Rollbacks are not refused by a lock.' },
    );
  }
  const freeze = (await findFreezes(tx, target)).find((each) => !isOverridden(each, target.freezeOverride));
  if (freeze) throw frozen(target, freeze);
  const mark = await tx.db.releaseMark.findFirst({
    where: { releaseId: target.releaseId },
    orderBy: { id: 'desc' },
  });
  if (mark?.verdict === 'faulty') {
    throw new AppError('conflict', `${target.tag} is marked faulty: ${mark.reason}. Nothing was started.`, {
      hint: 'Take the mark off with a reason if it is well after all.',
    });
  }
}

function frozen(key: EnvironmentKey, freeze: Freeze): AppError {
  const until = `${freeze.until.toISOString().slice(0, 16).replace('T', ' ')} UTC`;
  return new AppError(
    'locked',
    `${key.service}/${key.environment} is frozen until ${until}: ${freeze.reason} (${freeze.byName}). Nothing was started.`,
    {
      hint: 'Wait until then, or ask somebody who may override a freeze. Rollbacks are not refused by a freeze.',
    },
  );
}

/**
 * What is live is still what the plan says, under the environment's request lock and the active run's row lock. A deploy
 * that is in its switch right now, and is being superseded, still ends it: the rollback's first step looks once more.
 * @throws AppError `stale_plan`
 */
export async function assertStillCurrent(tx: Ctx, plan: Plan): Promise<void> {
  const current = await findCurrentDeployment(tx, plan);
  if ((current?.releaseId ?? null) !== (plan.from?.id ?? null)) throw stalePlan();
}

/** The person confirmed another plan than there is now. */
export function stalePlan(): AppError {
  return new AppError(
    'stale_plan',
    'Things have changed since this page was opened, so the plan is another one now. Nothing was started.',
    {
      hint: 'Look at the new plan and confirm again.',
    },
  );
}

/** The deployment that visitors are on, by record. */
export async function findCurrentDeployment(ctx: Ctx, key: EnvironmentKey) {
  return ctx.db.deployment.findFirst({
    where: {
      service: key.service,
      environment: key.environment,
      status: { in: ['switched', 'live', 'invalid'] },
    },
    orderBy: { sequence: 'desc' },
    include: { release: true },
  });
}

/** The lock that keeps deploys from an environment; null while there is none. */
export async function findOpenLock(ctx: Ctx, key: EnvironmentKey) {
  return ctx.db.environmentLock.findFirst({
    where: { service: key.service, environment: key.environment, liftedAt: null },
  });
}

/** Every lock that keeps deploys from an environment. */
export async function findOpenLocks(ctx: Ctx) {
  return ctx.db.environmentLock.findMany({ where: { liftedAt: null } });
}
