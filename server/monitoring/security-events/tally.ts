import type { EventKind } from '#server/monitoring/rules/words/contract';
import type { Ctx } from '#server/platform/context';
import type { EnvironmentKey } from '#server/services/contract';

/** More than this in one window are not told apart. */
const COUNTED_MOST = 10_000;

export interface TallyQuestion extends EnvironmentKey {
  kind: EventKind;
  windowSeconds: number;
  /** The number of events whose moment is asked for. */
  nth: number;
}

export interface Tally {
  count: number;
  /** When the nth event of the window happened; null when there are fewer. */
  reachedAt: Date | null;
}

/**
 * How many events happened in windows that end at a time, by their own time; one statement for all of them, for rules. An
 * event at a window's beginning does not count, one at its end does.
 */
export async function tallySecurityEvents(
  ctx: Ctx,
  at: Date,
  questions: readonly TallyQuestion[],
): Promise<Tally[]> {
  if (questions.length === 0) return [];
  const rows = await ctx.db.$queryRaw<(Tally & { n: number })[]>`
    SELECT q.n::int, t.count, t."reachedAt"
    FROM jsonb_to_recordset(${JSON.stringify(questions.map((each, n) => ({ ...each, n })))}::jsonb)
      AS q(n int, service text, environment text, kind text, "windowSeconds" float8, nth int)
    CROSS JOIN LATERAL (
      SELECT count(*)::int AS count, (array_agg(at ORDER BY at))[q.nth] AS "reachedAt" FROM (
        SELECT at FROM security_event e
        WHERE e.service = q.service AND e.environment = q.environment AND (q.kind = 'any' OR e.kind = q.kind)
          AND e.at <= ${at} AND e.at > ${at}::timestamptz - make_interval(secs => q."windowSeconds")
        ORDER BY e.at DESC LIMIT ${COUNTED_MOST}) AS counted
    ) AS t`;
  return questions.map((_, n) => {
    const { count, reachedAt } = rows.find((row) => row.n === n) ?? { count: 0, reachedAt: null };
    return { count, reachedAt };
  });
}
