import { type App, type Ctx, systemActor } from '#server/platform/context';
import { isTransientDatabaseError } from '#server/platform/database-errors';
import { AppError } from '#server/platform/errors';
import { notify } from '#server/platform/notify';
import { type JobOutcome, type JobStart, SCHEDULED_JOBS } from '#server/schedules/job';
import { type CatchUp, isDue, planCatchUp, wentBack } from '#server/schedules/state';
import {
  claimTick,
  databaseNow,
  endTick,
  type HeldSchedule,
  holdFreeSchedule,
  recordMissed,
  settle,
  toUtc,
} from '#server/schedules/ticks';

/** What a test may put in the place of the database's clock. */
export interface SchedulerHooks {
  now?: (ctx: Ctx) => Promise<Date>;
}

interface WaitingTick {
  id: bigint;
  dueAt: Date;
}

/** How the preparation of a job went: what starts it, or why it cannot be started. */
type Prepared = ((tx: Ctx, start: JobStart) => Promise<JobOutcome>) | { refusal: string };

/**
 * Looks at the clock once: every due time of every schedule gets its row, and what is due is started, in one transaction
 * per schedule. Any number of workers may look at the same time: a schedule that another one has is passed over, and
 * the unique index of the rows stands behind that. A fault of one schedule does not stop the others.
 */
export async function settleSchedules(app: App, hooks: SchedulerHooks = {}): Promise<void> {
  const ctx = app.for(systemActor('schedules'));
  const now = await (hooks.now ?? databaseNow)(ctx);
  const schedules = await ctx.db.schedule.findMany({ where: { pausedAt: null } });
  const waiting = await ctx.db.scheduleTick.findMany({
    where: { status: 'waiting' },
    select: { scheduleId: true },
  });
  const withWaiting = new Set(waiting.map((tick) => tick.scheduleId));
  for (const row of schedules as HeldSchedule[]) {
    try {
      const mayGoOn = withWaiting.has(row.id) && !(await isGoingOn(ctx, row));
      if (mayGoOn || isDue(row, row.settledUntil, now) || isAhead(ctx, row, now)) {
        await settleSchedule(ctx.as(systemActor(row.title)), row, now, mayGoOn);
      }
    } catch (error) {
      if (isTransientDatabaseError(error)) throw error;
      ctx.log.error({ err: error, schedule: row.key }, 'schedule not settled');
    }
  }
}

/** Plans and prepares before the transaction, which holds the schedule only as long as its own statements take. */
async function settleSchedule(ctx: Ctx, seen: HeldSchedule, now: Date, mayGoOn: boolean): Promise<void> {
  const found = planCatchUp(seen, seen.settledUntil, now, ctx.env.SCHEDULE_GRACE_MS);
  const starts = found.onTime.length > 0 || found.late !== null || mayGoOn;
  const prepared = starts ? await prepare(ctx, seen) : null;
  await ctx.transaction(async (tx) => {
    const schedule = await holdFreeSchedule(tx, seen.id);
    if (!schedule || schedule.pausedAt || !isSameRule(schedule, seen)) return;
    if (isAhead(ctx, schedule, now)) {
      tx.log.warn({ schedule: schedule.key, settledUntil: schedule.settledUntil }, 'the clock went back');
    } else {
      await recordMissed(tx, schedule.id, found, 'No worker was there to start it.');
      if (prepared) await startWhatIsDue(tx, schedule, found, prepared);
    }
    await settle(tx, schedule.id, now);
    const { service, environment } = schedule;
    await notify(tx.db, { kind: 'environment', service, environment });
  });
}

/** Nobody has changed it or settled it since it was planned. */
function isSameRule(a: HeldSchedule, b: HeldSchedule): boolean {
  const rule = ({ cron, timeZone, overlap, missed, settledUntil }: HeldSchedule) =>
    JSON.stringify([cron, timeZone, overlap, missed, settledUntil]);
  return rule(a) === rule(b);
}

async function startWhatIsDue(
  tx: Ctx,
  schedule: HeldSchedule,
  { onTime, late, missed }: CatchUp,
  prepared: Prepared,
): Promise<void> {
  const waiting = await findWaiting(tx, schedule.id);
  if (waiting && !(await isGoingOn(tx, schedule))) {
    await start(tx, prepared, waiting, `Waited for the one before; due ${toUtc(waiting.dueAt)}.`);
  }
  for (const dueAt of late ? [late] : onTime) {
    const reason = late
      ? `Started late in place of ${missed.length + 1} due times that no worker was there for.`
      : null;
    if (!(await isGoingOn(tx, schedule))) {
      const id = await claimTick(tx, schedule.id, dueAt, 'started', { reason });
      if (id) await start(tx, prepared, { id: BigInt(id), dueAt }, reason);
    } else if (schedule.overlap === 'wait' && !(await findWaiting(tx, schedule.id))) {
      await claimTick(tx, schedule.id, dueAt, 'waiting', { reason: 'The one before is still going on.' });
    } else {
      const isFull = schedule.overlap === 'wait';
      await claimTick(tx, schedule.id, dueAt, 'skipped', {
        reason: isFull
          ? 'The one before is still going on, and another one waits already.'
          : 'The one before is still going on.',
      });
    }
  }
}

async function findWaiting(tx: Ctx, scheduleId: string): Promise<WaitingTick | null> {
  return tx.db.scheduleTick.findFirst({
    where: { scheduleId, status: 'waiting' },
    orderBy: { dueAt: 'asc' },
    select: { id: true, dueAt: true },
  });
}

/** Starts the job for a tick, and takes back what a failing start had begun. */
async function start(tx: Ctx, prepared: Prepared, tick: WaitingTick, reason: string | null): Promise<void> {
  const tickId = String(tick.id);
  if (typeof prepared !== 'function') {
    return endTick(tx, tickId, { status: 'failed', reason: prepared.refusal, outcome: null });
  }
  await tx.db.$executeRaw`SAVEPOINT start_of_job`;
  try {
    const outcome = await prepared(tx, { dueAt: tick.dueAt, tickId, by: null });
    await tx.db.$executeRaw`RELEASE SAVEPOINT start_of_job`;
    await endTick(tx, tickId, { status: 'started', reason, outcome });
  } catch (error) {
    if (isTransientDatabaseError(error)) throw error;
    await tx.db.$executeRaw`ROLLBACK TO SAVEPOINT start_of_job`;
    await endTick(tx, tickId, { status: 'failed', reason: refusalOf(tx, error), outcome: null });
  }
}

async function prepare(ctx: Ctx, schedule: HeldSchedule): Promise<Prepared> {
  const job = ctx.use(SCHEDULED_JOBS).get(schedule.job);
  if (!job) return { refusal: `This console has no job "${schedule.job}".` };
  try {
    return await job.prepare(ctx, schedule);
  } catch (error) {
    if (isTransientDatabaseError(error)) throw error;
    return { refusal: refusalOf(ctx, error) };
  }
}

function refusalOf(ctx: Ctx, error: unknown): string {
  if (error instanceof AppError) return error.message;
  ctx.log.error({ err: error }, 'scheduled job not started');
  return 'A fault of the console kept it from starting; the log of the worker has it.';
}

async function isGoingOn(tx: Ctx, schedule: HeldSchedule): Promise<boolean> {
  return (await tx.use(SCHEDULED_JOBS).get(schedule.job)?.isGoingOn(tx, schedule)) ?? false;
}

function isAhead(ctx: Ctx, schedule: HeldSchedule, now: Date): boolean {
  return wentBack(schedule.settledUntil, now, ctx.env.SCHEDULE_GRACE_MS);
}
