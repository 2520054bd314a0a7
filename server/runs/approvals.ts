import { recordAudit } from '#server/audit/commands';
import { whyNot } from '#server/auth/contract';
import { type Actor, type Ctx, systemActor } from '#server/platform/context';
import { AppError } from '#server/platform/errors';
import { Prisma } from '#server/platform/generated/prisma/client';
import { notify } from '#server/platform/notify';
import type { ApprovalDecision, Plan, RunApproval, RunStatus } from '#server/runs/contract';
import { stopRun } from '#server/runs/exclusion';
import { type AskedRun, PLANNERS, RUN_POLICY } from '#server/runs/policy';
import { PROCEDURES } from '#server/runs/procedure';
import { type DecisionBar, decisionBar, hashPlan } from '#server/runs/state';

/** A run that awaits a decision, or did. */
export interface AskedForRun {
  id: string;
  number: number;
  title: string;
  procedure: string;
  service: string;
  environment: string;
  lockKey: string;
  status: RunStatus;
  plan: Plan;
  planHash: string;
  params: unknown;
  requestedById: string | null;
  expiresAt: Date | null;
  /** Its time to be approved is over, by the database's clock. */
  isOverdue: boolean;
  cancelReason: string | null;
}

const ASKED = Prisma.sql`
  id, number, title, procedure, service, environment, lock_key AS "lockKey", status::text AS status, plan,
  plan_hash AS "planHash", params, requested_by_id AS "requestedById", approval_expires_at AS "expiresAt",
  coalesce(approval_expires_at <= clock_timestamp(), false) AS "isOverdue", cancel_reason AS "cancelReason"`;

/** @throws AppError `not_found` */
export async function findAsked(ctx: Ctx, runId: string, hold: 'hold' | 'look'): Promise<AskedForRun> {
  const lock = hold === 'hold' ? Prisma.sql`FOR UPDATE` : Prisma.empty;
  const rows = await ctx.db.$queryRaw<AskedForRun[]>`
    SELECT ${ASKED} FROM run WHERE id = ${runId}::uuid ${lock}`;
  if (!rows[0]) {
    throw new AppError('not_found', 'This run does not exist. Nothing was changed.', {
      hint: 'Open it from the approvals list.',
    });
  }
  return rows[0];
}

/** When an approval asked for now expires, by the database's clock. */
export async function approvalDeadline(tx: Ctx): Promise<Date> {
  const rows = await tx.db.$queryRaw<{ at: Date }[]>`
    SELECT clock_timestamp() + ${tx.env.APPROVAL_MINUTES} * interval '1 minute' AS at`;
  return rows[0]?.at ?? tx.clock.now();
}

/** Why this caller cannot decide about the run; null when they can. */
export function barOf(ctx: Ctx, run: Pick<AskedForRun, 'procedure' | 'requestedById'>): DecisionBar | null {
  const permission = ctx.use(PROCEDURES).get(run.procedure)?.permission ?? null;
  return decisionBar(ctx.actor, { requestedById: run.requestedById, permission });
}

/** @throws AppError `forbidden` for who asked for it, for the console itself, and without the permissions */
export function assertMayDecide(
  ctx: Ctx,
  run: AskedForRun,
): asserts ctx is Ctx & { actor: Actor & { id: string } } {
  const bar = barOf(ctx, run);
  if (bar === null) return;
  if (bar === 'not_a_person') {
    throw new AppError('forbidden', 'Only a person can decide about a run. Nothing was changed.');
  }
  if (bar === 'own') {
    throw new AppError(
      'forbidden',
      `You asked for run #${run.number} yourself, so somebody else must approve it. Nothing was changed.`,
      { hint: 'You can withdraw it on its page.' },
    );
  }
  throw new AppError('forbidden', 'You may not decide about this run. Nothing was changed.', {
    hint: whyNot(bar.needs),
  });
}

