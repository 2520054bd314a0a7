import type { DeployDriver } from '#server/deployments/drivers/driver';
import { releasesToKeep } from '#server/deployments/procedures/deployment-records';
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
  type TargetParams,
  targetParams,
} from '#server/deployments/procedures/steps';
import { operatorHeaders, validateRelease } from '#server/deployments/procedures/validation';
import { driverOf, findCurrentDeployment } from '#server/deployments/records';
import { type Procedure, type Step, StepFailure } from '#server/runs/procedure';
import type { EnvironmentConfig } from '#server/services/config';
import { environmentConfig } from '#server/services/queries';

/**
 * New processes of the release that is live, without a second in which nobody serves: start beside, gate, switch, retire.
 * The history of deployments stays as it is, since the release does. No checklist and no migration.
 */
export const restartProcedure: Procedure<TargetParams> = {
  id: 'deployments.restart',
  title: 'Rolling restart',
  params: targetParams,
  permission: 'emergency.run',
  confirmation: 'consequential',
  budgetMs: 180_000,
  onBudgetEnd: 'needs_attention',
  supersedes: [],
  steps: (ctx, params) => {
    const config = environmentConfig(ctx, params);
    const driver = driverOf(ctx, params);
    return [
      stillLiveStep(params),
      checkoutStep(params, driver),
      startStep(params, driver),
      gateStep(params, config, driver),
      switchStep(params, driver, () => async () => undefined),
      retireStep(params, driver, (stepCtx) => releasesToKeep(stepCtx, params, config.keepReleases)),
      validateStep(params, config, driver),
    ];
  },
  cleanUp: endUnused,
};

/** Between the confirmation and now another release may have gone live. */
function stillLiveStep(params: TargetParams): Step<TargetParams> {
  return {
    key: 'look',
    title: 'See what is live',
    detail: `${params.tag} must still be the live release`,
    recovery: 'repeat',
    timeoutMs: 10_000,
    run: async ({ ctx }) => {
      const current = await findCurrentDeployment(ctx, params);
      if (current?.releaseId === params.releaseId) return undefined;
      throw new StepFailure(
        `${current?.release.tag ?? 'Nothing'} is live by now, not ${params.tag}. Nothing was changed.`,
      );
    },
  };
}

function validateStep(
  params: TargetParams,
  config: EnvironmentConfig,
  driver: DeployDriver,
): Step<TargetParams> {
  const { validation } = config;
  return {
    key: 'validate',
    title: 'Validate',
    detail: `${gateAfterSwitchWords(config, driver)}${validation.endpoints.map(({ path }) => path).join(', ')}: ${validation.samples} requests each`,
    recovery: 'repeat',
    timeoutMs: gateAfterSwitchMs(config, driver) + 60_000,
    run: async ({ ctx, io }) => {
      await gateAfterSwitch({ ctx, io, params }, config);
      const { result } = await validateRelease(io, config.url, validation, {
        holdSeconds: config.rollback.holdSeconds,
        expectedTag: params.tag,
        before: null,
        headers: operatorHeaders(config),
      });
      return {
        facts: Object.fromEntries(
          result.endpoints.map(({ path, medianMs, failed }) => [
            path,
            `median ${medianMs} ms, ${failed} failed`,
          ]),
        ),
      };
    },
  };
}
