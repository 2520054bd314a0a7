import { markValidated } from '#server/deployments/procedures/deployment-records';
import {
  checklistSteps,
  checkoutStep,
  type TargetParams,
  targetParams,
} from '#server/deployments/procedures/steps';
import { operatorHeaders, validateRelease } from '#server/deployments/procedures/validation';
import { driverOf, findCurrentDeployment } from '#server/deployments/records';
import type { Procedure } from '#server/runs/procedure';
import { environmentConfig } from '#server/services/queries';

/** The pre-deploy checklist alone: changes nothing that visitors see. */
export const checklistProcedure: Procedure<TargetParams> = {
  id: 'deployments.check',
  title: 'Pre-deploy check',
  params: targetParams,
  permission: 'deployments.check',
  confirmation: 'safe',
  budgetMs: 180_000,
  onBudgetEnd: 'timed_out',
  supersedes: [],
  steps: (ctx, params) => [
    checkoutStep(params, driverOf(ctx, params)),
    ...checklistSteps(params, environmentConfig(ctx, params)),
  ],
};

/** The post-deploy validation alone, against what is live; a release that passes it counts as validated. */
export const validationProcedure: Procedure<TargetParams> = {
  id: 'deployments.validate',
  title: 'Post-deploy validation',
  params: targetParams,
  permission: 'deployments.check',
  confirmation: 'safe',
  budgetMs: 60_000,
  onBudgetEnd: 'timed_out',
  supersedes: [],
  steps: (ctx, params) => {
    const config = environmentConfig(ctx, params);
    return [
      {
        key: 'validate',
        title: 'Validate',
        detail: `${config.validation.endpoints.map(({ path }) => path).join(', ')}: ${config.validation.samples} requests each`,
        recovery: 'repeat',
        timeoutMs: 60_000,
        run: async ({ io }) => {
          const { result } = await validateRelease(io, config.url, config.validation, {
            holdSeconds: Math.min(config.validation.holdSeconds, 30),
            expectedTag: params.tag,
            before: null,
            headers: operatorHeaders(config),
          });
          return {
            apply: async (tx) => {
              const current = await findCurrentDeployment(tx, params);
              if (current?.releaseId === params.releaseId) await markValidated(tx, current.runId, result);
            },
            facts: Object.fromEntries(
              result.endpoints.map((endpoint) => [
                endpoint.path,
                `median ${endpoint.medianMs} ms, ${endpoint.failed} failed`,
              ]),
            ),
          };
        },
      },
    ];
  },
};
