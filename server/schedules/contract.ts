import * as z from 'zod/mini';
import { pageOf, pageSizeInput, timestamp } from '#server/platform/contract';

/** What happens to a due time while what the one before has started is still going on. */
export const OVERLAPS = ['skip', 'wait'] as const;
export type Overlap = (typeof OVERLAPS)[number];

export const OVERLAP_LABELS: Record<Overlap, string> = {
  skip: 'Skip it',
  wait: 'Wait until it has ended',
};

/** What happens to due times that nobody was there to start. */
export const MISSED_POLICIES = ['skip', 'run_once'] as const;
export type MissedPolicy = (typeof MISSED_POLICIES)[number];

export const MISSED_LABELS: Record<MissedPolicy, string> = {
  skip: 'Note it as missed',
  run_once: 'Start once when somebody is there again',
};

export const TICK_STATUSES = ['waiting', 'started', 'skipped', 'missed', 'failed'] as const;
export type TickStatus = (typeof TICK_STATUSES)[number];

export const TICK_STATUS_LABELS: Record<TickStatus, string> = {
  waiting: 'Waiting',
  started: 'Started',
  skipped: 'Skipped',
  missed: 'Missed',
  failed: 'Could not start',
};

const scheduleId = z.uuid('This schedule does not exist. Open it from the list of schedules.');
const cron = z
  .string()
  .check(z.trim(), z.minLength(1, 'Say when, in five fields, like 0 10 * * 1.'), z.maxLength(100));
const timeZone = z
  .string()
  .check(z.trim(), z.minLength(1, 'Name a time zone, like Europe/Paris.'), z.maxLength(60));

export const scheduleInput = z.object({ scheduleId });

export const changeScheduleInput = z.object({
  scheduleId,
  cron,
  timeZone,
  overlap: z.enum(OVERLAPS, 'Choose what happens while the one before is going on.'),
  missed: z.enum(MISSED_POLICIES, 'Choose what happens to what was missed.'),
});

export const previewScheduleInput = z.object({ cron, timeZone });

export const pauseScheduleInput = z.object({
  scheduleId,
  reason: z.string().check(z.trim(), z.minLength(3, 'Say why, in a few words.'), z.maxLength(500)),
});

export const listTicksInput = z.object({
  scheduleId,
  page: z._default(z.coerce.number().check(z.int(), z.minimum(1), z.maximum(100_000)), 1),
  pageSize: pageSizeInput,
  order: z._default(z.enum(['desc', 'asc']), 'desc').check(z.describe('By due time; desc: newest first.')),
});

/** One due time, or one press of the button, and what became of it. */
export const tickView = z.object({
  id: z.string(),
  scheduleId: z.string(),
  dueAt: timestamp,
  status: z.enum(TICK_STATUSES),
  reason: z.nullable(z.string()).check(z.describe('Why it did not start, or why it started late.')),
  byName: z.nullable(z.string()).check(z.describe('Who started it by hand; null for the clock.')),
  runId: z.nullable(z.string()).check(z.describe('The first run of what it started.')),
  recordedAt: timestamp,
});
export type TickView = z.infer<typeof tickView>;

export const tickPage = pageOf(tickView);
export type TickPage = z.infer<typeof tickPage>;

/** When a job starts by itself, and how that stands. */
export const scheduleView = z.object({
  id: z.string(),
  key: z.string(),
  job: z.string(),
  title: z.string(),
  service: z.string(),
  environment: z.string(),
  cron: z.string().check(z.describe('Minute, hour, day of month, month, day of week.')),
  timeZone: z.string().check(z.describe('IANA name.')),
  inWords: z.nullable(z.string()).check(z.describe('The rule in words; null where it has none that help.')),
  overlap: z.enum(OVERLAPS),
  missed: z.enum(MISSED_POLICIES),
  paused: z.nullable(z.object({ at: timestamp, byName: z.string(), reason: z.string() })),
  nextTicks: z.array(timestamp).check(z.describe('The next due times, at most three; none while paused.')),
  isGoingOn: z.boolean().check(z.describe('What it started last has not ended.')),
  lastTick: z.nullable(tickView),
  changedAt: z.nullable(timestamp),
  changedByName: z.nullable(z.string()),
  canManage: z.boolean(),
  canRunNow: z.boolean(),
});
export type ScheduleView = z.infer<typeof scheduleView>;

/** What a change of the times would mean, before it is made. */
export const schedulePreview = z.object({
  nextTicks: z.array(timestamp),
  inWords: z.nullable(z.string()),
});
export type SchedulePreview = z.infer<typeof schedulePreview>;
