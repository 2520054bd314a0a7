import type * as z from 'zod/mini';
import { recordAudit } from '#server/audit/commands';
import { defineCommand } from '#server/auth/guard';
import {
  requestChecklistInput,
  requestDeployInput,
  requestRestartInput,
  requestRollbackInput,
  requestValidationInput,
} from '#server/deployments/contract';
import { takeOverride } from '#server/deployments/freezes/active';
import {
  type Prepared,
  type PreparedDeploy,
  prepareChecklist,
  prepareDeploy,
  prepareRestart,
  prepareRollback,
  prepareValidation,
} from '#server/deployments/plans';
import { deployProcedure } from '#server/deployments/procedures/deploy';
import {
  assertMayDeploy,
  assertStillCurrent,
  loadHistory,
  recordRelease,
  stalePlan,
} from '#server/deployments/records';
import type { Ctx } from '#server/platform/context';
import { AppError } from '#server/platform/errors';
import type { Plan, StartedRun } from '#server/runs/contract';
import { startRun } from '#server/runs/start-run';
import { hashPlan } from '#server/runs/state';
import { OPS_CONFIG } from '#server/services/queries';

/**
 * Queues the deploy that the person confirmed. In a freeze only with a reason to override it, from who may, which is an
 * entry of its own in the audit log. @throws AppError `stale_plan` when it is no longer what the page showed, `locked`
 * while the environment is locked or frozen, `conflict` when another run holds it or the release is marked faulty
 */
export const requestDeploy = defineCommand({
  name: 'deployments.request-deploy',
  access: 'deployments.deploy',
  input: requestDeployInput,
  prepare: async (ctx, input) => {
    const prepared = await prepareDeploy(ctx, input, input.tag);
    assertPlan(prepared.plan, input.planHash);
    return prepared;
  },
  handle: queueDeploy,
});

/**
 * The same inside another request's transaction: whatever asks for a deploy comes through here, and past its locks,
 * freezes, verdicts and approvals. The caller has checked the permission and prepared the plan.
 */
export async function queueDeploy(
  tx: Ctx,
  input: Omit<z.infer<typeof requestDeployInput>, 'planHash'>,
  prepared: PreparedDeploy,
): Promise<StartedRun> {
  await recordRelease(tx, input.service, prepared.release);
  const taken = await takeOverride(tx, input, input.freezeOverrideReason);
  const params = { ...prepared.params, freezeOverride: taken?.override ?? null };
  const started = await start(tx, { ...prepared, params }, input);
  if (!started.created) return started;
  await assertMayDeploy(tx, params);
  await assertStillCurrent(tx, prepared.plan);
  if (taken) {
    await recordAudit(tx, {
      action: 'deployments.freeze.overridden',
      target: { type: 'run', id: started.runId, label: `#${started.number} ${prepared.plan.title}` },
      service: input.service,
      environment: input.environment,
      reason: taken.override.reason,
      runId: started.runId,
      details: { freezes: taken.freezes.map(({ id, reason }) => ({ id, reason })) },
    });
  }
  return started;
}

/**
 * Queues the rollback that the person confirmed, taking the place of a deploy under way. Never refused by a lock or a
 * freeze. @throws AppError `stale_plan`, or `conflict` when there is nothing to go back to or another rollback runs,
 * `unprocessable` when the target's schema does not fit and no reason was typed
 */
export const requestRollback = defineCommand({
  name: 'deployments.request-rollback',
  access: 'deployments.rollback',
  input: requestRollbackInput,
  prepare: async (ctx, input) => {
    const prepared = await prepareRollback(
      ctx,
      input,
      input.tag,
      input.breakGlassReason ?? null,
      input.drill,
    );
    assertPlan(prepared.plan, input.planHash);
    if (!prepared.compatible && (input.breakGlassReason ?? '').length < 10) {
      throw new AppError(
        'unprocessable',
        'This target does not fit the database as it is. Nothing was started.',
        {
          hint: 'Type why it must be done all the same (at least 10 characters); it is reviewed afterwards.',
          fields: { breakGlassReason: ['Type why, in at least 10 characters.'] },
        },
      );
    }
    return prepared;
  },
  handle: async (tx, input, prepared): Promise<StartedRun> => {
    await recordRelease(tx, input.service, prepared.release);
    const started = await start(tx, prepared, input);
    if (!started.created) return started;
    await assertStillCurrent(tx, prepared.plan);
    if (!prepared.compatible) {
      await recordAudit(tx, {
        action: 'deployments.rollback.break-glass',
        target: { type: 'run', id: started.runId, label: `#${started.number}` },
        service: input.service,
        environment: input.environment,
        reason: input.breakGlassReason,
        runId: started.runId,
      });
    }
    return started;
  },
});

