import type { CheckView, SubCheck } from '#server/monitoring/checks/contract';
import { isOverdue, OVERDUE_LEAST_MS, OVERDUE_LOOKS, stateOf } from '#server/monitoring/checks/state';
import type { CheckKind, CheckOutcome } from '#server/monitoring/checks/words/contract';
import type { Ctx } from '#server/platform/context';
import { AppError } from '#server/platform/errors';
import { type MonitorCheck, Prisma } from '#server/platform/generated/prisma/client';

/** How a row `c` of `monitor_check` stands, as `stateOf` says it. */
export function stateColumn(now: Date): Prisma.Sql {
  return Prisma.sql`CASE WHEN c.paused_at IS NOT NULL THEN 'paused' WHEN c.last_outcome IS NULL THEN 'waiting'
    WHEN ${overdueColumn(now)} THEN 'not_run' ELSE c.last_outcome END`;
}

/** Whether nobody has looked for long at a row `c` of `monitor_check`, as `isOverdue` says it. */
export function overdueColumn(now: Date): Prisma.Sql {
  return Prisma.sql`coalesce(c.last_at < ${now}::timestamptz - (greatest(${OVERDUE_LOOKS}::bigint * c.interval_ms,
    ${OVERDUE_LEAST_MS}::bigint) + c.timeout_ms) * interval '1 millisecond', false)`;
}

/** Columns of `monitor_check` set as before the first look: what one address brought says nothing of another. */
export const BEGIN_AFRESH = Prisma.sql`last_outcome = NULL, last_duration_ms = NULL, last_status_code = NULL,
  last_message = NULL, last_sub_checks = NULL, outcome_since = NULL, consecutive_failures = 0, failing_since = NULL`;

/** A check as people see it at `now`. */
export function toCheckView(row: MonitorCheck, now: Date): CheckView {
  const state = stateOf(row, now);
  const isSilent = state === 'not_run' && isOverdue(row, now);
  const since = row.pausedAt ?? (isSilent ? row.lastAt : row.outcomeSince);
  return {
    id: row.id,
    service: row.service,
    environment: row.environment,
    key: row.key,
    title: row.title,
    source: row.source as CheckView['source'],
    kind: row.kind as CheckKind,
    target: row.url ?? row.target,
    expectStatus: row.expectStatus,
    bodyIncludes: row.bodyIncludes,
    intervalSeconds: row.intervalMs / 1_000,
    timeoutMs: row.timeoutMs,
    state,
    isOverdue: isSilent,
    since: since?.toISOString() ?? null,
    pausedByName: row.pausedByName,
    pauseReason: row.pauseReason,
    createdByName: row.createdByName,
    lastAt: row.lastAt?.toISOString() ?? null,
    lastOutcome: row.lastOutcome as CheckOutcome | null,
    lastDurationMs: row.lastDurationMs,
    lastStatusCode: row.lastStatusCode,
    lastMessage: row.lastMessage,
    subChecks: (row.lastSubChecks ?? []) as SubCheck[],
    consecutiveFailures: row.consecutiveFailures,
    failingSince: row.failingSince?.toISOString() ?? null,
  };
}

/** A check that is not removed. @throws AppError `not_found` */
export async function findCheck(ctx: Ctx, id: string): Promise<MonitorCheck> {
  const row = await ctx.db.monitorCheck.findFirst({ where: { id, removedAt: null } });
  if (!row) {
    throw new AppError('not_found', 'There is no such check, or it was removed.', {
      hint: 'The list of checks shows what there is.',
    });
  }
  return row;
}
