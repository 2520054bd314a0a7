import * as z from 'zod/mini';
import { pageOf, pageSizeInput, timestamp } from '#server/platform/contract';

/** Kinds that the console knows how to find or count; others may report more of their own. */
export const SECURITY_KINDS = [
  'sql_injection',
  'path_traversal',
  'cross_site_scripting',
  'command_injection',
  'login_attack',
  'other',
] as const;
export type SecurityKind = (typeof SECURITY_KINDS)[number];

export const SECURITY_KIND_LABELS: Record<SecurityKind, string> = {
  sql_injection: 'SQL injection',
  path_traversal: 'Path traversal',
  cross_site_scripting: 'Cross-site scripting',
  command_injection: 'Command injection',
  login_attack: 'Login attack',
  other: 'Other',
};

/** The source of what the console found itself. */
export const REQUEST_LOG = 'request-log';
export const SECURITY_BATCH_MAX = 500;
/** An event may be told this late, and this much ahead of the console's clock. */
export const SECURITY_PAST_DAYS = 30;
export const SECURITY_FUTURE_SECONDS = 60;

const name = z.string().check(z.minLength(1), z.maxLength(40));

/** One event as somebody tells it. */
export const securityEventInput = z.object({
  service: name,
  environment: name,
  kind: z.enum(SECURITY_KINDS, `Say one of ${SECURITY_KINDS.join(', ')}.`),
  at: z.iso.datetime({ offset: true, error: 'Give a time as ISO 8601, such as 2026-01-31T09:30:00Z.' }),
  sourceIp: z.optional(z.string().check(z.maxLength(45), z.regex(/^[0-9a-fA-F:.]+$/, 'Give an IP address.'))),
  method: z.optional(z.string().check(z.regex(/^[A-Z]{1,10}$/, 'Give an HTTP method, such as GET.'))),
  path: z.optional(z.string().check(z.maxLength(2_000))),
  evidence: z.optional(z.string().check(z.maxLength(2_000))),
  /** Yours for this event: the same key told again is the same event. Absent: made of what the event says. */
  dedupKey: z.optional(z.string().check(z.minLength(1), z.maxLength(200))),
});
export type SecurityEventInput = z.infer<typeof securityEventInput>;

/** Items are looked at one by one, so that a bad one keeps no good one out. */
export const reportSecurityEventsInput = z.object({
  source: z._default(
    z.string().check(z.regex(/^[a-z][a-z0-9._-]{0,39}$/, 'Use lower-case letters, digits, dots and dashes.')),
    'api',
  ),
  events: z
    .array(z.unknown())
    .check(
      z.minLength(1, 'Send at least one event.'),
      z.maxLength(SECURITY_BATCH_MAX, `Send at most ${SECURITY_BATCH_MAX} events.`),
    ),
});

export const reportedSecurityEvents = z.object({
  accepted: z.int(),
  repeated: z.int().check(z.describe('Told before, so not kept again.')),
  errors: z
    .array(z.object({ index: z.int(), message: z.string() }))
    .check(z.describe('One for each item that was not kept, by its place in what was sent.')),
});
export type ReportedSecurityEvents = z.infer<typeof reportedSecurityEvents>;

export const listSecurityEventsInput = z.object({
  service: z.optional(name),
  environment: z.optional(name),
  kind: z.optional(z.enum(SECURITY_KINDS)),
  source: z.optional(z.string().check(z.maxLength(40))),
  sourceIp: z.optional(z.string().check(z.trim(), z.maxLength(45))),
  hours: z._default(z.coerce.number().check(z.int(), z.minimum(1), z.maximum(24 * 90)), 24),
  page: z._default(z.coerce.number().check(z.int(), z.minimum(1), z.maximum(100_000)), 1),
  pageSize: pageSizeInput,
});

export const securityEventView = z.object({
  id: z.string(),
  service: z.string(),
  environment: z.string(),
  kind: z.enum(SECURITY_KINDS),
  source: z.string(),
  at: timestamp,
  sourceIp: z.nullable(z.string()),
  method: z.nullable(z.string()),
  path: z.nullable(z.string()),
  evidence: z.nullable(z.string()),
});
export type SecurityEventView = z.infer<typeof securityEventView>;

export const securityEventPage = pageOf(securityEventView);
export type SecurityEventPage = z.infer<typeof securityEventPage>;

const count = z.object({ name: z.string(), count: z.int() });
/** How many of each in the window of hours. */
export const securityCounts = z.object({
  total: z.int(),
  byKind: z.array(count),
  bySource: z.array(count),
  byAddress: z.array(count).check(z.describe('The ten addresses with the most.')),
});
export type SecurityCounts = z.infer<typeof securityCounts>;
