import type * as z from 'zod';
import { deployEnded } from '#server/deployments/contract';
import type { DeployDriver } from '#server/deployments/drivers/driver';
import { freezeOverride } from '#server/deployments/freezes/active';
import {
  closeDeployment,
  lockForDeploys,
  markInvalid,
  markSwitched,
  markValidated,
  openDeployment,
  previousValidation,
  releasesToKeep,
  reopenDeployment,
} from '#server/deployments/procedures/deployment-records';
import {
  checklistSteps,
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
  withLine,
} from '#server/deployments/procedures/steps';
import { operatorHeaders, validateRelease } from '#server/deployments/procedures/validation';
import { assertMayDeploy, driverOf } from '#server/deployments/records';
import { publish } from '#server/platform/events';
import { type Procedure, type Step, StepFailure } from '#server/runs/procedure';
import type { EnvironmentConfig } from '#server/services/config';
import { environmentConfig, findEnvironmentConfig } from '#server/services/queries';

/** How long a deploy may take in this environment, ms. */
export function deployBudgetMs(config: EnvironmentConfig, { limits }: DeployDriver): number {
  return (config.checklistBudgetSeconds + config.validation.holdSeconds) * 1_000 + limits.deployMs;
}

export const deployParams = targetParams.extend({
  /** The freezes that its requester overrode; null when there were none. */
  freezeOverride: freezeOverride.nullable().default(null),
});
export type DeployParams = z.infer<typeof deployParams>;

/** The standard deploy: checklist, migrations if any, build, start beside the old one, gate, switch, validate. */
export const deployProcedure: Procedure<DeployParams> = {
  id: 'deployments.deploy',
  title: 'Deploy',
  params: deployParams,
  permission: 'deployments.deploy',
  confirmation: 'consequential',
  budgetMs: 600_000,
  onBudgetEnd: 'timed_out',
  supersedes: [],
  steps: (ctx, params) => {
    const config = environmentConfig(ctx, params);
    const driver = driverOf(ctx, params);
    return [
      checkoutStep(
        params,
        driver,
        ({ io }) =>
          (tx) =>
            openDeployment(tx, io.runId, params, 'deploy', null),
      ),
      ...checklistSteps(params, config),
      migrateStep(params, driver),
      buildStep(params, driver),
      startStep(params, driver),
      gateStep(params, config, driver),
      switchStep(
        params,
        driver,
        ({ io }) =>
          (tx) =>
            markSwitched(tx, io.runId, params),
        // On record as the one that takes visitors, so that a rollback leaves it and not the release before.
        async (tx) => {
          if (tx.request.runId) await markSwitched(tx, tx.request.runId, params);
        },
      ),
      validateStep(params, config, driver),
      retireStep(params, driver, (stepCtx) => releasesToKeep(stepCtx, params, config.keepReleases)),
    ] as Step<DeployParams>[];
  },
  cleanUp: endUnused,
  onResume: async (tx, runId) => {
    const deployment = await reopenDeployment(tx, runId);
    if (deployment?.switchedAt) return;
    const run = await tx.db.run.findUniqueOrThrow({ where: { id: runId }, select: { params: true } });
    await assertMayDeploy(tx, deployParams.parse(run.params));
  },
  onEnd: async (tx, end) => {
    const { service, environment } = end.params;
    await closeDeployment(tx, end.runId);
    const policy = findEnvironmentConfig(tx, end.params)?.validation.onFailure;
    if (end.status === 'failed' && end.failedStepKey === 'validate' && policy === 'hold') {
      await lockForDeploys(
        tx,
        end.params,
        `Validation of ${end.params.tag} failed in run #${end.runNumber}; it is held as it is`,
        end.runId,
      );
    }
    await publish(tx, deployEnded, {
      runId: end.runId,
      service,
      environment,
      direction: 'deploy',
      status: end.status,
      failedStepKey: end.failedStepKey,
      error: end.error,
    });
  },
};

function migrateStep(params: TargetParams, driver: DeployDriver): Step<TargetParams> {
  return {
    key: 'migrate',
    title: 'Database migrations',
    detail: withLine('those that the release has and the database lacks', driver.commandLines?.migrate),
    recovery: 'repeat',
    timeoutMs: driver.limits.migrateMs,
    run: async ({ ctx, io }) => {
      const used = driverOf(ctx, params);
      const pending = await used.pendingMigrations(io, params);
      if (pending.length === 0) return { status: 'skipped', facts: { migrations: 'none' } };
      // From here on the database may need this release's schema, even if the worker dies in the next line.
      await io.commit(async (tx) => {
        await tx.db.$executeRaw`
          UPDATE deployment SET migrated_at = coalesce(migrated_at, clock_timestamp()) WHERE run_id = ${io.runId}::uuid`;
      });
      await used.migrate(io, params);
      return { facts: { migrations: pending.join(', ') } };
    },
  };
}

/** Makes what is started; quick where it has been made before. */
export function buildStep(params: TargetParams, driver: DeployDriver): Step<TargetParams> {
  return {
    key: 'build',
    title: 'Build',
    detail: withLine('the release as it will run', driver.commandLines?.build),
    recovery: 'repeat',
    timeoutMs: driver.limits.buildMs,
    run: async ({ ctx, io }) => {
      await driverOf(ctx, params).build(io, params);
      return {};
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
    detail: `${gateAfterSwitchWords(config, driver)}${validation.endpoints.map(({ path }) => path).join(', ')}: ${validation.samples} requests each; on failure: ${POLICY_WORDS[validation.onFailure]}`,
    recovery: 'repeat',
    timeoutMs: gateAfterSwitchMs(config, driver) + (validation.holdSeconds + 120) * 1_000,
    run: async ({ ctx, io }) => {
      const before = await previousValidation(ctx, io.runId);
      const validate = async () => {
        await gateAfterSwitch({ ctx, io, params }, config);
        return validateRelease(io, config.url, validation, {
          holdSeconds: validation.holdSeconds,
          expectedTag: params.tag,
          before,
          headers: operatorHeaders(config),
        });
      };
      const { result, warnings } = await validate().catch((error: unknown) => {
        if (error instanceof StepFailure && validation.onFailure === 'ask') {
          throw new StepFailure(`${error.message} Decide: roll back, or resume to validate again.`, {
            needsAttention: true,
          });
        }
        throw error;
      });
      return {
        status: warnings.length > 0 ? 'warning' : 'succeeded',
        facts: Object.fromEntries([
          ...result.endpoints.map((endpoint) => [
            endpoint.path,
            `median ${endpoint.medianMs} ms, ${endpoint.failed} failed`,
          ]),
          ...(warnings.length > 0 ? [['slower than before', warnings.join('; ')]] : []),
        ]),
        apply: (tx) => markValidated(tx, io.runId, result),
      };
    },
    onFailure: async (tx) => {
      if (tx.request.runId) await markInvalid(tx, tx.request.runId);
    },
  };
}

const POLICY_WORDS = {
  rollback: 'roll back by itself',
  hold: 'hold and lock the environment',
  ask: 'ask a person',
} as const;
