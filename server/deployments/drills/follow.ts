import { recordAudit } from '#server/audit/commands';
import { requestRollback } from '#server/deployments/commands/request-runs';
import type { deployEnded } from '#server/deployments/contract';
import { prepareRollback } from '#server/deployments/plans';
import { rollbackParams, rollbackProcedure } from '#server/deployments/procedures/rollback';
import { driverOf, findCurrentDeployment } from '#server/deployments/records';
import { type Ctx, systemActor } from '#server/platform/context';
import { AppError, messageOf } from '#server/platform/errors';
import type { EventType } from '#server/platform/events-contract';
import { notify } from '#server/platform/notify';
import { isUnended, RUN_STATUS_LABELS, type RunStatus } from '#server/runs/contract';
import { hashPlan } from '#server/runs/state';

type DeployEnded = typeof deployEnded extends EventType<infer T> ? T : never;

interface OpenDrill {
  id: string;
  service: string;
  environment: string;
  status: string;
  releaseTag: string;
  restoredTag: string;
  deployRunId: string;
  requestedByName: string;
  budgetMs: number;
}

interface DrillRun {
  id: string;
  number: number;
  status: RunStatus;
  error: string | null;
  cancelReason: string | null;
  params: unknown;
  createdAt: Date;
  endedAt: Date | null;
}

/** The way on that cannot be gone for so long is given up, ms. */
const GIVE_UP_AFTER_MS = 600_000;

/** Leads the drill on that the ended run belongs to, if any. Idempotent. */
export async function followDrill(ctx: Ctx, event: DeployEnded): Promise<void> {
  const { service, environment } = event;
  const drill = await ctx.db.drill.findFirst({ where: { service, environment, endedAt: null } });
  if (drill) await leadOn(ctx, drill);
}

/** Leads every open drill on, also those whose event was lost or whose worker died. For the housekeeping. */
export async function leadDrillsOn(ctx: Ctx): Promise<void> {
  for (const drill of await ctx.db.drill.findMany({ where: { endedAt: null } })) {
    await leadOn(ctx, drill).catch((error: unknown) =>
      ctx.log.error({ err: error, drill: drill.id }, 'drill not led on'),
    );
  }
}

/** Does what comes next by how the drill's runs stand; nothing while one of them is under way. */
async function leadOn(ctx: Ctx, drill: OpenDrill): Promise<void> {
  const deploy = await findRun(ctx, { id: drill.deployRunId });
  if (!deploy) return end(ctx, drill, { error: 'The record of its deploy is gone.' });
  if (isUnderWay(deploy)) return;
  if (deploy.status !== 'succeeded') {
    return end(ctx, drill, { error: `The deploy of ${drill.releaseTag} ${account(deploy)}` });
  }
  const rollback =
    (await findRun(ctx, { causedByRunId: deploy.id, procedure: rollbackProcedure.id, ...OF_A_DRILL })) ??
    (await rollBack(ctx, drill, deploy));
  if (!rollback) return;
  await ctx.db.drill.updateMany({
    where: { id: drill.id, status: 'deploying' },
    data: { status: 'rolling_back', rollbackRunId: rollback.id },
  });
  if (!isUnderWay(rollback)) await judge(ctx, drill, rollback);
}

const OF_A_DRILL = { params: { path: ['drill'], equals: true } };

/** Asks for the rollback. @returns null when it cannot be had and the drill has ended for it */
async function rollBack(ctx: Ctx, drill: OpenDrill, deploy: DrillRun): Promise<DrillRun | null> {
  const { service, environment } = drill;
  const key = { service, environment };
  const current = await findCurrentDeployment(ctx, key);
  if (current?.runId !== deploy.id) {
    const instead = current?.release.tag ?? 'Nothing';
    await end(ctx, drill, { error: `${instead} went live before the rollback could be started.` });
    return null;
  }
  try {
    const { plan } = await prepareRollback(ctx, key, drill.restoredTag, null, true);
    const run = await requestRollback(ctx.as(systemActor('Rollback drill')), {
      ...key,
      tag: drill.restoredTag,
      planHash: hashPlan(plan),
      drill: true,
      reason: `Drill for ${drill.requestedByName}: the way back from ${drill.releaseTag}`,
      causedByRunId: deploy.id,
      idempotencyKey: `drill:${drill.id}`,
    });
    return await findRun(ctx, { id: run.runId });
  } catch (error) {
    const isFinal = error instanceof AppError && FINAL.has(error.kind);
    if (!isFinal && !(await isTooLate(ctx, deploy))) throw error;
    await end(ctx, drill, { error: `The rollback could not be started: ${messageOf(error)}` });
    return null;
  }
}

/** Trying again changes nothing about these. */
const FINAL: ReadonlySet<string> = new Set(['conflict', 'unprocessable', 'not_found', 'forbidden']);

