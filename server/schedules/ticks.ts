import type { Ctx } from '#server/platform/context';
import type { MissedPolicy, Overlap, TickStatus } from '#server/schedules/contract';
import type { JobOutcome, JobSchedule } from '#server/schedules/job';
import { type CatchUp, COUNT_LIMIT, MISSED_ROWS, planCatchUp } from '#server/schedules/state';

/** A schedule under its row lock. */
export interface HeldSchedule extends JobSchedule {
  job: string;
  cron: string;
  timeZone: string;
  overlap: Overlap;
  missed: MissedPolicy;
  pausedAt: Date | null;
  settledUntil: Date;
}

/** The database's clock in whole milliseconds, so that what is computed from it equals what is stored. */
export async function databaseNow(ctx: Ctx): Promise<Date> {
  const rows = await ctx.db.$queryRaw<
    { now: Date }[]
  >`SELECT date_trunc('milliseconds', clock_timestamp()) AS now`;
  return (rows[0] as { now: Date }).now;
}

/** Takes the row lock of a schedule and waits for it; null when there is no such schedule. */
export async function holdSchedule(tx: Ctx, id: string): Promise<HeldSchedule | null> {
  const rows = await tx.db.$queryRaw<{ id: string }[]>`
    SELECT id FROM schedule WHERE id = ${id}::uuid FOR UPDATE`;
  return rows.length === 0 ? null : readSchedule(tx, id);
}

/** The same, but null as well while somebody else has it. */
export async function holdFreeSchedule(tx: Ctx, id: string): Promise<HeldSchedule | null> {
  const rows = await tx.db.$queryRaw<{ id: string }[]>`
    SELECT id FROM schedule WHERE id = ${id}::uuid FOR UPDATE SKIP LOCKED`;
  return rows.length === 0 ? null : readSchedule(tx, id);
}

async function readSchedule(tx: Ctx, id: string): Promise<HeldSchedule> {
  return (await tx.db.schedule.findUniqueOrThrow({ where: { id } })) as HeldSchedule;
}

/**
 * Writes the one row of a due time. @returns its id; null when the due time has its row already. A row that claims to be
 * from the future was written while the clock was wrong, and is taken over.
 */
export async function claimTick(
  tx: Ctx,
  scheduleId: string,
  dueAt: Date,
  status: TickStatus,
  parts: { reason?: string | null; byName?: string | null } = {},
): Promise<string | null> {
  const rows = await tx.db.$queryRaw<{ id: bigint }[]>`
    INSERT INTO schedule_tick (schedule_id, due_at, status, reason, by_name)
    VALUES (${scheduleId}::uuid, ${dueAt}, ${status}, ${parts.reason ?? null}, ${parts.byName ?? null})
    ON CONFLICT (schedule_id, due_at) DO UPDATE SET status = EXCLUDED.status, reason = EXCLUDED.reason,
      by_name = EXCLUDED.by_name, outcome = NULL, recorded_at = EXCLUDED.recorded_at
    WHERE schedule_tick.recorded_at > clock_timestamp()
    RETURNING id`;
  return rows[0] ? String(rows[0].id) : null;
}

/** Writes what became of a tick that was claimed or had waited. */
export async function endTick(
  tx: Ctx,
  tickId: string,
  end: { status: TickStatus; reason: string | null; outcome: JobOutcome | null },
): Promise<void> {
  await tx.db.$executeRaw`
    UPDATE schedule_tick SET status = ${end.status}, reason = ${end.reason},
      outcome = ${end.outcome ? JSON.stringify(end.outcome) : null}::jsonb
    WHERE id = ${BigInt(tickId)}`;
}

/** One row for each missed due time, the newest hundred, and one that counts those before them. */
export async function recordMissed(
  tx: Ctx,
  scheduleId: string,
  { missed, leftOut }: Pick<CatchUp, 'missed' | 'leftOut'>,
  reason: string,
): Promise<void> {
  if (leftOut) {
    const count = `${leftOut.isMore ? 'More than ' : ''}${leftOut.isMore ? COUNT_LIMIT : leftOut.count}`;
    await claimTick(tx, scheduleId, leftOut.last, 'missed', {
      reason: `${count} due times from ${toUtc(leftOut.first)} to ${toUtc(leftOut.last)} have this row together; only the newest ${MISSED_ROWS} have their own. ${reason}`,
    });
  }
  if (missed.length === 0) return;
  await tx.db.$executeRaw`
    INSERT INTO schedule_tick (schedule_id, due_at, status, reason)
    SELECT ${scheduleId}::uuid, due, 'missed', ${reason}
    FROM unnest(${missed.map((due) => due.toISOString())}::timestamptz[]) AS due ORDER BY due
    ON CONFLICT (schedule_id, due_at) DO NOTHING`;
}

/** Everything before `until` has its row from now on. */
export async function settle(tx: Ctx, scheduleId: string, until: Date): Promise<void> {
  await tx.db.$executeRaw`UPDATE schedule SET settled_until = ${until} WHERE id = ${scheduleId}::uuid`;
}

/** Before a schedule changes: what was due by its old rule and has not been started is noted as missed. */
export async function settleBeforeChange(
  tx: Ctx,
  schedule: HeldSchedule,
  now: Date,
  why: string,
): Promise<void> {
  if (!schedule.pausedAt) {
    await recordMissed(tx, schedule.id, planCatchUp(schedule, schedule.settledUntil, now, null), why);
  }
  await settle(tx, schedule.id, now);
}

/** `2026-03-01 09:05 UTC` */
export function toUtc(at: Date): string {
  return `${at.toISOString().slice(0, 16).replace('T', ' ')} UTC`;
}
