import * as z from 'zod/mini';
import { defineOperation } from '#server/api/operation';
import {
  changeScheduleInput,
  listTicksInput,
  pauseScheduleInput,
  previewScheduleInput,
  scheduleInput,
  schedulePreview,
  scheduleView,
  tickPage,
} from '#server/schedules/contract';

const group = 'Schedules';
const one = '/schedules/{scheduleId}';

/** What can be asked and done about what starts by itself. */
export const SCHEDULE_OPERATIONS = {
  listSchedules: defineOperation({
    method: 'get',
    path: '/schedules',
    group,
    summary: 'What starts by itself, and when next',
    input: z.object({}),
    status: 200,
    output: z.object({ rows: z.array(scheduleView) }),
  }),
  getSchedule: defineOperation({
    method: 'get',
    path: one,
    group,
    summary: 'One schedule',
    input: scheduleInput,
    status: 200,
    output: scheduleView,
  }),
  listTicks: defineOperation({
    method: 'get',
    path: `${one}/ticks`,
    group,
    summary: 'The due times of a schedule and what became of them, newest first',
    input: listTicksInput,
    status: 200,
    output: tickPage,
  }),
  previewSchedule: defineOperation({
    method: 'get',
    path: '/schedule-preview',
    group,
    summary: 'When a schedule with these times would start',
    input: previewScheduleInput,
    status: 200,
    output: schedulePreview,
  }),
  changeSchedule: defineOperation({
    method: 'patch',
    path: one,
    group,
    summary: 'Change when a schedule starts',
    input: changeScheduleInput,
    status: 204,
    output: z.void(),
  }),
  pauseSchedule: defineOperation({
    method: 'post',
    path: `${one}/pause`,
    group,
    summary: 'Start nothing by the clock until it is resumed',
    input: pauseScheduleInput,
    status: 204,
    output: z.void(),
  }),
  resumeSchedule: defineOperation({
    method: 'post',
    path: `${one}/resume`,
    group,
    summary: 'Start by the clock again',
    input: scheduleInput,
    status: 204,
    output: z.void(),
  }),
  runScheduleNow: defineOperation({
    method: 'post',
    path: `${one}/run`,
    group,
    summary: 'Start it now, paused or not',
    description: 'For whoever manages schedules or may start the job itself.',
    input: scheduleInput,
    status: 202,
    output: z.object({ tickId: z.string(), runId: z.nullable(z.string()) }),
    location: `${one}/ticks`,
  }),
} as const;
