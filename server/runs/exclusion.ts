import type { Ctx } from '#server/platform/context';
import { AppError } from '#server/platform/errors';
import { notify } from '#server/platform/notify';
import type { Plan, RunStatus } from '#server/runs/contract';
import { endProcedure } from '#server/runs/engine-writes';
import { PROCEDURES, type Procedure } from '#server/runs/procedure';
import { statusAfterCancel } from '#server/runs/state';

export interface ActiveRun {
  id: string;
  number: number;
  procedure: string;
  title: string;
  status: RunStatus;
  planHash: string;
}

/** Runs of one environment exclude each other, those of a lane among themselves. */
export function lockKeyOf(plan: Pick<Plan, 'service' | 'environment' | 'lane'>): string {
  const place = `${plan.service}/${plan.environment}`;
  return plan.lane ? `${place}#${plan.lane}` : place;
}

/** Puts those who want to start something in an environment in a row, until the end of the transaction. */
export async function holdLockKey(tx: Ctx, lockKey: string): Promise<void> {
  await tx.db.$executeRaw`SELECT pg_advisory_xact_lock(hashtextextended(${`run:${lockKey}`}, 0))`;
}

/** The run that holds the lock key, with its row held; null while there is none. */
export async function findActive(tx: Ctx, lockKey: string): Promise<ActiveRun | null> {
  const rows = await tx.db.$queryRaw<ActiveRun[]>`
    SELECT id, number, procedure, title, status::text AS status, plan_hash AS "planHash" FROM run
    WHERE lock_key = ${lockKey} AND superseded_by_run_id IS NULL
      AND status IN ('queued', 'running', 'cancelling', 'needs_attention')
    FOR UPDATE`;
  return rows[0] ?? null;
}

/** @throws AppError `conflict` when the active run holds the environment against this procedure */
export function assertGivesWay(
  active: ActiveRun | null,
  procedure: Pick<Procedure<never>, 'id' | 'supersedes'>,
  lockKey: string,
): void {
  if (!active || procedure.supersedes.includes(active.procedure)) return;
  // A run that waits for a person's decision gives way to the decision, also when that is the same procedure again.
  if (active.status === 'needs_attention' && active.procedure === procedure.id) return;
  throw new AppError(
    'conflict',
    `Run #${active.number} (${active.title}) holds ${lockKey}. Nothing was started.`,
    {
      hint: 'Wait for it to end, or cancel it on its page.',
    },
  );
}

/** Lets another run take the active one's place once this has let go. The caller holds its row. */
export async function supersede(tx: Ctx, active: ActiveRun, byRunId: string, byTitle: string): Promise<void> {
  await tx.db.run.update({
    where: { id: active.id },
    data: { supersededByRunId: byRunId },
    select: { id: true },
  });
  if (active.status !== 'cancelling') await stopRun(tx, active, `Superseded by ${byTitle.toLowerCase()}`);
}

/**
 * Asks a held run to stop, or ends at once one that no worker holds, with what its procedure does at its end. The
 * caller holds the row.
 */
export async function stopRun(
  tx: Ctx,
  run: { id: string; status: RunStatus },
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
  await notify(tx.db, { kind: 'environment', service: run.service, environment: run.environment });
}
