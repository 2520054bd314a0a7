import { deployEnded } from '#server/deployments/contract';
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
  gateStep,
  retireStep,
  startStep,
  switchStep,
  type TargetParams,
  targetParams,
} from '#server/deployments/procedures/steps';
import { validateRelease } from '#server/deployments/procedures/validation';
import { assertMayDeploy, driverOf } from '#server/deployments/records';
import { publish } from '#server/platform/events';
import { type Procedure, type Step, StepFailure } from '#server/runs/procedure';
import type { EnvironmentConfig } from '#server/services/config';
import { environmentConfig, findEnvironmentConfig } from '#server/services/queries';

/** Time for everything of a deploy that is not the checklist, s. */
const DEPLOY_SECONDS = 420;

/** How long a deploy may take in this environment, ms. */
export function deployBudgetMs(config: EnvironmentConfig): number {
  return (config.checklistBudgetSeconds + DEPLOY_SECONDS + config.validation.holdSeconds) * 1_000;
}

/** The standard deploy: checklist, migrations if any, build, start beside the old one, gate, switch, validate. */
export const deployProcedure: Procedure<TargetParams> = {
  id: 'deployments.deploy',
  title: 'Deploy',
  params: targetParams,
  permission: 'deployments.deploy',
  confirmation: 'consequential',
  budgetMs: (180 + DEPLOY_SECONDS) * 1_000,
  onBudgetEnd: 'timed_out',
  supersedes: [],
  steps: (ctx, params) => {
    const config = environmentConfig(ctx, params);
    return [
      checkoutStep(
        params,
        ({ io }) =>
          (tx) =>
            openDeployment(tx, io.runId, params, 'deploy', null),
      ),
      ...checklistSteps(params, config),
      migrateStep(params),
      buildStep(params),
      startStep(params),
      gateStep(params, config),
      switchStep(
        params,
        ({ io }) =>
          (tx) =>
            markSwitched(tx, io.runId, params),
      ),
      validateStep(params, config),
      retireStep(params, (stepCtx) => releasesToKeep(stepCtx, params, config.keepReleases)),
    ];
  },
  cleanUp: endUnused,
  onResume: async (tx, runId) => {
    const deployment = await reopenDeployment(tx, runId);
    if (deployment && !deployment.switchedAt) await assertMayDeploy(tx, deployment);
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

function migrateStep(params: TargetParams): Step<TargetParams> {
  return {
    key: 'migrate',
    title: 'Database migrations',
    detail: 'those that the release has and the database lacks',
    recovery: 'repeat',
    timeoutMs: 300_000,
    run: async ({ ctx, io }) => {
      const driver = driverOf(ctx, params);
      const pending = await driver.pendingMigrations(io, params);
      if (pending.length === 0) return { status: 'skipped', facts: { migrations: 'none' } };
      // From here on the database may need this release's schema, even if the worker dies in the next line.
      await io.commit(async (tx) => {
        await tx.db.$executeRaw`
          UPDATE deployment SET migrated_at = coalesce(migrated_at, clock_timestamp()) WHERE run_id = ${io.runId}::uuid`;
      });
      await driver.migrate(io, params);
      return { facts: { migrations: pending.join(', ') } };
    },
  };
}

/** Makes what is started; quick where it has been made before. */
export function buildStep(params: TargetParams): Step<TargetParams> {
  return {
    key: 'build',
    title: 'Build',
    detail: 'the release as it will run',
    recovery: 'repeat',
    timeoutMs: 300_000,
    run: async ({ ctx, io }) => {
      await driverOf(ctx, params).build(io, params);
      return {};
    },
  };
}

function validateStep(params: TargetParams, config: EnvironmentConfig): Step<TargetParams> {
  const { validation } = config;
  return {
    key: 'validate',
    title: 'Validate',
    detail: `${validation.endpoints.map(({ path }) => path).join(', ')}: ${validation.samples} requests each; on failure: ${POLICY_WORDS[validation.onFailure]}`,
    recovery: 'repeat',
    timeoutMs: (validation.holdSeconds + 120) * 1_000,
    run: async ({ ctx, io }) => {
      const before = await previousValidation(ctx, io.runId);
      const { result, warnings } = await validateRelease(io, config.url, validation, {
        holdSeconds: validation.holdSeconds,
        expectedTag: params.tag,
        before,
      }).catch((error: unknown) => {
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
