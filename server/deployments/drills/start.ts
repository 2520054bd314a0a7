import { recordAudit } from '#server/audit/commands';
import { queueDeploy } from '#server/deployments/commands/request-runs';
import type { RequestedDrill } from '#server/deployments/drills/contract';
import type { PreparedDrill } from '#server/deployments/drills/prepare';
import type { Ctx } from '#server/platform/context';
import { isUniqueViolation } from '#server/platform/database-errors';
import { AppError } from '#server/platform/errors';
import type { EnvironmentKey } from '#server/services/contract';

/**
 * Queues the deploy of a drill and ties the two together, in the caller's transaction; the end of the deploy leads on.
 * @throws AppError `conflict` while a drill or another run holds the environment, `locked` while it is locked or frozen
 */
export async function startDrill(
  tx: Ctx,
  prepared: PreparedDrill,
  idempotencyKey: string | undefined,
): Promise<RequestedDrill> {
  const { key, releaseTag, restoredTag, budgetMs } = prepared;
  const id = tx.ids.uuid();
  const reason = `Drill: deployed to be rolled back to ${restoredTag}`;
  const run = await queueDeploy(
    tx,
    { ...key, tag: releaseTag, reason, idempotencyKey: idempotencyKey && `drill:${idempotencyKey}` },
    prepared.deploy,
  );
  if (!run.created) return findEarlier(tx, run, key);
  const drill = { id, ...key, status: 'deploying', releaseTag, restoredTag, budgetMs };
  try {
    await tx.db.drill.create({
      data: { ...drill, deployRunId: run.runId, requestedByName: tx.actor.name },
      select: { id: true },
    });
  } catch (error) {
    if (isUniqueViolation(error)) throw goingOn(key);
    throw error;
  }
  await recordAudit(tx, {
    action: 'drills.requested',
    target: { type: 'drill', id, label: `${restoredTag} to ${releaseTag} and back` },
    ...key,
    runId: run.runId,
    details: { releaseTag, restoredTag, budgetMs },
  });
  return { drillId: id, runId: run.runId, number: run.number, created: true };
}

/** The same request came before; the same deploy for another purpose is not ours to take. */
async function findEarlier(
  tx: Ctx,
  run: { runId: string; number: number },
  key: EnvironmentKey,
): Promise<RequestedDrill> {
  const earlier = await tx.db.drill.findUnique({ where: { deployRunId: run.runId }, select: { id: true } });
  if (earlier) return { drillId: earlier.id, runId: run.runId, number: run.number, created: false };
  throw new AppError(
    'conflict',
    `Run #${run.number} holds ${key.service}/${key.environment}. Nothing was started.`,
    { hint: 'Wait for it to end, or cancel it on its page.' },
  );
}

/** True while a drill of the environment has not ended. */
export async function isDrillOpen(ctx: Ctx, { service, environment }: EnvironmentKey): Promise<boolean> {
  return (await ctx.db.drill.count({ where: { service, environment, endedAt: null } })) > 0;
}

function goingOn({ service, environment }: EnvironmentKey): AppError {
  return new AppError(
    'conflict',
    `A drill of ${service}/${environment} is still going on. Nothing was started.`,
    { hint: 'Wait for it to end.' },
  );
}
