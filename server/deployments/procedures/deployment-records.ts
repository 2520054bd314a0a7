import { recordAudit } from '#server/audit/commands';
import type { TargetParams } from '#server/deployments/procedures/steps';
import type { ValidationResult } from '#server/deployments/procedures/validation';
import { findCurrentDeployment } from '#server/deployments/records';
import type { Ctx } from '#server/platform/context';
import type { EnvironmentKey } from '#server/services/contract';

/** Opens the record of a deploy or rollback; repeating it for the same run changes nothing. */
export async function openDeployment(
  tx: Ctx,
  runId: string,
  params: TargetParams,
  direction: 'deploy' | 'rollback',
  restoresDeploymentId: string | null,
): Promise<void> {
  const current = await findCurrentDeployment(tx, params);
  await tx.db.deployment.upsert({
    where: { runId },
    create: {
      id: tx.ids.uuid(),
      service: params.service,
      environment: params.environment,
      releaseId: params.releaseId,
      direction,
      restoresDeploymentId,
      replacesDeploymentId: current?.id ?? null,
      runId,
    },
    update: {},
    select: { id: true },
  });
}

/** The run goes on: what had failed is in progress again, what serves keeps its state. */
export async function reopenDeployment(tx: Ctx, runId: string) {
  await tx.db.$executeRaw`
    UPDATE deployment SET ended_at = NULL,
      status = CASE WHEN status = 'failed' THEN 'in_progress'::deployment_status ELSE status END
    WHERE run_id = ${runId}::uuid AND status <> 'replaced'`;
  return tx.db.deployment.findUnique({ where: { runId }, include: { release: true } });
}

/** Visitors are on it now; what served before is replaced. One current deployment per environment, by unique index. */
export async function markSwitched(tx: Ctx, runId: string, key: EnvironmentKey): Promise<void> {
  await tx.db.$executeRaw`
    UPDATE deployment SET status = 'replaced', ended_at = coalesce(ended_at, clock_timestamp())
    WHERE service = ${key.service} AND environment = ${key.environment}
      AND status IN ('switched', 'live', 'invalid') AND run_id <> ${runId}::uuid`;
  await tx.db.$executeRaw`
    UPDATE deployment SET status = 'switched', switched_at = coalesce(switched_at, clock_timestamp())
    WHERE run_id = ${runId}::uuid`;
}

export async function markValidated(tx: Ctx, runId: string, result: ValidationResult): Promise<void> {
  await tx.db.$executeRaw`
    UPDATE deployment SET status = 'live', validated_at = clock_timestamp(), validation = ${JSON.stringify(result)}::jsonb
    WHERE run_id = ${runId}::uuid AND status IN ('switched', 'invalid', 'live')`;
}

export async function markInvalid(tx: Ctx, runId: string): Promise<void> {
  await tx.db.$executeRaw`
    UPDATE deployment SET status = 'invalid' WHERE run_id = ${runId}::uuid AND status = 'switched'`;
}

/** The run ended: a deployment that never took visitors has failed; one that serves keeps its state. */
export async function closeDeployment(tx: Ctx, runId: string): Promise<void> {
  await tx.db.$executeRaw`
    UPDATE deployment SET ended_at = clock_timestamp(),
      status = CASE WHEN status = 'in_progress' THEN 'failed'::deployment_status ELSE status END
    WHERE run_id = ${runId}::uuid AND status <> 'replaced'`;
}

/** What the release before measured, to compare with; null when nothing was. */
export async function previousValidation(ctx: Ctx, runId: string): Promise<ValidationResult | null> {
  const row = await ctx.db.deployment.findUnique({
    where: { runId },
    select: { replacesDeploymentId: true },
  });
  if (!row?.replacesDeploymentId) return null;
  const before = await ctx.db.deployment.findUnique({
    where: { id: row.replacesDeploymentId },
    select: { validation: true },
  });
  return (before?.validation ?? null) as ValidationResult | null;
}

/** Locks the environment for deploys, with its audit entry; an open lock stays as it is. */
export async function lockForDeploys(
  tx: Ctx,
  key: EnvironmentKey,
  reason: string,
  runId: string | null,
): Promise<void> {
  const id = tx.ids.uuid();
  const lock = {
    id,
    ...keyOf(key),
    reason,
    lockedByType: tx.actor.type,
    lockedById: tx.actor.id,
    lockedByName: tx.actor.name,
    runId,
  };
  // ON CONFLICT DO NOTHING: whoever locks at the same instant must not make a switch fail.
  const { count } = await tx.db.environmentLock.createMany({ data: [lock], skipDuplicates: true });
  if (count === 0) return;
  await recordAudit(tx, {
    action: 'environments.lock',
    target: {
      type: 'environment',
      id: `${key.service}/${key.environment}`,
      label: `${key.service}/${key.environment}`,
    },
    ...keyOf(key),
    reason,
    runId,
    details: { lockId: id },
  });
}

/** Adds a verdict to a release, with its audit entry. The newest verdict counts. */
export async function addMark(
  tx: Ctx,
  release: { id: string; tag: string; service: string },
  verdict: 'stable' | 'faulty' | 'none',
  reason: string,
  runId: string | null,
): Promise<void> {
  await tx.db.releaseMark.create({
    data: {
      releaseId: release.id,
      verdict,
      reason,
      byType: tx.actor.type,
      byId: tx.actor.id,
      byName: tx.actor.name,
      runId,
    },
    select: { id: true },
  });
  await recordAudit(tx, {
    action: 'releases.mark',
    target: { type: 'release', id: release.id, label: release.tag },
    service: release.service,
    reason,
    runId,
    details: { verdict },
  });
}

/** Checkouts worth keeping: the newest deployed releases, and every one that a rollback may need. */
export async function releasesToKeep(
  ctx: Ctx,
  key: EnvironmentKey,
  count: number,
): Promise<{ tag: string; commitSha: string }[]> {
  const rows = await ctx.db.$queryRaw<
    { tag: string; commitSha: string; known_good: boolean; rank: number }[]
  >`
    WITH latest AS (
      SELECT r.tag, r.commit_sha AS "commitSha", max(d.sequence) AS sequence,
        bool_or(d.validated_at IS NOT NULL) AND coalesce((
          SELECT m.verdict FROM release_mark m WHERE m.release_id = r.id ORDER BY m.id DESC LIMIT 1), 'none') <> 'faulty'
          AS known_good
      FROM deployment d JOIN release r ON r.id = d.release_id
      WHERE d.service = ${key.service} AND d.environment = ${key.environment}
      GROUP BY r.id
    )
    SELECT tag, "commitSha", known_good,
      row_number() OVER (PARTITION BY known_good ORDER BY sequence DESC)::int AS rank
    FROM latest`;
  return rows.filter((row) => row.rank <= count).map(({ tag, commitSha }) => ({ tag, commitSha }));
}

function keyOf({ service, environment }: EnvironmentKey): EnvironmentKey {
  return { service, environment };
}
