import * as z from 'zod/mini';
import { can } from '#server/auth/contract';
import { defineQuery } from '#server/auth/guard';
import type { Ctx } from '#server/platform/context';
import { AppError } from '#server/platform/errors';
import {
  listTicksInput,
  previewScheduleInput,
  type SchedulePreview,
  type ScheduleView,
  scheduleInput,
  type TickPage,
  type TickStatus,
  type TickView,
} from '#server/schedules/contract';
import { type JobOutcome, SCHEDULED_JOBS } from '#server/schedules/job';
import { assertRule } from '#server/schedules/rule';
import { nextTicks } from '#server/schedules/state';
import { databaseNow, type HeldSchedule } from '#server/schedules/ticks';
import { ruleInWords } from '#server/schedules/words';

const NEXT_SHOWN = 3;
const PREVIEW_SHOWN = 5;

/** Every schedule by title, with its next due times and what became of the last one. */
export const listSchedules = defineQuery({
  name: 'schedules.list',
  access: 'schedules.read',
  input: z.object({}),
  handle: async (ctx): Promise<ScheduleView[]> => {
    const [rows, now] = await Promise.all([
      ctx.db.schedule.findMany({ orderBy: [{ title: 'asc' }, { key: 'asc' }], include: LAST_TICK }),
      databaseNow(ctx),
    ]);
    return Promise.all(rows.map((row) => toView(ctx, row as StoredSchedule, now)));
  },
});

/** One schedule. @throws AppError `not_found` */
export const getSchedule = defineQuery({
  name: 'schedules.get',
  access: 'schedules.read',
  input: scheduleInput,
  handle: async (ctx, { scheduleId }): Promise<ScheduleView> => {
    const row = await ctx.db.schedule.findUnique({ where: { id: scheduleId }, include: LAST_TICK });
    if (!row) {
      throw new AppError('not_found', 'This schedule does not exist.', {
        hint: 'Open it from the list of schedules.',
      });
    }
    return toView(ctx, row as StoredSchedule, await databaseNow(ctx));
  },
});

/** A page of what became of the due times of a schedule, newest first unless asked otherwise. */
export const listTicks = defineQuery({
  name: 'schedules.list-ticks',
  access: 'schedules.read',
  input: listTicksInput,
  handle: async (ctx, { scheduleId, page, pageSize, order }): Promise<TickPage> => {
    const [rows, total] = await Promise.all([
      ctx.db.scheduleTick.findMany({
        where: { scheduleId },
        orderBy: { dueAt: order },
        skip: (page - 1) * pageSize,
        take: pageSize,
      }),
      ctx.db.scheduleTick.count({ where: { scheduleId } }),
    ]);
    return { rows: rows.map(toTickView), total, page, pageSize };
  },
});

/** The due times that a rule would have from now on. @throws AppError `invalid_input` when it cannot be used */
export const previewSchedule = defineQuery({
  name: 'schedules.preview',
  access: 'schedules.read',
  input: previewScheduleInput,
  handle: async (ctx, { cron, timeZone }): Promise<SchedulePreview> => {
    assertRule({ cron, timeZone });
    const ticks = nextTicks(cron, timeZone, await databaseNow(ctx), PREVIEW_SHOWN);
    return { nextTicks: ticks.map((tick) => tick.toISOString()), inWords: ruleInWords(cron) };
  },
});

const LAST_TICK = { ticks: { orderBy: { dueAt: 'desc' }, take: 1 } } as const;

interface StoredTick {
  id: bigint;
  scheduleId: string;
  dueAt: Date;
  status: string;
  reason: string | null;
  byName: string | null;
  outcome: unknown;
  recordedAt: Date;
}

interface StoredSchedule extends HeldSchedule {
  pausedByName: string | null;
  pauseReason: string | null;
  changedAt: Date | null;
  changedByName: string | null;
  ticks: StoredTick[];
}

async function toView(ctx: Ctx, row: StoredSchedule, now: Date): Promise<ScheduleView> {
  const { id, key, title, service, environment, cron, timeZone, overlap, missed } = row;
  const job = ctx.use(SCHEDULED_JOBS).get(row.job);
  const ticks = row.pausedAt ? [] : nextTicks(cron, timeZone, now, NEXT_SHOWN);
  const canManage = can(ctx.actor, 'schedules.manage');
  return {
    id,
    key,
    job: row.job,
    title,
    service,
    environment,
    cron,
    timeZone,
    inWords: ruleInWords(cron),
    overlap,
    missed,
    paused: row.pausedAt
      ? {
          at: row.pausedAt.toISOString(),
          byName: row.pausedByName ?? 'unknown',
          reason: row.pauseReason ?? '',
        }
      : null,
    nextTicks: ticks.map((tick) => tick.toISOString()),
    isGoingOn: (await job?.isGoingOn(ctx, row)) ?? false,
    lastTick: row.ticks[0] ? toTickView(row.ticks[0]) : null,
    changedAt: row.changedAt?.toISOString() ?? null,
    changedByName: row.changedByName,
    canManage,
    canRunNow: job !== undefined && (canManage || can(ctx.actor, job.permission)),
  };
}

function toTickView(row: StoredTick): TickView {
  return {
    id: String(row.id),
    scheduleId: row.scheduleId,
    dueAt: row.dueAt.toISOString(),
    status: row.status as TickStatus,
    reason: row.reason,
    byName: row.byName,
    runId: (row.outcome as JobOutcome | null)?.runId ?? null,
    recordedAt: row.recordedAt.toISOString(),
  };
}
