import * as z from 'zod/mini';
import { pageOf, pageSizeInput, timestamp } from '#server/platform/contract';

/** Where a notification goes; each has one Slack webhook. */
export const CHANNELS = ['CRITICAL', 'ALERTS', 'SECURITY', 'BUSINESS', 'PERFORMANCE'] as const;
export type Channel = (typeof CHANNELS)[number];

export const CHANNEL_PURPOSES: Record<Channel, string> = {
  CRITICAL: 'The shop is down or acts by itself: somebody must come now.',
  ALERTS: 'Rules that fire without being critical; post-mortems, and reminders of what they ask for.',
  SECURITY: 'Attacks, lockdowns and emergency rotations.',
  BUSINESS: 'Payments, orders and revenue.',
  PERFORMANCE: 'Budgets and response times.',
};

/** The environment variable that holds a channel's webhook. */
export function webhookSetting<C extends Channel>(channel: C): `SLACK_WEBHOOK_${C}` {
  return `SLACK_WEBHOOK_${channel}`;
}

export const DELIVERY_STATES = ['pending', 'sending', 'sent', 'failed', 'skipped'] as const;
export type DeliveryState = (typeof DELIVERY_STATES)[number];

export const DELIVERY_STATE_LABELS: Record<DeliveryState, string> = {
  pending: 'Waiting',
  sending: 'Being sent',
  sent: 'Sent',
  failed: 'Failed',
  skipped: 'Skipped',
};

/** True while a delivery may still be sent by itself. */
export function isOpen(state: DeliveryState): boolean {
  return state === 'pending' || state === 'sending';
}

/** True for a delivery that a person may send again. */
export function mayRetry(state: DeliveryState): boolean {
  return state === 'failed' || state === 'skipped';
}

export const ATTEMPT_OUTCOMES = ['sent', 'again', 'wait', 'refused', 'skipped', 'unknown'] as const;
export type AttemptOutcome = (typeof ATTEMPT_OUTCOMES)[number];

export const ATTEMPT_OUTCOME_LABELS: Record<AttemptOutcome, string> = {
  sent: 'Sent',
  again: 'To be tried again',
  wait: 'Asked to wait',
  refused: 'Refused',
  skipped: 'Skipped',
  unknown: 'Not known',
};

const channel = z.enum(CHANNELS, `Choose a channel: ${CHANNELS.join(', ')}.`);
const key = (what: string) => z.string().check(z.minLength(1, `Give ${what}.`), z.maxLength(200));
const handle = z.string().check(
  z.trim(),
  z.toLowerCase(),
  z.overwrite((value: string) => value.replace(/^@/, '')),
  z.regex(/^[a-z0-9][a-z0-9._-]{0,59}$/, 'Enter a handle, like @tech-lead: letters, digits, - _ and dots.'),
);

export const notificationField = z.object({
  name: z.string().check(z.minLength(1), z.maxLength(100)),
  value: z.string().check(z.maxLength(1_000)),
});

/** What another domain gives to be told. Longer texts than Slack takes are cut by the driver, not refused. */
export const notificationInput = z.object({
  channel,
  kind: z.string().check(z.regex(/^[a-z][a-z0-9-]*(\.[a-z0-9-]+)*$/, 'Name the kind, like alert.fired.')),
  subject: z.string().check(z.trim(), z.minLength(1, 'Give a subject.'), z.maxLength(300)),
  text: z.string().check(z.maxLength(10_000)),
  fields: z._default(z.array(notificationField).check(z.maxLength(20)), []),
  link: z._default(
    z.nullable(
      z.string().check(z.regex(/^\/([^/\\]|$)/, 'Give a path on this console.'), z.maxLength(2_000)),
    ),
    null,
  ),
  groupKey: key('what its order belongs to'),
  dedupKey: key('what makes it the same notification'),
  mentions: z._default(z.array(handle).check(z.maxLength(20)), []),
  resolved: z._default(z.boolean(), false),
});
export type NotificationInput = z.input<typeof notificationInput>;

export const deliveryFilter = z.object({
  page: z._default(z.coerce.number().check(z.int(), z.minimum(1), z.maximum(100_000)), 1),
  pageSize: pageSizeInput,
  state: z.optional(z.enum(DELIVERY_STATES, `Choose a state: ${DELIVERY_STATES.join(', ')}.`)),
  channel: z.optional(channel),
  search: z.optional(z.string().check(z.trim(), z.maxLength(200))),
  order: z
    ._default(z.enum(['desc', 'asc']), 'desc')
    .check(z.describe('By when it was asked for; desc: newest first.')),
});

