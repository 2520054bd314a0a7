import { recordAudit } from '#server/audit/commands';
import { can, whyNot } from '#server/auth/contract';
import { defineCommand } from '#server/auth/guard';
import type { Ctx } from '#server/platform/context';
import { AppError } from '#server/platform/errors';
import { notify } from '#server/platform/notify';
import {
  changeScheduleInput,
  MISSED_LABELS,
  OVERLAP_LABELS,
  pauseScheduleInput,
  scheduleInput,
} from '#server/schedules/contract';
import { type JobOutcome, SCHEDULED_JOBS } from '#server/schedules/job';
import { assertRule } from '#server/schedules/rule';
import {
  claimTick,
  databaseNow,
  endTick,
  type HeldSchedule,
  holdSchedule,
  settleBeforeChange,
} from '#server/schedules/ticks';

/**
 * Changes when it starts and what happens to what cannot start. The new rule counts from now on; what was due by the old
 * one and had not been started is noted as missed. @throws AppError `invalid_input`, or `conflict` when nothing is new
 */
export const changeSchedule = defineCommand({
  name: 'schedules.change',
  access: 'schedules.manage',
  input: changeScheduleInput,
  handle: async (tx, input): Promise<void> => {
    const rule = { cron: input.cron.replaceAll(/\s+/g, ' '), timeZone: input.timeZone };
    assertRule(rule);
    const { schedule, now } = await hold(tx, input.scheduleId);
    const next = { ...rule, overlap: input.overlap, missed: input.missed };
    const { cron, timeZone, overlap, missed } = schedule;
    const before = { cron, timeZone, overlap, missed };
    if (JSON.stringify(before) === JSON.stringify(next)) {
      throw new AppError('conflict', 'This is how it is already. Nothing was changed.');
    }
    await settleBeforeChange(tx, schedule, now, 'The schedule was changed before it was started.');
    await tx.db.schedule.update({
      where: { id: schedule.id },
      data: { ...next, changedAt: now, changedByName: tx.actor.name },
      select: { id: true },
    });
    await record(tx, schedule, 'schedules.change', null, {
      before: inWords(before),
      after: inWords(next),
    });
  },
});

/**
 * Stops the clock of a schedule: no due time is noted while it is paused. What it has started goes on; what waits is
 * skipped. @throws AppError `conflict` when it is paused already
 */
export const pauseSchedule = defineCommand({
  name: 'schedules.pause',
  access: 'schedules.manage',
  input: pauseScheduleInput,
  handle: async (tx, input): Promise<void> => {
    const { schedule, now } = await hold(tx, input.scheduleId);
    if (schedule.pausedAt) throw new AppError('conflict', 'It is paused already. Nothing was changed.');
    await settleBeforeChange(tx, schedule, now, 'The schedule was paused before it was started.');
    await tx.db.scheduleTick.updateMany({
      where: { scheduleId: schedule.id, status: 'waiting' },
      data: { status: 'skipped', reason: 'The schedule was paused while it waited.' },
    });
    await tx.db.schedule.update({
      where: { id: schedule.id },
      data: { pausedAt: now, pausedByName: tx.actor.name, pauseReason: input.reason },
      select: { id: true },
    });
    await record(tx, schedule, 'schedules.pause', input.reason);
  },
});

/** Lets the clock go on from now. @throws AppError `conflict` when it is not paused */
export const resumeSchedule = defineCommand({
  name: 'schedules.resume',
  access: 'schedules.manage',
  input: scheduleInput,
  handle: async (tx, input): Promise<void> => {
    const { schedule, now } = await hold(tx, input.scheduleId);
    if (!schedule.pausedAt) throw new AppError('conflict', 'It is not paused. Nothing was changed.');
    await tx.db.schedule.update({
      where: { id: schedule.id },
      data: { pausedAt: null, pausedByName: null, pauseReason: null, settledUntil: now },
      select: { id: true },
    });
    await record(tx, schedule, 'schedules.resume', null);
  },
});

/**
 * Starts the job now, paused or not, for whoever manages schedules or may start the job itself. The clock is not touched.
 * @throws AppError `forbidden`, `conflict` while it is going on, or the job's own refusal; nothing was started then
 */
export const runScheduleNow = defineCommand({
  name: 'schedules.run-now',
  // Its own check knows which job it is; a schedule that does not exist is told to every reader.
  access: 'schedules.read',
  input: scheduleInput,
  prepare: async (ctx, input) => {
    const schedule = await ctx.db.schedule.findUnique({ where: { id: input.scheduleId } });
    if (!schedule) throw notFound();
    const job = ctx.use(SCHEDULED_JOBS).get(schedule.job);
    if (!job) {
      throw new AppError('unprocessable', `This console has no job "${schedule.job}". Nothing was started.`);
    }
    if (!can(ctx.actor, 'schedules.manage') && !can(ctx.actor, job.permission)) {
      throw new AppError('forbidden', 'You may not do this. Nothing was changed.', {
        hint: whyNot(job.permission),
      });
    }
    return { job, start: await job.prepare(ctx, schedule) };
  },
  handle: async (tx, input, { job, start }): Promise<{ tickId: string; runId: string | null }> => {
    const { schedule, now } = await hold(tx, input.scheduleId);
    if (await job.isGoingOn(tx, schedule)) {
      throw new AppError('conflict', `${schedule.title} is still going on. Nothing was started.`, {
        hint: 'Wait for it to end.',
      });
    }
    const byName = tx.actor.name;
    const tickId = await claimTick(tx, schedule.id, now, 'started', { byName });
    if (!tickId) throw new AppError('conflict', 'It has just been started. Nothing more was started.');
    const outcome: JobOutcome = await start(tx, { dueAt: now, tickId, by: byName });
    await endTick(tx, tickId, { status: 'started', reason: null, outcome });
    await record(tx, schedule, 'schedules.run-now', null, { outcome });
    return { tickId, runId: outcome.runId };
  },
});

async function hold(tx: Ctx, scheduleId: string): Promise<{ schedule: HeldSchedule; now: Date }> {
  const schedule = await holdSchedule(tx, scheduleId);
  if (!schedule) throw notFound();
  return { schedule, now: await databaseNow(tx) };
}

async function record(
  tx: Ctx,
  schedule: HeldSchedule,
  action: string,
  reason: string | null,
  details: Record<string, unknown> = {},
): Promise<void> {
  const { service, environment } = schedule;
  await recordAudit(tx, {
    action,
    target: { type: 'schedule', id: schedule.id, label: `${schedule.title} of ${service}/${environment}` },
    service,
    environment,
    reason,
    details,
  });
  await notify(tx.db, { kind: 'environment', service, environment });
}

function inWords(rule: Pick<HeldSchedule, 'cron' | 'timeZone' | 'overlap' | 'missed'>) {
  return {
    times: `${rule.cron} ${rule.timeZone}`,
    overlap: OVERLAP_LABELS[rule.overlap],
    missed: MISSED_LABELS[rule.missed],
  };
}

function notFound(): AppError {
  return new AppError('not_found', 'This schedule does not exist.', {
    hint: 'Open it from the list of schedules.',
  });
}
