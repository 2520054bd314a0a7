import { decideRollback, type Facts, type Verdict } from '#server/deployments/automatic-rollback-state';
import { requestRollback } from '#server/deployments/commands/request-runs';
import { automaticRollbackDecided, type Direction } from '#server/deployments/contract';
import { chooseTarget, prepareRollback } from '#server/deployments/plans';
import { deployProcedure } from '#server/deployments/procedures/deploy';
import { rollbackProcedure } from '#server/deployments/procedures/rollback';
import { findActiveRun } from '#server/deployments/queries/environments';
import { findCurrentDeployment } from '#server/deployments/records';
import { isInMaintenance } from '#server/maintenance/queries';
import type { automaticActionRequested } from '#server/monitoring/alerts/contract';
import { type Ctx, systemActor } from '#server/platform/context';
import { AppError, messageOf } from '#server/platform/errors';
import { publish } from '#server/platform/events';
import type { EventType } from '#server/platform/events-contract';
import { hashPlan } from '#server/runs/state';
import type { EnvironmentConfig } from '#server/services/config';
import { findEnvironmentConfig } from '#server/services/queries';

type Requested = typeof automaticActionRequested extends EventType<infer T> ? T : never;
type Current = NonNullable<Awaited<ReturnType<typeof findCurrentDeployment>>>;

const ACTOR = systemActor('Automatic rollback');
/** A switch is recorded this long after visitors saw it at most, ms. */
const SWITCH_MS = 2_000;

/**
 * Rolls an environment back for an alert where every guard lets it, and tells what was decided and why. Idempotent: told
 * twice, it starts one rollback. A dry run only tells.
 */
export async function rollBackForAlert(ctx: Ctx, event: Requested): Promise<void> {
  const config = findEnvironmentConfig(ctx, event);
  if (!config) return decided(ctx, event, 'refused', 'its environment is no longer configured.', null);
  const current = await findCurrentDeployment(ctx, event);
  if (await hasBegun(ctx, event)) return;
  const verdict = decideRollback(await gatherFacts(ctx, event, config, current));
  if (event.dryRun) return decided(ctx, event, 'dry_run', wordsOf(verdict), null);
  if (!verdict.go) {
    // What it was decided by may be the rollback that another telling has just begun.
    if (!(await hasBegun(ctx, event))) await decided(ctx, event, 'refused', verdict.why, null);
    return;
  }
  await start(ctx, event, verdict, current as Current);
}

async function gatherFacts(
  ctx: Ctx,
  event: Requested,
  config: EnvironmentConfig,
  current: Current | null,
): Promise<Facts> {
  const { service, environment, alertId } = event;
  // What takes long comes first: the alert may be over by then.
  const { choice } = await chooseTarget(ctx, event);
  const [attempt, last, inMaintenance, activeRun, [standing]] = await Promise.all([
    current && findAttempt(ctx, event, current.releaseId),
    ctx.db.automaticRollbackAttempt.findFirst({
      where: { service, environment, runId: { not: null } },
      orderBy: { at: 'desc' },
    }),
    isInMaintenance(ctx, event),
    findActiveRun(ctx, event),
    // The clock that dated the attempts.
    ctx.db.$queryRaw<{ now: Date; state: Facts['alertState'] }[]>`
      SELECT clock_timestamp() AS now, (SELECT state FROM alert WHERE id = ${alertId}::uuid) AS state`,
  ]);
  const kinds = new Map([
    [deployProcedure.id, 'deploy'],
    [rollbackProcedure.id, 'rollback'],
  ] as const);
  return {
    settings: config.automaticRollback,
    now: standing?.now ?? ctx.clock.now(),
    alertId,
    alertState: standing?.state ?? null,
    breachedSince: new Date(event.breachedSince),
    // Between two samples nobody knows where it began.
    toleranceMs: (config.metrics?.intervalMs ?? 0) + SWITCH_MS,
    current: current && {
      tag: current.release.tag,
      direction: current.direction as Direction,
      switchedAt: current.switchedAt ?? current.startedAt,
      runId: current.runId,
    },
    attempt: attempt && isRefused(attempt) ? null : attempt,
    lastAttemptAt: last?.at ?? null,
    inMaintenance,
    activeRun: activeRun && {
      id: activeRun.id,
      number: activeRun.number,
      title: activeRun.title,
      kind: kinds.get(activeRun.procedure) ?? 'other',
    },
    target:
      choice.kind === 'none'
        ? choice
        : { kind: 'target', tag: choice.entry.release.tag, compatible: choice.compatible },
  };
}

