import * as z from 'zod/mini';

export const auditFilter = z.object({
  page: z._default(z.coerce.number().check(z.int(), z.minimum(1), z.maximum(100_000)), 1),
  pageSize: z._default(z.coerce.number().check(z.int(), z.minimum(10), z.maximum(200)), 50),
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

export interface AuditRow {
  id: string;
  /** ISO 8601, UTC */
  at: string;
  actorType: string;
  actorName: string;
  action: string;
  targetType: string;
  targetId: string | null;
  targetLabel: string | null;
  service: string | null;
  environment: string | null;
  reason: string | null;
  details: Record<string, unknown>;
  runId: string | null;
  requestId: string | null;
}

export interface AuditPage {
  rows: AuditRow[];
  total: number;
  page: number;
  pageSize: number;
  actions: string[];
}
