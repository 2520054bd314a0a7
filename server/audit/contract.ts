import * as z from 'zod/mini';
import { pageOf, pageSizeInput, timestamp } from '#server/platform/contract';

export const auditFilter = z.object({
  page: z._default(z.coerce.number().check(z.int(), z.minimum(1), z.maximum(100_000)), 1),
  pageSize: pageSizeInput,
  action: z.optional(z.string()),
  actor: z.optional(z.string()),
  service: z.optional(z.string()),
  environment: z.optional(z.string()),
  search: z.optional(z.string().check(z.maxLength(200))),
});

/** The filter's rows older than `beforeId`, for exports that read them all. */
export const auditBatchInput = z.extend(z.omit(auditFilter, { page: true, pageSize: true }), {
  beforeId: z.optional(z.string().check(z.regex(/^\d{1,18}$/))),
  limit: z._default(z.number().check(z.int(), z.minimum(1), z.maximum(5_000)), 1_000),
});

export const auditRow = z.object({
  id: z.string(),
  at: timestamp,
  actorType: z.string(),
  actorName: z.string(),
  action: z.string(),
  targetType: z.string(),
  targetId: z.nullable(z.string()),
  targetLabel: z.nullable(z.string()),
  service: z.nullable(z.string()),
  environment: z.nullable(z.string()),
  reason: z.nullable(z.string()),
  details: z.record(z.string(), z.unknown()),
  runId: z.nullable(z.string()),
  requestId: z.nullable(z.string()),
});
export type AuditRow = z.infer<typeof auditRow>;

export const auditPage = z.extend(pageOf(auditRow), {
  isTotalExact: z
    .boolean()
    .check(
      z.describe('False: more rows than `total` match; rows with a text in them are not counted to the end.'),
    ),
  actions: z.array(z.string()).check(z.describe('Every action that occurs in the log.')),
});
export type AuditPage = z.infer<typeof auditPage>;
