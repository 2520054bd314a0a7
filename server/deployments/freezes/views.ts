import type { FreezeView, OccurrenceView } from '#server/deployments/freezes/contract';
import {
  type FreezeRule,
  nextOccurrences,
  type Occurrence,
  occurrenceAt,
  statusOf,
} from '#server/deployments/freezes/rules';
import type { Ctx } from '#server/platform/context';

/** A row of `freeze_window`. */
export interface FreezeRow extends FreezeRule {
  id: string;
  service: string | null;
  environment: string | null;
  reason: string;
  createdAt: Date;
  createdByName: string;
  endedByName: string | null;
  endReason: string | null;
}

const NEXT_SHOWN = 3;

/** @param now the database's clock */
export function toFreezeView(row: FreezeRow, now: Date): FreezeView {
  return {
    id: row.id,
    service: row.service,
    environment: row.environment,
    reason: row.reason,
    status: statusOf(row, now),
    startsAt: row.startsAt?.toISOString() ?? null,
    endsAt: row.endsAt?.toISOString() ?? null,
    cron: row.cron,
    timeZone: row.timeZone,
    durationMinutes: row.durationMinutes,
    activeUntil: occurrenceAt(row, now)?.endsAt.toISOString() ?? null,
    next: nextOccurrences(row, now, NEXT_SHOWN).map(toOccurrenceView),
    createdAt: row.createdAt.toISOString(),
    createdByName: row.createdByName,
    endedAt: row.endedAt?.toISOString() ?? null,
    endedByName: row.endedByName,
    endReason: row.endReason,
  };
}

export function toOccurrenceView({ startsAt, endsAt }: Occurrence): OccurrenceView {
  return { startsAt: startsAt.toISOString(), endsAt: endsAt.toISOString() };
}

export async function databaseNow(ctx: Ctx): Promise<Date> {
  const rows = await ctx.db.$queryRaw<{ now: Date }[]>`SELECT clock_timestamp() AS now`;
  return rows[0]?.now ?? ctx.clock.now();
}
