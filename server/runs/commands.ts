import { recordAudit } from '#server/audit/commands';
import { defineCommand } from '#server/auth/guard';
import type { Ctx } from '#server/platform/context';
import { AppError } from '#server/platform/errors';
import { notify } from '#server/platform/notify';
import { cancelRunInput, RUN_STATUS_LABELS, type RunStatus, resumeRunInput } from '#server/runs/contract';
import { loadSteps } from '#server/runs/engine-writes';
import { PROCEDURES, type Procedure } from '#server/runs/procedure';
import { stopRun } from '#server/runs/start-run';
import { isCancellable, isDone, isResumable } from '#server/runs/state';

interface HeldRun {
  id: string;
  number: number;
  title: string;
  status: RunStatus;
  service: string;
  environment: string;
  lockKey: string;
}

/**
 * Asks a run to stop. A run that no worker holds ends at once; a running one ends when its step is over or has been
 * stopped. @throws AppError `conflict` when it has ended or is already being cancelled
 */
export const cancelRun = defineCommand({
  name: 'runs.cancel',
  access: 'runs.cancel',
  input: cancelRunInput,
  handle: async (tx, input): Promise<{ status: 'cancelled' | 'cancelling' }> => {
    const run = await holdRun(tx, input.runId);
    if (!isCancellable(run.status)) {
      throw new AppError(
        'conflict',
        `Run #${run.number} is ${label(run)} and cannot be cancelled. Nothing was changed.`,
      );
    }
    const status = await stopRun(tx, run, input.reason);
    await recordAudit(tx, {
      action: 'runs.cancel',
      target: { type: 'run', id: run.id, label: `#${run.number} ${run.title}` },
      service: run.service,
      environment: run.environment,
      reason: input.reason,
      runId: run.id,
      details: { was: run.status, now: status },
    });
    return { status };
  },
});

/**
 * Queues a run again from the step that did not succeed, with a new budget. Steps that succeeded stay done.
 * @throws AppError `conflict` when it cannot go on, or when the environment is taken or has moved on since
 */
export const resumeRun = defineCommand({
  name: 'runs.resume',
  access: 'runs.resume',
  input: resumeRunInput,
  handle: async (tx, input): Promise<{ runId: string }> => {
    const found = await tx.db.run.findUnique({
      where: { id: input.runId },
      select: { lockKey: true, procedure: true, params: true },
    });
    if (found)
      await tx.db.$executeRaw`SELECT pg_advisory_xact_lock(hashtextextended(${`run:${found.lockKey}`}, 0))`;
    const run = await holdRun(tx, input.runId);
    if (!isResumable(run.status)) {
      throw new AppError(
        'conflict',
        `Run #${run.number} is ${label(run)} and cannot be resumed. Nothing was changed.`,
      );
    }
    const later = await tx.db.run.findFirst({
      where: { lockKey: run.lockKey, number: { gt: run.number } },
      orderBy: { number: 'desc' },
      select: { number: true, title: true },
    });
    if (later) {
      throw new AppError(
        'conflict',
        `Run #${later.number} (${later.title}) came after #${run.number}; what this run confirmed is no longer so. Nothing was changed.`,
        { hint: 'Start a new run instead.' },
      );
    }
    const procedure = tx.use(PROCEDURES).get(found?.procedure ?? '') as Procedure<unknown> | undefined;
    await tx.db.runStep.updateMany({
      where: { runId: run.id, index: { gte: await firstStepToRepeat(tx, run.id, procedure, found?.params) } },
      data: { status: 'pending', error: null, exitCode: null, endedAt: null, startedAt: null },
    });
    await tx.db.run.update({
      where: { id: run.id },
      data: { status: 'queued', error: null, endedAt: null, deadlineAt: null },
      select: { id: true },
    });
    await procedure?.onResume?.(tx, run.id);
    await recordAudit(tx, {
      action: 'runs.resume',
      target: { type: 'run', id: run.id, label: `#${run.number} ${run.title}` },
      service: run.service,
      environment: run.environment,
      runId: run.id,
    });
    await notify(tx.db, { kind: 'work' });
    await notify(tx.db, { kind: 'run', id: run.id });
    return { runId: run.id };
  },
});

/** The index of the first step that has not succeeded, or of the one from which that step asks to go on. */
async function firstStepToRepeat(
  tx: Ctx,
  runId: string,
  procedure: Procedure<unknown> | undefined,
  params: unknown,
): Promise<number> {
  const rows = await loadSteps(tx, runId);
  const stopped = rows.find((row) => !isDone(row.status));
  if (!stopped) return rows.length;
  const steps = procedure?.steps(tx, procedure.params.parse(params)) ?? [];
  const from = steps.find((step) => step.key === stopped.key)?.resumeFrom;
  return rows.find((row) => row.key === from)?.index ?? stopped.index;
}

async function holdRun(tx: Ctx, runId: string): Promise<HeldRun> {
  const rows = await tx.db.$queryRaw<HeldRun[]>`
    SELECT id, number, title, status::text AS status, service, environment, lock_key AS "lockKey"
    FROM run WHERE id = ${runId}::uuid FOR UPDATE`;
  if (!rows[0]) {
    throw new AppError('not_found', 'This run does not exist.', { hint: 'Open it from the runs list.' });
  }
  return rows[0];
}

function label(run: HeldRun): string {
  return RUN_STATUS_LABELS[run.status].toLowerCase();
}