/** Compares what the ended rollback was to bring with what the records and the outside world say. */
async function judge(ctx: Ctx, drill: OpenDrill, rollback: DrillRun): Promise<void> {
  if (rollback.status !== 'succeeded' || !rollback.endedAt) {
    return end(ctx, drill, {
      error: `The rollback to ${drill.restoredTag} ${account(rollback)}`,
      rollbackMs: tookMs(rollback),
    });
  }
  const rollbackMs = tookMs(rollback);
  const wrong = await findWrong(ctx, drill, rollback);
  const isOver = rollbackMs !== null && rollbackMs > drill.budgetMs;
  const overBudget = `The rollback took ${seconds(rollbackMs ?? 0)}, more than the ${seconds(drill.budgetMs)} that it may take.`;
  await end(ctx, drill, { rollbackMs, error: wrong ?? (isOver ? overBudget : null) });
}

/** What of the restored release is not as it must be; null when all is. */
async function findWrong(ctx: Ctx, drill: OpenDrill, rollback: DrillRun): Promise<string | null> {
  const { service, environment } = drill;
  const params = rollbackParams.parse(rollback.params);
  const current = await findCurrentDeployment(ctx, { service, environment });
  if (current?.runId !== rollback.id) {
    return `${current?.release.tag ?? 'Nothing'} went live before it could be verified that ${drill.restoredTag} is.`;
  }
  if (current.releaseId !== params.releaseId || current.status !== 'live') {
    return `By the records ${current.release.tag} is live and ${current.status === 'live' ? '' : 'not '}validated after the rollback to ${drill.restoredTag}.`;
  }
  try {
    const { live } = await driverOf(ctx, { service, environment }).observe();
    if (live?.commitSha === params.commitSha && live.tag === params.tag) return null;
    return `The records say that ${drill.restoredTag} is live, but visitors reach ${live?.tag ?? 'nothing'}.`;
  } catch (error) {
    if (!(await isTooLate(ctx, rollback))) throw error;
    return `The rollback ended well, but nobody could look at what visitors reach: ${messageOf(error)}`;
  }
}

/** Ends the drill once, with its audit entry; whoever comes later changes nothing. */
async function end(
  ctx: Ctx,
  drill: OpenDrill,
  result: { error: string | null; rollbackMs?: number | null },
): Promise<void> {
  const status = result.error === null ? 'succeeded' : 'failed';
  const { service, environment } = drill;
  await ctx.as(systemActor('Rollback drill')).transaction(async (tx) => {
    const changed = await tx.db.$executeRaw`
      UPDATE drill SET status = ${status}, ended_at = clock_timestamp(), error = ${result.error},
        rollback_ms = ${result.rollbackMs ?? null}
      WHERE id = ${drill.id}::uuid AND ended_at IS NULL`;
    if (changed === 0) return;
    await recordAudit(tx, {
      action: `drills.${status}`,
      target: { type: 'drill', id: drill.id, label: `${drill.restoredTag} to ${drill.releaseTag} and back` },
      service,
      environment,
      reason: result.error,
      runId: drill.deployRunId,
      details: { rollbackMs: result.rollbackMs ?? null, budgetMs: drill.budgetMs },
    });
    await notify(tx.db, { kind: 'environment', service, environment });
  });
}

async function findRun(
  ctx: Ctx,
  where: { id: string } | { causedByRunId: string; procedure: string; params: typeof OF_A_DRILL.params },
): Promise<DrillRun | null> {
  return ctx.db.run.findFirst({
    where,
    orderBy: { number: 'asc' },
    select: {
      id: true,
      number: true,
      status: true,
      error: true,
      cancelReason: true,
      params: true,
      createdAt: true,
      endedAt: true,
    },
  });
}

/** A run that stopped and waits for a person has not done its part of a drill. */
function isUnderWay(run: DrillRun): boolean {
  return isUnended(run.status) && run.status !== 'needs_attention';
}

/** `of run #7 failed: the health gate …` */
function account(run: DrillRun): string {
  const detail = run.error ?? run.cancelReason;
  return `did not succeed (run #${run.number}: ${RUN_STATUS_LABELS[run.status].toLowerCase()})${detail ? `: ${detail}` : '.'}`;
}

/** From the request to the end, ms, both by the database's clock. */
function tookMs(run: DrillRun): number | null {
  return run.endedAt && run.status === 'succeeded' ? run.endedAt.getTime() - run.createdAt.getTime() : null;
}

async function isTooLate(ctx: Ctx, run: DrillRun): Promise<boolean> {
  const rows = await ctx.db.$queryRaw<{ late: boolean }[]>`
    SELECT ended_at < clock_timestamp() - ${GIVE_UP_AFTER_MS} * interval '1 millisecond' AS late
    FROM run WHERE id = ${run.id}::uuid`;
  return rows[0]?.late ?? false;
}

function seconds(ms: number): string {
  return `${(ms / 1_000).toFixed(1)} s`;
}
