import * as z from 'zod/mini';
import {
  CHECK_KINDS,
  CHECK_OUTCOMES,
  CHECK_STATES,
  UPTIME_RANGES,
} from '#server/monitoring/checks/words/contract';
import { pageOf, pageSizeInput, timestamp } from '#server/platform/contract';

export const SUB_CHECK_NAME_MAX = 100;
/** One thing that the service needs, as its health says it. */
export const subCheck = z.object({
  name: z.string().check(z.minLength(1), z.maxLength(SUB_CHECK_NAME_MAX)),
  status: z.enum(['ok', 'failed']),
  durationMs: z.number().check(z.minimum(0)),
  message: z.optional(z.string()),
});
export type SubCheck = z.infer<typeof subCheck>;

/** What a service's health must answer: with 200 when it is healthy and 503 when it is not. */
export const healthAnswer = z.object({
  status: z.enum(['healthy', 'unhealthy']),
  timestamp: z.iso.datetime({ offset: true }),
  checks: z.array(subCheck).check(z.maxLength(50)),
  version: z.string().check(z.maxLength(200)),
});

const name = z.string().check(z.minLength(1), z.maxLength(40));
const place = { service: name, environment: name };
const checkId = z.uuid('This is not the id of a check.');
/** A field of a form that was left empty is absent. */
const optional = <T extends z.ZodMiniType>(schema: T) =>
  z.optional(
    z.pipe(
      z.transform((value) => (value === '' ? undefined : value)),
      z.optional(schema),
    ),
  );

const title = z
  .string()
  .check(z.trim(), z.minLength(1, 'Give it a name.'), z.maxLength(100, 'Use at most 100 characters.'));
const url = z
  .string()
  .check(
    z.trim(),
    z.maxLength(2_000),
    z.url({ protocol: /^https?$/, error: 'Give an http:// or https:// address.' }),
  );
const host = z
  .string()
  .check(z.trim(), z.maxLength(253), z.regex(/^[A-Za-z0-9_.:-]+$/, 'Give a host name or an IP address.'));
const port = z.coerce
  .number('Give a port.')
  .check(z.int('Give a port.'), z.minimum(1, 'Give a port of 1 to 65535.'), z.maximum(65_535));
const expectStatus = z.coerce
  .number('Give a status such as 200.')
  .check(z.int(), z.minimum(100, 'Give a status of 100 to 599.'), z.maximum(599));
const bodyIncludes = z.string().check(z.maxLength(500, 'Use at most 500 characters.'));
const intervalSeconds = z.coerce
  .number('Enter seconds.')
  .check(z.minimum(1, 'Enter 1 second or more.'), z.maximum(86_400, 'Enter at most a day, 86400 seconds.'));
const timeoutMs = z.coerce
  .number('Enter milliseconds.')
  .check(
    z.int('Enter whole milliseconds.'),
    z.minimum(10, 'Enter 10 or more.'),
    z.maximum(60_000, 'Enter 60000 or less.'),
  );

/** Fields that are absent have the default of the kind. */
export const createCheckInput = z.object({
  ...place,
  key: z
    .string()
    .check(
      z.trim(),
      z.regex(
        /^[a-z0-9][a-z0-9-]{0,59}$/,
        'Use lower-case letters, digits and dashes, at most 60, such as payment-page.',
      ),
    ),
  title,
  kind: z.enum(CHECK_KINDS, `Choose one of ${CHECK_KINDS.join(', ')}.`),
  url: optional(url),
  host: optional(host),
  port: optional(port),
  expectStatus: optional(expectStatus),
  bodyIncludes: optional(bodyIncludes),
  intervalSeconds: optional(intervalSeconds),
  timeoutMs: optional(timeoutMs),
});

/** What is absent stays as it is; an empty `bodyIncludes` takes it off. */
export const changeCheckInput = z.object({
  checkId,
  title: optional(title),
  url: optional(url),
  host: optional(host),
  port: optional(port),
  expectStatus: optional(expectStatus),
  bodyIncludes: z.optional(bodyIncludes),
  intervalSeconds: optional(intervalSeconds),
  timeoutMs: optional(timeoutMs),
});

export const checkInput = z.object({ checkId });

export const pauseCheckInput = z.object({
  checkId,
  reason: z.string().check(z.trim(), z.minLength(3, 'Say why, in a few words.'), z.maxLength(500)),
});

export const listChecksInput = z.object({
  service: z.optional(name),
  environment: z.optional(name),
  kind: z.optional(z.enum(CHECK_KINDS)),
  state: z.optional(z.enum(CHECK_STATES)),
  range: z._default(z.enum(UPTIME_RANGES), 'day'),
  page: z._default(z.coerce.number().check(z.int(), z.minimum(1), z.maximum(100_000)), 1),
  pageSize: pageSizeInput,
});

