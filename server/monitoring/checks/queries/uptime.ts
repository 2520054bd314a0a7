import type { UptimeBucket } from '#server/monitoring/checks/contract';
import { uptimePercent } from '#server/monitoring/checks/state';
import type { Ctx } from '#server/platform/context';

export interface UptimeQuestion {
  checkIds: readonly string[];
  /** The hour of it counts whole, as does that of `to`. */
  from: Date;
  to: Date;
  /** Hours and days of UTC. */
  bucket: 'hour' | 'day';
}

export interface CheckUptime {
  checkId: string;
  /** In time's order; stretches without a result are left out. */
  buckets: UptimeBucket[];
  /** Percent of the time that was looked at; null when nobody could look. */
  percent: number | null;
}

interface Row {
  checkId: string;
  from: Date;
  okSeconds: number;
  failedSeconds: number;
  notRunSeconds: number;
  averageMs: number | null;
}

/** For how long each outcome of each check stood. Every check that was asked for is in the answer, in that order. */
export async function uptime(ctx: Ctx, question: UptimeQuestion): Promise<CheckUptime[]> {
  const { checkIds, from, to, bucket } = question;
  const rows = await ctx.db.$queryRaw<Row[]>`
    SELECT check_id AS "checkId", date_trunc(${bucket}, at, 'UTC') AS "from", round(sum(ok_seconds))::float8 AS "okSeconds",
      round(sum(failed_seconds))::float8 AS "failedSeconds", round(sum(not_run_seconds))::float8 AS "notRunSeconds",
      round(sum(duration_ms_sum) / nullif(sum(ok_count), 0))::float8 AS "averageMs"
    FROM check_hour
    WHERE check_id = ANY(${[...checkIds]}::uuid[]) AND at >= date_trunc('hour', ${from}::timestamptz, 'UTC')
      AND at <= ${to}::timestamptz
    GROUP BY 1, 2 ORDER BY 1, 2`;
  const bucketsOf = new Map(checkIds.map((checkId) => [checkId, [] as UptimeBucket[]]));
  for (const { checkId, ...row } of rows)
    bucketsOf.get(checkId)?.push({ ...row, from: row.from.toISOString() });
  return checkIds.map((checkId) => {
    const buckets = bucketsOf.get(checkId) ?? [];
    return { checkId, buckets, percent: uptimePercent(buckets) };
  });
}
