import * as z from 'zod/mini';
import { timestamp } from '#server/platform/contract';
import type { ErrorKind } from '#server/platform/errors';

export const healthCheck = z.object({
  name: z.string(),
  status: z.enum(['ok', 'failed']),
  durationMs: z.number(),
  message: z.optional(z.string()),
});
export type HealthCheck = z.infer<typeof healthCheck>;

export const health = z.object({
  status: z.enum(['healthy', 'unhealthy']),
  timestamp,
  checks: z.array(healthCheck),
  version: z.string(),
});
export type Health = z.infer<typeof health>;

/** What each kind of refusal is called, and what it means to a program that calls the console. */
export const PROBLEMS: Record<ErrorKind, { title: string; meaning: string }> = {
  invalid_input: {
    title: 'Invalid input',
    meaning: 'The request cannot be used as it is: `fields` says what is wrong with which field.',
  },
  unauthenticated: {
    title: 'Not signed in',
    meaning: 'There is no token, or it is unknown, expired or revoked. Get a new one.',
  },
  forbidden: {
    title: 'Not allowed',
    meaning: 'The role of the person or the scopes of the token do not allow this.',
  },
  not_found: { title: 'Not found', meaning: 'There is no such address, or nothing by that name.' },
  method_not_allowed: {
    title: 'Method not allowed',
    meaning: 'The address exists; `Allow` names the methods it takes.',
  },
  conflict: {
    title: 'Conflict',
    meaning: 'It does not go together with how things are now. Read again, then decide.',
  },
  stale_plan: {
    title: 'Stale plan',
    meaning: 'Things have changed since the plan was read. Read the new plan and send its `planHash`.',
  },
  too_large: { title: 'Too large', meaning: 'The body is over the limit of 1 MB.' },
  unsupported_media_type: {
    title: 'Unsupported media type',
    meaning: 'Send `Content-Type: application/json`, in UTF-8 and not compressed.',
  },
  unprocessable: {
    title: 'Cannot be done',
    meaning: 'The input is well-formed, and yet it asks for what cannot be.',
  },
  locked: { title: 'Locked', meaning: 'A lock or a freeze holds it. The detail says whose and why.' },
  rate_limited: {
    title: 'Too many requests',
    meaning: 'Wait for as many seconds as `Retry-After` says, then go on.',
  },
  internal: {
    title: 'Internal error',
    meaning: 'The console failed. Its log has the failure under `requestId`.',
  },
  unavailable: {
    title: 'Unavailable',
    meaning: 'The console cannot reach what it needs. Look before you repeat a write without a key.',
  },
};

/** A refusal (RFC 9457). */
export const problem = z.object({
  type: z.string().check(z.describe('Where the kind is explained, relative to this console.')),
  title: z.string(),
  status: z.int(),
  detail: z.string().check(z.describe('What happened, and what was not changed.')),
  instance: z.string().check(z.describe('The path of the request.')),
  kind: z.enum(Object.keys(PROBLEMS) as [ErrorKind, ...ErrorKind[]]),
  hint: z.optional(z.string()).check(z.describe('What can be done about it.')),
  fields: z
    .optional(z.record(z.string(), z.array(z.string())))
    .check(z.describe('Messages by field of the input; `_` holds those that concern no single one.')),
  requestId: z.string(),
});
export type Problem = z.infer<typeof problem>;
