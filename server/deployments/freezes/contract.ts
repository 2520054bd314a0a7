import * as z from 'zod/mini';
import { pageOf, pageSizeInput, timestamp } from '#server/platform/contract';

/** The longest that one freeze may last: once, and each time again. */
export const FREEZE_MAX_DAYS = 366;
export const FREEZE_MAX_MINUTES = 14 * 24 * 60;
/** The least that an override must say. */
export const FREEZE_OVERRIDE_MIN = 10;

export const FREEZE_STATUSES = ['active', 'upcoming', 'past'] as const;
export type FreezeStatus = (typeof FREEZE_STATUSES)[number];

export const FREEZE_STATUS_LABELS: Record<FreezeStatus, string> = {
  active: 'Active now',
  upcoming: 'Upcoming',
  past: 'Past',
};

const name = (message: string) => z.optional(z.string().check(z.regex(/^[a-z][a-z0-9-]{0,39}$/, message)));
const reason = z.string().check(z.trim(), z.minLength(3, 'Say why, in a few words.'), z.maxLength(500));
/** With its offset it is that instant; without one it is the wall clock of `timeZone`. */
const moment = z.optional(
  z.iso.datetime({
    offset: true,
    local: true,
    error: 'Write a date and a time, like 2026-12-24T18:00 or 2026-12-24T18:00:00Z.',
  }),
);

/** Once: `startsAt` and `endsAt`. Again and again: `cron` and `durationMinutes`. */
export const createFreezeInput = z.object({
  /** Absent: every service. */
  service: name('Name a service in lower-case letters.'),
  /** Absent: every environment. */
  environment: name('Name an environment in lower-case letters.'),
  reason,
  startsAt: moment,
  endsAt: moment,
  /** Five fields: minute, hour, day of month, month, day of week. */
  cron: z.optional(z.string().check(z.trim(), z.maxLength(100))),
  durationMinutes: z.optional(
    z.coerce
      .number('Write the minutes as a number.')
      .check(
        z.int('Write whole minutes.'),
        z.minimum(1, 'At least 1 minute.'),
        z.maximum(FREEZE_MAX_MINUTES, 'At most 14 days.'),
      ),
  ),
  /** IANA, like `Europe/Paris`. */
  timeZone: z._default(z.string().check(z.trim(), z.maxLength(100)), 'UTC'),
});

/** The times alone: what they come to is shown before anybody says why. */
export const previewFreezeInput = z.pick(createFreezeInput, {
  startsAt: true,
  endsAt: true,
  cron: true,
  durationMinutes: true,
  timeZone: true,
});
export type FreezeTimesInput = z.infer<typeof previewFreezeInput>;

export const endFreezeInput = z.object({ freezeId: z.uuid('This freeze does not exist.'), reason });

export const listFreezesInput = z.object({
  /** `current` is what is active or will be. Absent: all. */
  state: z.optional(z.enum(['current', 'past'])),
  page: z._default(z.coerce.number().check(z.int(), z.minimum(1), z.maximum(100_000)), 1),
  pageSize: pageSizeInput,
});

/** What refuses deploys of an environment at this moment. */
export const activeFreeze = z.object({
  id: z.string(),
  reason: z.string(),
  until: timestamp,
  byName: z.string(),
});
export type ActiveFreeze = z.infer<typeof activeFreeze>;

const occurrence = z.object({ startsAt: timestamp, endsAt: timestamp });
export type OccurrenceView = z.infer<typeof occurrence>;

export const freezeView = z.object({
  id: z.string(),
  service: z.nullable(z.string()).check(z.describe('Null: every service.')),
  environment: z.nullable(z.string()).check(z.describe('Null: every environment.')),
  reason: z.string(),
  status: z.enum(FREEZE_STATUSES),
  startsAt: z.nullable(timestamp).check(z.describe('Of a freeze that happens once.')),
  endsAt: z.nullable(timestamp),
  cron: z.nullable(z.string()).check(z.describe('Of a freeze that happens again and again.')),
  timeZone: z.nullable(z.string()),
  durationMinutes: z.nullable(z.int()),
  activeUntil: z.nullable(timestamp).check(z.describe('Set while it is active.')),
  next: z.array(occurrence).check(z.describe('The next times, at most three, the active one left out.')),
  createdAt: timestamp,
  createdByName: z.string(),
  endedAt: z.nullable(timestamp).check(z.describe('Taken away by a person before its time.')),
  endedByName: z.nullable(z.string()),
  endReason: z.nullable(z.string()),
});
export type FreezeView = z.infer<typeof freezeView>;

/** What some times would come to. */
export const freezePreview = z.object({
  isActive: z.boolean().check(z.describe('It would apply at once; the first of `next` is under way.')),
  next: z.array(occurrence).check(z.describe('At most five, the one under way included.')),
  fields: z
    .record(z.string(), z.array(z.string()))
    .check(z.describe('What is wrong with the times, by field; `next` is empty then.')),
});
export type FreezePreview = z.infer<typeof freezePreview>;

export const freezePage = pageOf(freezeView);
export type FreezePage = z.infer<typeof freezePage>;