export const listCheckResultsInput = z.object({
  checkId,
  outcome: z.optional(z.enum(CHECK_OUTCOMES)),
  before: z
    .optional(timestamp)
    .check(z.describe('Only what was due before; so pages stay as they are while results come.')),
  page: z._default(z.coerce.number().check(z.int(), z.minimum(1), z.maximum(100_000)), 1),
  pageSize: pageSizeInput,
});

/** The results older than `before`, for exports that read them all. */
export const checkResultBatchInput = z.extend(z.omit(listCheckResultsInput, { page: true, pageSize: true }), {
  limit: z._default(z.number().check(z.int(), z.minimum(1), z.maximum(5_000)), 1_000),
});

export const placeInput = z.object(place);

/** A stretch of time: for how many seconds each outcome stood. What is in none of them was not looked at. */
export const uptimeBucket = z.object({
  from: timestamp,
  okSeconds: z.number(),
  failedSeconds: z.number(),
  notRunSeconds: z.number(),
  averageMs: z.nullable(z.number()).check(z.describe('Of good answers.')),
});
export type UptimeBucket = z.infer<typeof uptimeBucket>;

export const checkView = z.object({
  id: z.string(),
  ...place,
  key: z.string(),
  title: z.string(),
  source: z.enum(['config', 'own']).check(z.describe('config: it can be paused and run, and nothing else.')),
  kind: z.enum(CHECK_KINDS),
  target: z.string().check(z.describe('What is asked.')),
  expectStatus: z.nullable(z.int()),
  bodyIncludes: z.nullable(z.string()),
  intervalSeconds: z.number(),
  timeoutMs: z.int(),
  state: z.enum(CHECK_STATES),
  isOverdue: z
    .boolean()
    .check(z.describe('Nobody has looked for long: what was seen last says nothing of now.')),
  since: z.nullable(timestamp).check(z.describe('Since when it stands so.')),
  pausedByName: z.nullable(z.string()),
  pauseReason: z.nullable(z.string()),
  createdByName: z.string(),
  lastAt: z.nullable(timestamp),
  lastOutcome: z.nullable(z.enum(CHECK_OUTCOMES)),
  lastDurationMs: z.nullable(z.int()),
  lastStatusCode: z.nullable(z.int()),
  lastMessage: z.nullable(z.string()),
  subChecks: z.array(subCheck),
  consecutiveFailures: z.int(),
  failingSince: z.nullable(timestamp),
});
export type CheckView = z.infer<typeof checkView>;

const uptimePercents = z.object({
  uptimeDay: z.nullable(z.number()).check(z.describe('Percent of the last 24 hours.')),
  uptimeQuarter: z.nullable(z.number()).check(z.describe('Percent of the last 90 days.')),
});

export const checkRow = z.extend(checkView, {
  ...uptimePercents.shape,
  bars: z
    .array(uptimeBucket)
    .check(z.describe('By hour or by day, as asked for; those without a result are left out.')),
});
export type CheckRow = z.infer<typeof checkRow>;

const stateCounts = z.record(z.enum(CHECK_STATES), z.int());
export const checkPage = z.extend(pageOf(checkRow), {
  counts: stateCounts.check(z.describe('Of each state, whatever state is asked for.')),
});
export type CheckPage = z.infer<typeof checkPage>;

/** A check with both of its ranges; stretches without a result are left out. */
export const checkDetail = z.extend(checkView, {
  ...uptimePercents.shape,
  hours: z.array(uptimeBucket),
  days: z.array(uptimeBucket),
});
export type CheckDetail = z.infer<typeof checkDetail>;

export const checkResultView = z.object({
  at: timestamp,
  endedAt: timestamp,
  outcome: z.enum(CHECK_OUTCOMES),
  durationMs: z.int(),
  statusCode: z.nullable(z.int()),
  message: z.nullable(z.string()),
  subChecks: z.array(subCheck),
});
export type CheckResultView = z.infer<typeof checkResultView>;

export const checkResultPage = pageOf(checkResultView);
export type CheckResultPage = z.infer<typeof checkResultPage>;

/** How a service is: its own word, thing by thing, and what the checks of its environment say. */
export const serviceHealth = z.object({
  ...place,
  state: z
    .enum(CHECK_STATES)
    .check(z.describe('The worst of its checks; those that are paused do not count.')),
  subChecks: z.array(subCheck),
  checks: z.array(checkView),
});
export type ServiceHealth = z.infer<typeof serviceHealth>;
