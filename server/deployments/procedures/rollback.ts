import * as z from 'zod';
import { deployEnded } from '#server/deployments/contract';
import { buildStep } from '#server/deployments/procedures/deploy';
import {
  addMark,
  closeDeployment,
  findCurrentDeployment,
  lockForDeploys,
  markInvalid,
  markSwitched,
  markValidated,
  openDeployment,
  releasesToKeep,
  reopenDeployment,
} from '#server/deployments/procedures/deployment-records';
import {
  checkoutStep,
  endUnused,
  gateStep,
  retireStep,
  startStep,
  switchStep,
  targetParams,
} from '#server/deployments/procedures/steps';
import { validateRelease } from '#server/deployments/procedures/validation';
import type { Ctx } from '#server/platform/context';
import { publish } from '#server/platform/events';
import { type Procedure, type Step, StepFailure } from '#server/runs/procedure';
import type { EnvironmentConfig } from '#server/services/config';
import { environmentConfig } from '#server/services/queries';

export const rollbackParams = targetParams.extend({
  /** The deployment whose place in the history the rollback takes. */
  restoresDeploymentId: z.string(),
  from: z.object({ releaseId: z.string(), tag: z.string() }),
  /** Why the target was taken although its schema does not fit; null when it fits. */
  breakGlassReason: z.string().nullable(),
});
export type RollbackParams = z.infer<typeof rollbackParams>;

/**
 * Back to a known-good release: the path and the gate of a deploy without its checklist. Switches artifacts; never
 * rewrites git (Argo Rollouts, branch-deploy). Afterwards the environment is locked with a reason and the release that
 * was left is marked faulty (Shipit), in the transaction that records the switch.
 */
export const rollbackProcedure: Procedure<RollbackParams> = {
  id: 'deployments.rollback',
  title: 'Roll back',
  params: rollbackParams,
  permission: 'deployments.rollback',
  confirmation: 'consequential',
  budgetMs: 90_000,
  onBudgetEnd: 'needs_attention',
  supersedes: ['deployments.deploy', 'deployments.check', 'deployments.validate'],
  steps: (ctx, params) => {
    const config = environmentConfig(ctx, params);
    return [
      checkoutStep(
        params,
        ({ io }) =>
          (tx) =>
            beginRollback(tx, io.runId, params),
      ),
      buildStep(params),
      startStep(params),
      gateStep(params, config),
      switchStep(
        params,
        ({ io }) =>
          (tx) =>
            recordRollback(tx, io.runId, io.runNumber, params),
      ),
      validateStep(params, config),
      retireStep(params, (stepCtx) => releasesToKeep(stepCtx, params, config.keepReleases)),
    ] as Step<RollbackParams>[];
  },
  cleanUp: endUnused,
  onResume: async (tx, runId) => {
    await reopenDeployment(tx, runId);
  },
  onEnd: async (tx, end) => {
    await closeDeployment(tx, end.runId);
    await publish(tx, deployEnded, {
      runId: end.runId,
      service: end.params.service,
      environment: end.params.environment,
      direction: 'rollback',
      status: end.status,
      failedStepKey: end.failedStepKey,
      error: end.error,
    });
  },
};

/**
 * A superseded deploy may have ended its switch after this rollback was confirmed. Then the plan is not what the person
 * saw, another release would be marked faulty, and the person must look again.
 */
async function beginRollback(tx: Ctx, runId: string, params: RollbackParams): Promise<void> {
  const current = await findCurrentDeployment(tx, params);
  if (current && current.runId !== runId && current.releaseId !== params.from.releaseId) {
    throw new StepFailure(
      `${current.release.tag} went live while its deploy was being stopped; this rollback was confirmed to leave ${params.from.tag}. Nothing was changed: press Roll back again to leave ${current.release.tag}.`,
    );
  }
  await openDeployment(tx, runId, params, 'rollback', params.restoresDeploymentId);
}

async function recordRollback(
  tx: Ctx,
  runId: string,
  runNumber: number,
  params: RollbackParams,
): Promise<void> {
  await markSwitched(tx, runId, params);
  const run = await tx.db.run.findUniqueOrThrow({ where: { id: runId }, select: { reason: true } });
  const what = `Rolled back from ${params.from.tag} to ${params.tag} in run #${runNumber}`;
  const why = run.reason ? `${what}: ${run.reason}` : what;
  await addMark(
    tx,
    { id: params.from.releaseId, tag: params.from.tag, service: params.service },
    'faulty',
    why,
    runId,
  );
  await lockForDeploys(tx, params, why, runId);
}

function validateStep(params: RollbackParams, config: EnvironmentConfig): Step<RollbackParams> {
  const { validation } = config;
  return {
    key: 'validate',
    title: 'Validate',
    detail: `${validation.endpoints.map(({ path }) => path).join(', ')}: ${validation.samples} requests each`,
    recovery: 'repeat',
    timeoutMs: (config.rollback.holdSeconds + 60) * 1_000,
    run: async ({ io }) => {
      const { result } = await validateRelease(io, config.url, validation, {
        holdSeconds: config.rollback.holdSeconds,
        expectedTag: params.tag,
        before: null,
      }).catch((error: unknown) => {
        if (!(error instanceof StepFailure)) throw error;
        throw new StepFailure(`THE ROLLBACK DID NOT MAKE THE SHOP WELL. ${error.message}`, {
          needsAttention: true,
        });
      });
      return {
        facts: Object.fromEntries(
          result.endpoints.map((endpoint) => [
            endpoint.path,
            `median ${endpoint.medianMs} ms, ${endpoint.failed} failed`,
          ]),
        ),
        apply: (tx) => markValidated(tx, io.runId, result),
      };
    },
    onFailure: async (tx) => {
      if (tx.request.runId) await markInvalid(tx, tx.request.runId);
    },
  };
}