export const deliveryInput = z.object({
  notificationId: z.uuid('This notification does not exist. Open it from the list of deliveries.'),
});

export const channelInput = z.object({ channel });

export const MUTE_HOURS_MAX = 720;

export const muteChannelInput = z.object({
  channel,
  reason: z.string().check(z.trim(), z.minLength(3, 'Say why, in a few words.'), z.maxLength(500)),
  hours: z.coerce
    .number('Enter hours.')
    .check(
      z.minimum(0.25, 'Mute for a quarter of an hour or more.'),
      z.maximum(MUTE_HOURS_MAX, `Mute for ${MUTE_HOURS_MAX} hours or less.`),
    ),
});

export const setMentionInput = z.object({
  handle,
  slackId: z
    .string()
    .check(
      z.trim(),
      z.toUpperCase(),
      z.regex(
        /^([UWS][A-Z0-9]{2,20})?$/,
        'Enter a Slack member id (U… or W…) or a user group id (S…), or leave it empty.',
      ),
    ),
});

export const mentionInput = z.object({ handle });

/** What is on its way, or was, with the reason for anything that is not plain. */
export const deliverySummary = z.object({
  notificationId: z.string(),
  channel: z.enum(CHANNELS),
  kind: z.string(),
  subject: z.string(),
  isResolved: z.boolean(),
  groupKey: z.string(),
  sequence: z.int().check(z.describe('Its place within its group, from 1.')),
  state: z.enum(DELIVERY_STATES),
  reason: z
    .nullable(z.string())
    .check(z.describe('Why it was skipped, failed or is late; null when there is nothing to explain.')),
  attempts: z.int(),
  lastStatus: z.nullable(z.int()).check(z.describe('The HTTP status of the last answer.')),
  nextAttemptAt: z
    .nullable(timestamp)
    .check(z.describe('The earliest next attempt; null when it has ended.')),
  unmapped: z.array(z.string()).check(z.describe('Handles that rang nobody: they have no Slack id.')),
  createdAt: timestamp,
  endedAt: z.nullable(timestamp),
});
export type DeliverySummary = z.infer<typeof deliverySummary>;

export const deliveryPage = pageOf(deliverySummary);
export type DeliveryPage = z.infer<typeof deliveryPage>;

export const attemptView = z.object({
  attempt: z.int(),
  outcome: z.enum(ATTEMPT_OUTCOMES),
  status: z.nullable(z.int()),
  reason: z.nullable(z.string()),
  startedAt: timestamp,
  recordedAt: timestamp,
});
export type AttemptView = z.infer<typeof attemptView>;

/** One notification whole: what it says, and every attempt to send it. */
export const deliveryDetail = z.extend(deliverySummary, {
  text: z.string(),
  fields: z.array(notificationField),
  mentions: z.array(z.object({ handle: z.string(), slackId: z.nullable(z.string()) })),
  link: z.nullable(z.string()).check(z.describe('A path on this console.')),
  idempotencyKey: z.string(),
  history: z.array(attemptView).check(z.describe('In order; an attempt under way has no entry yet.')),
});
export type DeliveryDetail = z.infer<typeof deliveryDetail>;

export const channelView = z.object({
  channel: z.enum(CHANNELS),
  purpose: z.string(),
  setting: z.string().check(z.describe('The environment variable that holds its webhook.')),
  webhook: z
    .nullable(z.object({ host: z.string(), fingerprint: z.string() }))
    .check(z.describe('Where it leads, without the secret; null when it is not set.')),
  muted: z.nullable(z.object({ until: timestamp, byName: z.string(), reason: z.string() })),
  hold: z
    .nullable(z.object({ until: timestamp, reason: z.string() }))
    .check(z.describe('Nothing is sent before this time.')),
  lastSentAt: z.nullable(timestamp),
  waiting: z.int().check(z.describe('Notifications that wait or are being sent.')),
  failed: z.int().check(z.describe('Failed in the last 24 hours.')),
  skipped: z.int().check(z.describe('Skipped in the last 24 hours.')),
});
export type ChannelView = z.infer<typeof channelView>;

export const mentionView = z.object({
  handle: z.string(),
  slackId: z.nullable(z.string()),
  changedAt: z.nullable(timestamp),
  changedByName: z.nullable(z.string()),
});
export type MentionView = z.infer<typeof mentionView>;