/** @throws AppError `conflict` saying who decided, or what became of it, when nothing is awaited any more */
export async function assertAwaits(ctx: Ctx, run: AskedForRun): Promise<void> {
  if (run.status === 'awaiting_approval' && !run.isOverdue) return;
  const name = `Run #${run.number}`;
  const decided = await ctx.db.runApproval.findUnique({ where: { runId: run.id } });
  if (decided) {
    throw new AppError(
      'conflict',
      `${decided.byName} ${decided.decision} run #${run.number} already. Nothing was changed.`,
    );
  }
  if (run.status === 'awaiting_approval') {
    throw new AppError('conflict', `The time to approve run #${run.number} is over. Nothing was changed.`, {
      hint: 'Ask for it again.',
    });
  }
  if (run.expiresAt === null) {
    throw new AppError('conflict', `${name} needs no approval. Nothing was changed.`);
  }
  throw new AppError(
    'conflict',
    `${name} is cancelled: ${run.cancelReason ?? 'it was withdrawn'}. Nothing was changed.`,
    { hint: 'Ask for it again if it is still wanted.' },
  );
}

/**
 * Plans the same request again. When it comes to another plan now, or to none, the run ends cancelled with the reason.
 * @throws AppError `stale_plan` then
 */
export async function assertPlanHolds(ctx: Ctx, run: AskedForRun): Promise<void> {
  const why = await findChange(ctx, run);
  if (why === null) return;
  await ctx.transaction(async (tx) => {
    const held = await findAsked(tx, run.id, 'hold');
    await assertAwaits(tx, held);
    await endAwaiting(tx, held, { action: 'runs.approval-outdated', reason: why });
  });
  throw new AppError('stale_plan', `${why}. Run #${run.number} is cancelled and nothing was started.`, {
    hint: 'Ask for it again to get the plan as it is now.',
  });
}

async function findChange(ctx: Ctx, run: AskedForRun): Promise<string | null> {
  try {
    const plan = await plannerOf(ctx, run.procedure).replan(ctx, run);
    return hashPlan(plan) === run.planHash ? null : 'Things have changed since it was asked for';
  } catch (error) {
    // What cannot even be asked for any more has changed too; a repository that is away has not.
    if (
      !(error instanceof AppError) ||
      !['stale_plan', 'conflict', 'unprocessable', 'not_found'].includes(error.kind)
    )
      throw error;
    return error.message.replace(/\.? Nothing was \w+\.$/, '').replace(/\.$/, '');
  }
}

/** @throws AppError with what stands in the way of the run now */
export async function assertMayStart(tx: Ctx, run: AskedRun & { procedure: string }): Promise<void> {
  await plannerOf(tx, run.procedure).assertMayStart(tx, run);
}

function plannerOf(ctx: Ctx, procedure: string) {
  const planner = ctx.use(PLANNERS).get(procedure);
  if (!planner) throw new Error(`Nothing can plan "${procedure}" again, so no approval of it can be given`);
  return planner;
}

/** Writes down what the second person said. The database refuses it from anybody else, and too late. */
export async function recordDecision(
  tx: Ctx & { actor: Actor & { id: string } },
  run: AskedForRun,
  decision: ApprovalDecision,
  reason: string | null,
): Promise<void> {
  await tx.db.runApproval.create({
    data: {
      runId: run.id,
      planHash: run.planHash,
      decision,
      byId: tx.actor.id,
      byName: tx.actor.name,
      reason,
    },
    select: { runId: true },
  });
  await recordAudit(tx, {
    action: decision === 'approved' ? 'runs.approve' : 'runs.refuse',
    target: targetOf(run),
    service: run.service,
    environment: run.environment,
    reason,
    runId: run.id,
    details: { planHash: run.planHash, from: run.plan.from?.tag ?? null, to: run.plan.to?.tag ?? null },
  });
}

