import { requestRollback } from '#server/deployments/commands/request-runs';
import type { deployEnded } from '#server/deployments/contract';
import { prepareRollback } from '#server/deployments/plans';
import { lockForDeploys } from '#server/deployments/procedures/deployment-records';
import { rollbackProcedure } from '#server/deployments/procedures/rollback';
import { findActiveRun } from '#server/deployments/queries/environments';
import { type Ctx, systemActor } from '#server/platform/context';
import { AppError } from '#server/platform/errors';
import type { EventType } from '#server/platform/events-contract';
import { notify } from '#server/platform/notify';
import { hashPlan } from '#server/runs/state';
import { environmentConfig } from '#server/services/queries';

type DeployEnded = typeof deployEnded extends EventType<infer T> ? T : never;

/**
 * A deploy whose validation failed is rolled back where the environment's policy says so. Idempotent: one rollback for
 * each deploy run, and none when something else is live by now. Where there is nothing to go back to, the environment is
 * locked with the reason instead.
 */
export async function rollBackFailedValidation(ctx: Ctx, event: DeployEnded): Promise<void> {
  if (event.direction !== 'deploy' || event.status !== 'failed' || event.failedStepKey !== 'validate') return;
  if (environmentConfig(ctx, event).validation.onFailure !== 'rollback') return;
  const deployment = await ctx.db.deployment.findUnique({
    where: { runId: event.runId },
    include: { release: true },
  });
  if (deployment?.status !== 'invalid') return;
  const run = await ctx.db.run.findUniqueOrThrow({ where: { id: event.runId }, select: { number: true } });
  const why = `Validation of ${deployment.release.tag} failed in run #${run.number}`;
  try {
    const { plan } = await prepareRollback(ctx, event, undefined, null);
    await requestRollback(ctx.as(systemActor('Automatic rollback')), {
      service: event.service,
      environment: event.environment,
      planHash: hashPlan(plan),
      reason: `${why}; the environment's policy rolls back`,
      breakGlassReason: undefined,
      causedByRunId: event.runId,
      idempotencyKey: `failed-validation:${event.runId}`,
    });
  } catch (error) {
    if (!(error instanceof AppError) || !['conflict', 'unprocessable'].includes(error.kind)) throw error;
    ctx.log.warn({ err: error, runId: event.runId }, 'no automatic rollback');
    // A person was quicker, to whichever release: that rollback gives its own reasons.
    const active = await findActiveRun(ctx, event);
    if (active?.procedure === rollbackProcedure.id) return;
    await ctx.transaction(async (tx) => {
      await lockForDeploys(
        tx,
        event,
        `${why}, and it could not be rolled back: ${error.message}`,
        event.runId,
      );
      await notify(tx.db, { kind: 'environment', service: event.service, environment: event.environment });
    });
  }
}
