import { recordAudit } from '#server/audit/commands';
import { defineCommand } from '#server/auth/guard';
import type { Ctx } from '#server/platform/context';
import { AppError } from '#server/platform/errors';
import { notify } from '#server/platform/notify';
import {
  assertAwaits,
  assertMayDecide,
  assertMayStart,
  assertPlanHolds,
  findAsked,
  lacksApproval,
  notifyDecided,
  recordDecision,
} from '#server/runs/approvals';
import {
  approveRunInput,
  cancelRunInput,
  type Plan,
  RUN_STATUS_LABELS,
  type RunStatus,
  refuseRunInput,
  resumeRunInput,
} from '#server/runs/contract';
import { loadSteps } from '#server/runs/engine-writes';
import { assertGivesWay, findActive, holdLockKey, stopRun, supersede } from '#server/runs/exclusion';
import { PROCEDURES, type Procedure } from '#server/runs/procedure';
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
      select: { lockKey: true, procedure: true, params: true, plan: true },
    });
    if (found) await holdLockKey(tx, found.lockKey);
    const run = await holdRun(tx, input.runId);
    if (!isResumable(run.status)) {
      throw new AppError(
        'conflict',
        `Run #${run.number} is ${label(run)} and cannot be resumed. Nothing was changed.`,
      );
    }
    if (found && (await lacksApproval(tx, { id: run.id, plan: found.plan as unknown as Plan }))) {
      throw new AppError(
        'conflict',
        `Run #${run.number} was never approved, and a second person must approve it here by now. Nothing was changed.`,
        { hint: 'Ask for a new run instead.' },
      );
    }
    const later = await tx.db.run.findFirst({
      where: {
        lockKey: run.lockKey,
        number: { gt: run.number },
        // What was never approved has done nothing.
        NOT: { approvalRequired: true, startedAt: null, status: { in: ['awaiting_approval', 'cancelled'] } },
      },
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

/**
 * The second person agrees to the plan that they saw; the run is queued and starts by itself. Looks at everything again:
 * the plan is made anew, and locks, freezes, faulty marks and other runs count as they are now. A run whose plan no
 * longer holds ends cancelled.
 * @throws AppError `forbidden` for who asked for it, `stale_plan` when the plan is another one now, `conflict` when
 *   somebody has decided, its time is over or another run holds the environment, `locked` while deploys are refused
 */
export const approveRun = defineCommand({
  name: 'runs.approve',
  access: 'runs.approve',
  input: approveRunInput,
  prepare: async (ctx, input): Promise<void> => {
    const run = await findAsked(ctx, input.runId, 'look');
    assertMayDecide(ctx, run);
    await assertAwaits(ctx, run);
    if (run.planHash !== input.planHash) {
      throw new AppError('stale_plan', `This is not the plan of run #${run.number}. Nothing was changed.`, {
        hint: 'Open the run again and look at its plan.',
      });
    }
    await assertPlanHolds(ctx, run);
  },
  handle: async (tx, input): Promise<{ runId: string; number: number }> => {
    const { lockKey } = await findAsked(tx, input.runId, 'look');
    await holdLockKey(tx, lockKey);
    const run = await findAsked(tx, input.runId, 'hold');
    assertMayDecide(tx, run);
    await assertAwaits(tx, run);
    const procedure = tx.use(PROCEDURES).get(run.procedure);
    if (!procedure) throw new AppError('conflict', 'This installation no longer has its procedure.');
    const active = await findActive(tx, lockKey);
    assertGivesWay(active, procedure, lockKey);
    await assertMayStart(tx, run);
    await recordDecision(tx, run, 'approved', input.reason || null);
    if (active) await supersede(tx, active, run.id, procedure.title);
    await tx.db.run.update({ where: { id: run.id }, data: { status: 'queued' }, select: { id: true } });
    await notifyDecided(tx, run);
    return { runId: run.id, number: run.number };
  },
});

/**
 * The second person does not agree; the run ends cancelled with the reason.
 * @throws AppError `forbidden` for who asked for it (who withdraws it with {@link cancelRun}), `conflict` when somebody
 *   has decided or its time is over
 */
export const refuseRun = defineCommand({
  name: 'runs.refuse',
  access: 'runs.approve',
  input: refuseRunInput,
  handle: async (tx, input): Promise<{ runId: string; number: number }> => {
    const run = await findAsked(tx, input.runId, 'hold');
    assertMayDecide(tx, run);
    await assertAwaits(tx, run);
    await recordDecision(tx, run, 'refused', input.reason);
    await stopRun(tx, run, `Not approved: ${input.reason}`);
    await notifyDecided(tx, run);
    return { runId: run.id, number: run.number };
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