async function start(
  ctx: Ctx,
  event: Requested,
  verdict: Verdict & { go: true },
  current: Current,
): Promise<void> {
  const { service, environment, alertId } = event;
  const taken = await ctx.db.$executeRaw`
    INSERT INTO automatic_rollback_attempt AS a (service, environment, release_id, release_tag, alert_id)
    VALUES (${service}, ${environment}, ${current.releaseId}::uuid, ${current.release.tag}, ${alertId}::uuid)
    ON CONFLICT (service, environment, release_id) DO UPDATE
      SET alert_id = excluded.alert_id, at = excluded.at, refusal = NULL
      WHERE a.run_id IS NULL AND a.refusal IS NOT NULL`;
  const attempt = await findAttempt(ctx, event, current.releaseId);
  if (taken === 0 && attempt?.alertId !== alertId)
    return decided(ctx, event, 'refused', 'another alert has just begun to roll it back.', null);
  try {
    const { plan } = await prepareRollback(ctx, { service, environment }, undefined, null);
    if (plan.from?.id !== current.releaseId)
      throw new AppError('conflict', 'Another release is live by now.');
    const { runId } = await requestRollback(ctx.as(ACTOR), {
      service,
      environment,
      planHash: hashPlan(plan),
      reason: event.reason,
      idempotencyKey: keyOf(event),
    });
    await decided(ctx, event, 'started', wordsOf(verdict), runId);
  } catch (error) {
    // Told at the same time, or once more: another telling was quicker.
    if (await hasBegun(ctx, event)) return;
    // An attempt that started nothing leaves the release to others, also when this one is to be tried again.
    await ctx.db.$executeRaw`
      UPDATE automatic_rollback_attempt SET refusal = ${messageOf(error)}
      WHERE service = ${service} AND environment = ${environment} AND release_id = ${current.releaseId}::uuid
        AND alert_id = ${alertId}::uuid AND run_id IS NULL`;
    if (!(error instanceof AppError) || !['conflict', 'unprocessable'].includes(error.kind)) throw error;
    await decided(ctx, event, 'refused', error.message, null);
  }
}

/** Told once more: the rollback that this alert has led to is known, however far the last telling came. */
async function hasBegun(ctx: Ctx, event: Requested): Promise<boolean> {
  const run = await ctx.db.run.findFirst({
    where: { idempotencyKey: `system:${ACTOR.name}:${keyOf(event)}` },
    select: { id: true },
  });
  if (!run) return false;
  await decided(ctx, event, 'started', 'its run has been started before.', run.id);
  return true;
}

function findAttempt(ctx: Ctx, { service, environment }: Requested, releaseId: string) {
  return ctx.db.automaticRollbackAttempt.findUnique({
    where: { service_environment_releaseId: { service, environment, releaseId } },
  });
}

/** Nothing was started by it, and nothing will be. */
function isRefused({ runId, refusal }: { runId: string | null; refusal: string | null }): boolean {
  return runId === null && refusal !== null;
}

function keyOf({ alertId }: Requested): string {
  return `alert:${alertId}`;
}

function wordsOf(verdict: Verdict): string {
  return verdict.go ? `${verdict.from} goes back to ${verdict.to}.` : `not to be rolled back: ${verdict.why}`;
}

/** Tells what was decided, with the attempt's run where there is one, in one transaction. */
async function decided(
  ctx: Ctx,
  event: Requested,
  outcome: 'started' | 'refused' | 'dry_run',
  why: string,
  runId: string | null,
): Promise<void> {
  const { service, environment, alertId } = event;
  const words = {
    started: `The console rolls it back: ${why}`,
    refused: `Not rolled back: ${why}`,
    dry_run: `Dry run, nothing is done: ${why}`,
  }[outcome];
  await ctx.transaction(async (tx) => {
    if (runId) {
      await tx.db.$executeRaw`
        UPDATE automatic_rollback_attempt SET run_id = ${runId}::uuid, refusal = NULL
        WHERE service = ${service} AND environment = ${environment} AND alert_id = ${alertId}::uuid AND run_id IS NULL`;
    }
    await publish(tx, automaticRollbackDecided, { alertId, service, environment, outcome, words, runId });
  });
}
