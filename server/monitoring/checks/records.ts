import type { CheckView, SubCheck } from '#server/monitoring/checks/contract';
import { stateOf } from '#server/monitoring/checks/state';
import type { CheckKind, CheckOutcome } from '#server/monitoring/checks/words/contract';
import type { Ctx } from '#server/platform/context';
import { AppError } from '#server/platform/errors';
import type { MonitorCheck } from '#server/platform/generated/prisma/client';

/** A check as people see it. */
export function toCheckView(row: MonitorCheck): CheckView {
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
    state: stateOf(row),
    since: (row.pausedAt ?? row.outcomeSince)?.toISOString() ?? null,
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
