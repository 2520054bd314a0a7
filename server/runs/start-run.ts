import { recordAudit } from '#server/audit/commands';
import type { Ctx } from '#server/platform/context';
import { isUniqueViolation } from '#server/platform/database-errors';
import { AppError } from '#server/platform/errors';
import { notify } from '#server/platform/notify';
import type { Plan, RunStatus } from '#server/runs/contract';
import { endProcedure } from '#server/runs/engine-writes';
import { PROCEDURES, type Procedure } from '#server/runs/procedure';
import { hashPlan, statusAfterCancel } from '#server/runs/state';

export interface StartRunInput {
  procedure: Procedure<never>;
  params: Record<string, unknown>;
  plan: Plan;
  configHash: string;
  reason?: string | null;
  causedByRunId?: string | null;
  idempotencyKey?: string | null;
}

export interface StartedRun {
  runId: string;
  number: number;
  /** False when the same plan was already under way, or the same request came twice: this is that run. */
  created: boolean;
}

interface ActiveRun {
  id: string;
  number: number;
  procedure: string;
  title: string;
  status: RunStatus;
  planHash: string;
}

/** Runs of one environment exclude each other. */
export function lockKeyOf(plan: Plan): string {
  return `${plan.service}/${plan.environment}`;
}

/**
 * Queues a run in the caller's transaction, with its audit entry. Requests for one environment are put in a row; the
 * unique index stands behind that. The same plan asked for twice is one run. A run that this procedure supersedes is
 * told to stop, and ends before the new one begins.
 * @throws AppError `conflict` when another run holds the environment
 */
export async function startRun(tx: Ctx, input: StartRunInput): Promise<StartedRun> {
  const { plan, procedure } = input;
  const lockKey = lockKeyOf(plan);
  const planHash = hashPlan(plan);
  await tx.db.$executeRaw`SELECT pg_advisory_xact_lock(hashtextextended(${`run:${lockKey}`}, 0))`;
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
  // A run that waits for a person's decision gives way to the decision, also when that is the same procedure again.
  const givesWay = active?.status === 'needs_attention' && active.procedure === procedure.id;
  if (active && !givesWay && !procedure.supersedes.includes(active.procedure)) {
    throw new AppError(
      'conflict',
      `Run #${active.number} (${active.title}) holds ${lockKey}. Nothing was started.`,
      {
        hint: 'Wait for it to end, or cancel it on its page.',
      },
    );
  }
  const id = tx.ids.uuid();
  if (active) await supersede(tx, active, id, procedure.title);
  const run = await insertRun(tx, id, input, lockKey, planHash);
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
      superseded: active?.number ?? null,
    },
  });
  await notify(tx.db, { kind: 'work' });
  await notify(tx.db, { kind: 'environment', service: plan.service, environment: plan.environment });
  return { runId: id, number: run.number, created: true };
}

async function insertRun(
  tx: Ctx,
  id: string,
  input: StartRunInput,
  lockKey: string,
  planHash: string,
): Promise<{ number: number }> {
  const { plan, procedure } = input;
  try {
    return await tx.db.run.create({
      data: {
        id,
        procedure: procedure.id,
        title: plan.title,
        service: plan.service,
        environment: plan.environment,
        lockKey,
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

async function findActive(tx: Ctx, lockKey: string): Promise<ActiveRun | null> {
  const rows = await tx.db.$queryRaw<ActiveRun[]>`
    SELECT id, number, procedure, title, status::text AS status, plan_hash AS "planHash" FROM run
    WHERE lock_key = ${lockKey} AND superseded_by_run_id IS NULL
      AND status IN ('queued', 'running', 'cancelling', 'needs_attention')
    FOR UPDATE`;
  return rows[0] ?? null;
}

/** A repeated request changes nothing, and says so in the audit log. */
async function joined(tx: Ctx, run: { id: string; number: number }): Promise<StartedRun> {
  await recordAudit(tx, {
    action: 'runs.request-repeated',
    target: { type: 'run', id: run.id, label: `#${run.number}` },
    runId: run.id,
  });
  return { runId: run.id, number: run.number, created: false };
}

async function supersede(tx: Ctx, active: ActiveRun, byRunId: string, byTitle: string): Promise<void> {
  const reason = `Superseded by ${byTitle.toLowerCase()}`;
  if (active.status === 'cancelling') {
    await tx.db.run.update({
      where: { id: active.id },
      data: { supersededByRunId: byRunId },
      select: { id: true },
    });
    return;
  }
  await tx.db.run.update({
    where: { id: active.id },
    data: { supersededByRunId: byRunId },
    select: { id: true },
  });
  await stopRun(tx, active, reason);
}

/**
 * Asks a held run to stop, or ends at once one that no worker holds, with what its procedure does at its end. The
 * caller holds the row.
 */
export async function stopRun(
  tx: Ctx,
  run: { id: string; number: number; status: RunStatus },
  reason: string,
): Promise<'cancelled' | 'cancelling'> {
  const status = statusAfterCancel(run.status);
  await tx.db.$executeRaw`
    UPDATE run SET status = ${status}::run_status, cancel_requested_at = clock_timestamp(),
      cancel_requested_by = ${tx.actor.name}, cancel_reason = ${reason},
      ended_at = CASE WHEN ${status} = 'cancelled' THEN clock_timestamp() END
    WHERE id = ${run.id}::uuid`;
  if (status === 'cancelled') await endUnheld(tx, run.id, reason);
  await notify(tx.db, { kind: 'run', id: run.id });
  await notify(tx.db, { kind: 'work' });
  return status;
}

async function endUnheld(tx: Ctx, runId: string, reason: string): Promise<void> {
  await tx.db.runStep.updateMany({
    where: { runId, status: { in: ['running', 'pending', 'unknown'] } },
    data: { status: 'cancelled' },
  });
  const run = await tx.db.run.findUniqueOrThrow({ where: { id: runId } });
  const procedure = tx.use(PROCEDURES).get(run.procedure) as Procedure<unknown> | undefined;
  await endProcedure(tx, procedure, run.params, {
    runId,
    runNumber: run.number,
    plan: run.plan as unknown as Plan,
    status: 'cancelled',
    failedStepKey: null,
    error: reason,
    supersededByRunId: run.supersededByRunId,
  });
}