/** Tells pages that the run, and what its environment awaits, is another now. */
export async function notifyDecided(tx: Ctx, run: AskedForRun): Promise<void> {
  await notify(tx.db, { kind: 'run', id: run.id });
  await notify(tx.db, { kind: 'work' });
  await notify(tx.db, { kind: 'environment', service: run.service, environment: run.environment });
}

/**
 * Ends every run whose time to be approved is over, each in a transaction of its own. Safe in several workers at once.
 * @returns how many it ended
 */
export async function expireApprovals(ctx: Ctx): Promise<number> {
  let ended = 0;
  const endNext = () => ctx.transaction((tx) => endOverdue(tx, Prisma.sql`true`, Prisma.sql`SKIP LOCKED`));
  while (await endNext()) ended += 1;
  return ended;
}

/** The same for one lock key, in the caller's transaction. */
export async function expireOverdue(tx: Ctx, lockKey: string): Promise<void> {
  while (await endOverdue(tx, Prisma.sql`lock_key = ${lockKey}`, Prisma.empty));
}

async function endOverdue(tx: Ctx, which: Prisma.Sql, wait: Prisma.Sql): Promise<boolean> {
  const rows = await tx.db.$queryRaw<(AskedForRun & { minutes: number })[]>`
    SELECT ${ASKED}, (extract(epoch FROM approval_expires_at - created_at) / 60)::float8 AS minutes FROM run
    WHERE status = 'awaiting_approval' AND approval_expires_at <= clock_timestamp() AND ${which}
    ORDER BY approval_expires_at LIMIT 1 FOR UPDATE ${wait}`;
  const run = rows[0];
  if (!run) return false;
  const waited =
    run.minutes < 1 ? `${Math.round(run.minutes * 60)} seconds` : `${Math.round(run.minutes)} minutes`;
  await endAwaiting(tx.as(systemActor('Approvals')), run, {
    action: 'runs.approval-expired',
    reason: `Nobody approved it within ${waited}`,
  });
  return true;
}

async function endAwaiting(
  tx: Ctx,
  run: AskedForRun,
  end: { action: string; reason: string },
): Promise<void> {
  await stopRun(tx, run, end.reason);
  await recordAudit(tx, {
    action: end.action,
    target: targetOf(run),
    service: run.service,
    environment: run.environment,
    reason: end.reason,
    runId: run.id,
  });
}

/** The policy asks for a second person and none has approved this run: it must not go on, however it came to be. */
export async function lacksApproval(ctx: Ctx, run: { id: string; plan: Plan }): Promise<boolean> {
  if (!ctx.use(RUN_POLICY).needsApproval(ctx, run.plan)) return false;
  const approval = await ctx.db.runApproval.findUnique({ where: { runId: run.id } });
  return approval?.decision !== 'approved';
}

/** The part of a run that is about its approval, as this caller sees it. */
export function describeApproval(
  ctx: Ctx,
  run: Pick<AskedForRun, 'procedure' | 'requestedById'> & { expiresAt: Date; isOpen: boolean },
  decided: { decision: string; byName: string; at: Date; reason: string | null } | null,
): RunApproval {
  const bar = barOf(ctx, run);
  return {
    expiresAt: run.expiresAt.toISOString(),
    decision: (decided?.decision ?? null) as ApprovalDecision | null,
    byName: decided?.byName ?? null,
    at: decided?.at.toISOString() ?? null,
    reason: decided?.reason ?? null,
    isOwn: bar === 'own',
    canApprove: run.isOpen && bar === null,
    whyNot: barInWords(bar),
  };
}

function barInWords(bar: DecisionBar | null): string | null {
  if (bar === null) return null;
  if (bar === 'own') return 'You asked for it yourself: somebody else must approve it.';
  return bar === 'not_a_person' ? 'Only a person can approve it.' : whyNot(bar.needs);
}

function targetOf(run: AskedForRun): { type: string; id: string; label: string } {
  return { type: 'run', id: run.id, label: `#${run.number} ${run.title}` };
}