/** Queues the pre-deploy checklist of a release. @throws AppError `stale_plan` or `conflict` */
export const requestChecklist = defineCommand({
  name: 'deployments.request-checklist',
  access: 'deployments.check',
  input: requestChecklistInput,
  prepare: async (ctx, input) => {
    const prepared = await prepareChecklist(ctx, input, input.tag);
    assertPlan(prepared.plan, input.planHash);
    return prepared;
  },
  handle: async (tx, input, prepared): Promise<StartedRun> => {
    await recordRelease(tx, input.service, prepared.release);
    return start(tx, prepared, input);
  },
});

/** Queues the validation of what is live. @throws AppError `stale_plan` or `conflict` */
export const requestValidation = defineCommand({
  name: 'deployments.request-validation',
  access: 'deployments.check',
  input: requestValidationInput,
  prepare: async (ctx, input) => {
    const prepared = await prepareValidation(ctx, input);
    assertPlan(prepared.plan, input.planHash);
    return prepared;
  },
  handle: async (tx, input, prepared): Promise<StartedRun> => start(tx, prepared, input),
});

/** Queues a rolling restart of what is live. @throws AppError `stale_plan` or `conflict` */
export const requestRestart = defineCommand({
  name: 'deployments.request-restart',
  access: 'emergency.run',
  input: requestRestartInput,
  prepare: async (ctx, input) => {
    const prepared = await prepareRestart(ctx, input);
    assertPlan(prepared.plan, input.planHash);
    return prepared;
  },
  handle: async (tx, input, prepared): Promise<StartedRun> => start(tx, prepared, input),
});

function start<P>(
  tx: Ctx,
  prepared: Prepared<P>,
  input: {
    reason?: string | undefined;
    causedByRunId?: string | undefined;
    idempotencyKey?: string | undefined;
  },
): Promise<StartedRun> {
  return startRun(tx, {
    procedure: prepared.procedure as never,
    params: prepared.params as Record<string, unknown>,
    plan: prepared.plan,
    configHash: tx.use(OPS_CONFIG).hash,
    reason: input.reason,
    causedByRunId: input.causedByRunId,
    // A key is its sender's own: nobody can take another's.
    idempotencyKey:
      input.idempotencyKey && `${tx.actor.type}:${tx.actor.id ?? tx.actor.name}:${input.idempotencyKey}`,
  });
}

function assertPlan(plan: Plan, planHash: string): void {
  if (hashPlan(plan) !== planHash) throw stalePlan();
}

/**
 * Deploys the configuration's first release where nothing has ever been deployed. Done by the console itself at start.
 * @returns null when there is something already, or a first deploy of that release has been tried
 */
export async function requestFirstDeploy(
  ctx: Ctx,
  key: { service: string; environment: string },
  tag: string,
): Promise<StartedRun | null> {
  if ((await loadHistory(ctx, key, null)).length > 0) return null;
  const tried = await ctx.db.run.findFirst({
    where: { ...key, procedure: deployProcedure.id, requestedByType: 'system' },
    select: { id: true },
  });
  if (tried) return null;
  const { plan } = await prepareDeploy(ctx, key, tag);
  return requestDeploy(ctx, {
    ...key,
    tag,
    planHash: hashPlan(plan),
    reason: 'First release of this environment',
    idempotencyKey: `first-deploy:${key.service}/${key.environment}:${tag}`,
  });
}
