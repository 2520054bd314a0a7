import * as z from 'zod/mini';
import {
  ACKNOWLEDGE_MINUTES,
  ACKNOWLEDGE_MINUTES_MAX,
  ALERT_CAUSES,
  ALERT_EVENT_KINDS,
  ALERT_STATES,
} from '#server/monitoring/alerts/words/contract';
import { ruleSource } from '#server/monitoring/rules/contract';
import { RULE_ACTIONS, SEVERITIES } from '#server/monitoring/rules/words/contract';
import { CHANNELS, deliverySummary } from '#server/notifications/contract';
import { pageOf, pageSizeInput, timestamp } from '#server/platform/contract';
import { defineEvent } from '#server/platform/events-contract';

const name = z.string().check(z.minLength(1), z.maxLength(40));
const alertId = z.uuid('This alert does not exist. Open it from the list of alerts.');

export const alertFilter = z.object({
  page: z._default(z.coerce.number().check(z.int(), z.minimum(1), z.maximum(100_000)), 1),
  pageSize: pageSizeInput,
  state: z
    .optional(z.enum([...ALERT_STATES, 'open'], 'Choose firing, acknowledged, resolved or open.'))
    .check(z.describe('open: all that are not resolved.')),
  severity: z.optional(z.enum(SEVERITIES)),
  service: z.optional(name),
  environment: z.optional(name),
  rule: z.optional(z.string().check(z.maxLength(60))),
  search: z.optional(z.string().check(z.trim(), z.maxLength(200))),
  order: z
    ._default(z.enum(['open', 'oldest'], 'Choose open or oldest.'), 'open')
    .check(
      z.describe(
        'open: open ones first, then the newest; oldest: as they fired, which new ones do not move.',
      ),
    ),
});

export const alertInput = z.object({ alertId });

export const acknowledgeAlertInput = z.object({
  alertId,
  note: z.optional(z.string().check(z.trim(), z.maxLength(500))),
  minutes: z._default(
    z.coerce
      .number('Enter whole minutes.')
      .check(
        z.int('Enter whole minutes.'),
        z.minimum(1, 'Enter 1 minute or more.'),
        z.maximum(ACKNOWLEDGE_MINUTES_MAX, 'Enter at most a day, which is 1440 minutes.'),
      ),
    ACKNOWLEDGE_MINUTES,
  ),
});

export const resolveAlertInput = z.object({
  alertId,
  reason: z.string().check(z.trim(), z.minLength(3, 'Say why, in a few words.'), z.maxLength(500)),
});

export const alertSummary = z.object({
  id: z.string(),
  ruleKey: z.string(),
  title: z.string(),
  cause: z.enum(ALERT_CAUSES),
  service: z.string(),
  environment: z.string(),
  state: z.enum(ALERT_STATES),
  severity: z.enum(SEVERITIES),
  channel: z.enum(CHANNELS),
  explanation: z.string().check(z.describe('Why it fired, in words.')),
  value: z.nullable(z.number()),
  breachSince: timestamp.check(z.describe('When it began, by the data.')),
  openedAt: timestamp,
  acknowledgedAt: z.nullable(timestamp),
  acknowledgedByName: z.nullable(z.string()),
  acknowledgeNote: z.nullable(z.string()),
  acknowledgedUntil: z.nullable(timestamp),
  resolvedAt: z.nullable(timestamp),
  resolvedByName: z.nullable(z.string()),
  resolveReason: z.nullable(z.string()),
  isFlapping: z.boolean(),
});
export type AlertSummary = z.infer<typeof alertSummary>;

export const alertPage = pageOf(alertSummary);
export type AlertPage = z.infer<typeof alertPage>;

export const alertEventView = z.object({
  id: z.string(),
  kind: z.enum(ALERT_EVENT_KINDS),
  text: z.string(),
  byName: z.string(),
  runId: z.nullable(z.string()),
  at: timestamp,
});
export type AlertEventView = z.infer<typeof alertEventView>;

export const alertChart = z.object({
  stepSeconds: z.int(),
  points: z.array(z.object({ at: timestamp, value: z.nullable(z.number()) })),
});
export type AlertChart = z.infer<typeof alertChart>;

/** The rule as it was when it fired. */
export const ruleSnapshot = z.object({
  key: z.string(),
  version: z.int(),
  words: z.string(),
  source: ruleSource,
  comparison: z.string(),
  threshold: z.number(),
  resolveThreshold: z.nullable(z.number()),
  forSeconds: z.int(),
  minimumTraffic: z.number(),
  action: z.enum(RULE_ACTIONS),
  dryRun: z.boolean(),
  mentions: z.array(z.string()),
});
export type RuleSnapshot = z.infer<typeof ruleSnapshot>;

export const alertDetail = z.extend(alertSummary, {
  rule: ruleSnapshot,
  traffic: z.nullable(z.number()),
  chart: z.nullable(alertChart).check(z.describe('The measure around the moment that it fired.')),
  notice: z.enum(['waiting', 'told', 'none']),
  history: z.array(alertEventView).check(z.describe('In order.')),
  deliveries: z.array(deliverySummary).check(z.describe('What was told of it, and of what fired with it.')),
});
export type AlertDetail = z.infer<typeof alertDetail>;

export const alertCounts = z.object({
  firing: z.int(),
  acknowledged: z.int(),
  critical: z.int().check(z.describe('Of those firing.')),
});
export type AlertCounts = z.infer<typeof alertCounts>;

const fact = {
  alertId: z.string(),
  ruleKey: z.string(),
  title: z.string(),
  cause: z.enum(ALERT_CAUSES),
  severity: z.enum(SEVERITIES),
  service: z.string(),
  environment: z.string(),
};

export const alertFired = defineEvent(
  'monitoring.alert-fired',
  z.object({ ...fact, explanation: z.string(), breachSince: timestamp, openedAt: timestamp }),
);

/** Somebody deals with it: told each time that somebody says so. */
export const alertAcknowledged = defineEvent(
  'monitoring.alert-acknowledged',
  z.object({ ...fact, acknowledgedAt: timestamp, byName: z.string(), note: z.nullable(z.string()) }),
);

export const alertResolved = defineEvent(
  'monitoring.alert-resolved',
  z.object({ ...fact, resolvedAt: timestamp, byName: z.string(), reason: z.string() }),
);

/** A rule with an action fired. What is done about it is decided by those who can do it. */
export const automaticActionRequested = defineEvent(
  'monitoring.automatic-action-requested',
  z.object({
    alertId: z.string(),
    ruleKey: z.string(),
    service: z.string(),
    environment: z.string(),
    action: z.enum(['rollback', 'rollback_and_lockdown']),
    reason: z.string(),
    breachedSince: timestamp,
    dryRun: z.boolean(),
  }),
);
