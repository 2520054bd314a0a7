import * as z from 'zod';
import { deployEnded } from '#server/deployments/contract';
import type { DeployDriver } from '#server/deployments/drivers/driver';
import { buildStep } from '#server/deployments/procedures/deploy';
import {
  addMark,
  closeDeployment,
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
  gateAfterSwitch,
  gateAfterSwitchMs,
  gateAfterSwitchWords,
  gateStep,
  retireStep,
  startStep,
  switchStep,
  targetParams,
} from '#server/deployments/procedures/steps';
import { operatorHeaders, validateRelease } from '#server/deployments/procedures/validation';
import { driverOf, findCurrentDeployment } from '#server/deployments/records';
import type { Ctx } from '#server/platform/context';
import { publish } from '#server/platform/events';
import { type Procedure, type Step, StepFailure } from '#server/runs/procedure';
import type { EnvironmentConfig } from '#server/services/config';
import { environmentConfig, findEnvironmentConfig } from '#server/services/queries';

export const rollbackParams = targetParams.extend({
  /** The deployment whose place in the history the rollback takes. */
  restoresDeploymentId: z.string(),
  from: z.object({ releaseId: z.string(), tag: z.string() }),
  /** Why the target was taken although its schema does not fit; null when it fits. */
  breakGlassReason: z.string().nullable(),
  /** A rehearsal: what is left is well, so it is not marked and nothing is locked. */
  drill: z.boolean().default(false),
});
export type RollbackParams = z.infer<typeof rollbackParams>;

/**
 * Back to a known-good release: the path and the gate of a deploy without its checklist. Switches artifacts; never
 * rewrites git (Argo Rollouts, branch-deploy). Afterwards the environment is locked with a reason and the release that
 * was left is marked faulty (Shipit), in the transaction that records the switch; after a drill neither.
 */
export const rollbackProcedure: Procedure<RollbackParams> = {
  id: 'deployments.rollback',
  title: 'Roll back',
  params: rollbackParams,
  permission: 'deployments.rollback',
  confirmation: 'consequential',
  budgetMs: 90_000,
  onBudgetEnd: 'needs_attention',
  supersedes: ['deployments.deploy', 'deployments.check', 'deployments.validate', 'deployments.restart'],
  steps: (ctx, params) => {
    const config = environmentConfig(ctx, params);
    const driver = driverOf(ctx, params);
    return [
      checkoutStep(
        params,
        driver,
        ({ io }) =>
          (tx) =>
            beginRollback(tx, io.runId, params),
      ),
      buildStep(params, driver),
      startStep(params, driver),
      gateStep(params, config, driver),
      switchStep(
        params,
        driver,
        ({ io }) =>
          (tx) =>
            recordRollback(tx, io.runId, io.runNumber, params),
      ),
      validateStep(params, config, driver),
      retireStep(params, driver, (stepCtx) => releasesToKeep(stepCtx, params, config.keepReleases)),
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
  // Asked here again: a stored plan must not spare an environment that visitors use.
  if (params.drill && findEnvironmentConfig(tx, params)?.practice) return;
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

function validateStep(
  params: RollbackParams,
  config: EnvironmentConfig,
  driver: DeployDriver,
): Step<RollbackParams> {
  const { validation } = config;
  return {
    key: 'validate',
    title: 'Validate',
    detail: `${gateAfterSwitchWords(config, driver)}${validation.endpoints.map(({ path }) => path).join(', ')}: ${validation.samples} requests each`,
    recovery: 'repeat',
    timeoutMs: gateAfterSwitchMs(config, driver) + (config.rollback.holdSeconds + 60) * 1_000,
    run: async ({ ctx, io }) => {
      const validate = async () => {
        await gateAfterSwitch({ ctx, io, params }, config);
        return validateRelease(io, config.url, validation, {
          holdSeconds: config.rollback.holdSeconds,
          expectedTag: params.tag,
          before: null,
          headers: operatorHeaders(config),
        });
      };
      const { result } = await validate().catch((error: unknown) => {
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
