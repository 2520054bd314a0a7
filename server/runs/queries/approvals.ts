import * as z from 'zod/mini';
import { defineQuery } from '#server/auth/guard';
import { Prisma } from '#server/platform/generated/prisma/client';
import { barOf, describeApproval } from '#server/runs/approvals';
import {
  type ApprovalPage,
  type ApprovalView,
  listApprovalsInput,
  type RunStatus,
} from '#server/runs/contract';

interface Row
  extends Omit<ApprovalView, 'requestedAt' | 'expiresAt' | 'at' | 'whyNot' | 'canApprove' | 'isOwn'> {
  requestedById: string | null;
  requestedAt: Date;
  expiresAt: Date;
  decidedAt: Date | null;
  decisionReason: string | null;
}

const OPEN = Prisma.sql`(r.status = 'awaiting_approval' AND r.approval_expires_at > clock_timestamp())`;

/** Runs that await a second person, the one that expires first on top, then those that were decided, newest first. */
export const listApprovals = defineQuery({
  name: 'runs.list-approvals',
  access: 'runs.read',
  input: listApprovalsInput,
  handle: async (ctx, { state, page, pageSize }): Promise<ApprovalPage> => {
    const part = state === 'open' ? OPEN : state === 'decided' ? Prisma.sql`NOT ${OPEN}` : Prisma.sql`true`;
    const where = Prisma.sql`r.approval_required AND ${part}`;
    const [rows, counted] = await Promise.all([
      ctx.db.$queryRaw<Row[]>`
        SELECT r.id AS "runId", r.number, r.procedure, r.title, r.service, r.environment, r.status::text AS status,
          ${OPEN} AS "isOpen", r.plan_hash AS "planHash", r.plan #>> '{from,tag}' AS "fromTag",
          r.plan #>> '{to,tag}' AS "toTag", r.requested_by_id AS "requestedById",
          r.requested_by_name AS "requestedByName", r.requested_by_type AS "requestedByType",
          r.created_at AS "requestedAt", r.reason AS "requestReason", r.approval_expires_at AS "expiresAt",
          r.cancel_reason AS "cancelReason", a.decision, a.by_name AS "byName", a.at AS "decidedAt",
          a.reason AS "decisionReason"
        FROM run r LEFT JOIN run_approval a ON a.run_id = r.id
        WHERE ${where}
        ORDER BY ${OPEN} DESC, CASE WHEN ${OPEN} THEN r.approval_expires_at END ASC, r.created_at DESC
        LIMIT ${pageSize} OFFSET ${(page - 1) * pageSize}`,
      ctx.db.$queryRaw<{ total: number }[]>`SELECT count(*)::int AS total FROM run r WHERE ${where}`,
    ]);
    return {
      rows: rows.map(({ requestedById, requestedAt, expiresAt, decidedAt, decisionReason, ...row }) => {
        const decided =
          row.decision && row.byName && decidedAt
            ? { decision: row.decision, byName: row.byName, at: decidedAt, reason: decisionReason }
            : null;
        const { procedure, isOpen } = row;
        return {
          ...row,
          status: row.status as RunStatus,
          requestedAt: requestedAt.toISOString(),
          ...describeApproval(ctx, { procedure, requestedById, expiresAt, isOpen }, decided),
        };
      }),
      total: counted[0]?.total ?? 0,
      page,
      pageSize,
    };
  },
});

/** How many runs await a decision that the caller may make. */
export const countApprovals = defineQuery({
  name: 'runs.count-approvals',
  access: 'runs.read',
  input: z.object({}),
  handle: async (ctx): Promise<number> => {
    const open = await ctx.db.$queryRaw<{ procedure: string; requestedById: string | null }[]>`
      SELECT r.procedure, r.requested_by_id AS "requestedById" FROM run r WHERE ${OPEN}`;
    return open.filter((run) => barOf(ctx, run) === null).length;
  },
});
