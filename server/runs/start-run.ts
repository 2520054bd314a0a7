import { recordAudit } from '#server/audit/commands';
import type { Ctx } from '#server/platform/context';
import { isUniqueViolation } from '#server/platform/database-errors';
import { AppError } from '#server/platform/errors';
import { notify } from '#server/platform/notify';
import { approvalDeadline, expireOverdue } from '#server/runs/approvals';
import type { Plan, RunStatus, StartedRun } from '#server/runs/contract';
import { assertGivesWay, findActive, holdLockKey, lockKeyOf, supersede } from '#server/runs/exclusion';
import { RUN_POLICY } from '#server/runs/policy';
import type { Procedure } from '#server/runs/procedure';
import { hashPlan } from '#server/runs/state';

export interface StartRunInput {
  procedure: Procedure<never>;
  params: Record<string, unknown>;
  plan: Plan;
  configHash: string;
  reason?: string | null;
  causedByRunId?: string | null;
  idempotencyKey?: string | null;
}

/**
 * Queues a run in the caller's transaction, with its audit entry; the only place where runs come to be. Requests for one
 * environment are put in a row; the unique index stands behind that. The same plan asked for twice is one run. A run
 * that this procedure supersedes is told to stop, and ends before the new one begins. Where the policy asks for a second
 * person, whoever asks, the run awaits the approval instead: it holds nothing and supersedes nothing until then.
 * @throws AppError `conflict` when another run holds the environment
 */
export async function startRun(tx: Ctx, input: StartRunInput): Promise<StartedRun> {
  const { plan, procedure } = input;
  const lockKey = lockKeyOf(plan);
  const planHash = hashPlan(plan);
  await holdLockKey(tx, lockKey);
  if (input.idempotencyKey) {
    const earlier = await tx.db.run.findUnique({ where: { idempotencyKey: input.idempotencyKey } });
    if (earlier && earlier.lockKey === lockKey && earlier.procedure === procedure.id)
      return joined(tx, earlier);
    if (earlier) {
      throw new AppError(
        'conflict',
        `This request was made before, as run #${earlier.number}. Nothing was started.`,
        {
          hint: 'Open the page again to make a new one.',
        },
      );
    }
  }
  const active = await findActive(tx, lockKey);
  const isUnderWay = active?.status === 'queued' || active?.status === 'running';
  if (active && isUnderWay && active.procedure === procedure.id && active.planHash === planHash) {
    return joined(tx, active);
  }
  const needsApproval = tx.use(RUN_POLICY).needsApproval(tx, plan);
  if (needsApproval) {
    await expireOverdue(tx, lockKey);
    const awaiting = await tx.db.run.findFirst({
      where: { lockKey, planHash, status: 'awaiting_approval' },
      select: { id: true, number: true, status: true },
    });
    if (awaiting) return joined(tx, awaiting);
  }
  assertGivesWay(active, procedure, lockKey);
  const id = tx.ids.uuid();
  const superseded = needsApproval ? null : active;
  if (superseded) await supersede(tx, superseded, id, procedure.title);
  const expiresAt = needsApproval ? await approvalDeadline(tx) : null;
  const run = await insertRun(tx, id, input, { lockKey, planHash, expiresAt });
  await recordAudit(tx, {
    action: `${procedure.id}.requested`,
    target: { type: 'run', id, label: `#${run.number} ${plan.title}` },
    service: plan.service,
    environment: plan.environment,
    reason: input.reason,
    runId: id,
    details: {
      planHash,
      from: plan.from?.tag ?? null,
      to: plan.to?.tag ?? null,
      superseded: superseded?.number ?? null,
      ...(expiresAt ? { awaitsApprovalUntil: expiresAt.toISOString() } : {}),
    },
  });
  await notify(tx.db, { kind: 'work' });
  await notify(tx.db, { kind: 'environment', service: plan.service, environment: plan.environment });
  return {
    runId: id,
    number: run.number,
    created: true,
    status: needsApproval ? 'awaiting_approval' : 'queued',
  };
}

async function insertRun(
  tx: Ctx,
  id: string,
  input: StartRunInput,
  place: { lockKey: string; planHash: string; expiresAt: Date | null },
): Promise<{ number: number }> {
  const { plan, procedure } = input;
  const { lockKey, planHash, expiresAt } = place;
  try {
    return await tx.db.run.create({
      data: {
        id,
        procedure: procedure.id,
        title: plan.title,
        service: plan.service,
        environment: plan.environment,
        lockKey,
        status: expiresAt ? 'awaiting_approval' : 'queued',
        approvalRequired: expiresAt !== null,
        approvalExpiresAt: expiresAt,
        params: input.params as object,
        plan: plan as unknown as object,
        planHash,
        configHash: input.configHash,
        reason: input.reason || null,
        requestedByType: tx.actor.type,
        requestedById: tx.actor.id,
        requestedByName: tx.actor.name,
        causedByRunId: input.causedByRunId ?? null,
        idempotencyKey: input.idempotencyKey ?? null,
        budgetMs: plan.budgetMs,
        steps: { create: plan.steps.map(({ key, title }, index) => ({ index, key, title })) },
      },
      select: { number: true },
    });
  } catch (error) {
    if (!isUniqueViolation(error)) throw error;
    throw new AppError('conflict', `Another run has just taken ${lockKey}. Nothing was started.`, {
      hint: 'Open the page again to see it.',
      cause: error,
    });
  }
}

/** A repeated request changes nothing, and says so in the audit log. */
async function joined(tx: Ctx, run: { id: string; number: number; status: RunStatus }): Promise<StartedRun> {
  await recordAudit(tx, {
    action: 'runs.request-repeated',
    target: { type: 'run', id: run.id, label: `#${run.number}` },
    runId: run.id,
  });
  const status = run.status === 'awaiting_approval' ? 'awaiting_approval' : 'queued';
  return { runId: run.id, number: run.number, created: false, status };
}
