import { defineQuery } from '#server/auth/guard';
import {
  FREEZE_STATUSES,
  type FreezePage,
  type FreezePreview,
  type FreezeView,
  listFreezesInput,
  previewFreezeInput,
} from '#server/deployments/freezes/contract';
import { nextOccurrences, occurrenceAt, ruleOf } from '#server/deployments/freezes/rules';
import {
  databaseNow,
  type FreezeRow,
  toFreezeView,
  toOccurrenceView,
} from '#server/deployments/freezes/views';
import { Prisma } from '#server/platform/generated/prisma/client';

/** Freezes: what applies now on top, then what is to come by its beginning, then the past, newest first. */
export const listFreezes = defineQuery({
  name: 'deployments.list-freezes',
  access: 'deployments.read',
  input: listFreezesInput,
  handle: async (ctx, { state, page, pageSize }): Promise<FreezePage> => {
    const now = await databaseNow(ctx);
    const isOver = Prisma.sql`(ended_at IS NOT NULL OR coalesce(ends_at <= ${now}, false))`;
    const where =
      state === 'past' ? isOver : state === 'current' ? Prisma.sql`NOT ${isOver}` : Prisma.sql`true`;
    const [rows, counted] = await Promise.all([
      ctx.db.$queryRaw<FreezeRow[]>`
        SELECT id, service, environment, reason, starts_at AS "startsAt", ends_at AS "endsAt", cron,
          time_zone AS "timeZone", duration_minutes AS "durationMinutes", created_at AS "createdAt",
          created_by_name AS "createdByName", ended_at AS "endedAt", ended_by_name AS "endedByName",
          end_reason AS "endReason"
        FROM freeze_window WHERE ${where}
        ORDER BY ${isOver}, CASE WHEN ${isOver} THEN coalesce(ended_at, ends_at) ELSE created_at END DESC, id
        LIMIT ${pageSize} OFFSET ${(page - 1) * pageSize}`,
      ctx.db.$queryRaw<{ total: number }[]>`SELECT count(*)::int AS total FROM freeze_window WHERE ${where}`,
    ]);
    return {
      rows: rows.map((row) => toFreezeView(row, now)).sort(byUrgency),
      total: counted[0]?.total ?? 0,
      page,
      pageSize,
    };
  },
});

const PREVIEWED = 5;

/** When a freeze with these times would apply, or what is wrong with them; nothing is written. */
export const previewFreeze = defineQuery({
  name: 'deployments.preview-freeze',
  access: 'deployments.read',
  input: previewFreezeInput,
  handle: async (ctx, input): Promise<FreezePreview> => {
    const now = await databaseNow(ctx);
    const made = ruleOf(input, now);
    if ('fields' in made) return { isActive: false, next: [], fields: made.fields };
    const rule = { ...made.rule, endedAt: null };
    const current = occurrenceAt(rule, now);
    const later = nextOccurrences(rule, now, PREVIEWED);
    const next = current ? [current, ...later].slice(0, PREVIEWED) : later;
    return { isActive: current !== null, next: next.map(toOccurrenceView), fields: {} };
  },
});

/** The past keeps its order. */
function byUrgency(a: FreezeView, b: FreezeView): number {
  const rank = ({ status }: FreezeView) => FREEZE_STATUSES.indexOf(status);
  const begins = ({ next }: FreezeView) => next[0]?.startsAt ?? '';
  return rank(a) - rank(b) || (a.status === 'upcoming' ? begins(a).localeCompare(begins(b)) : 0);
}
