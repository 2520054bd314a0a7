import { SUB_CHECK_NAME_MAX, type SubCheck } from '#server/monitoring/checks/contract';
import type { ProbeResult } from '#server/monitoring/checks/state';
import type { CheckKind } from '#server/monitoring/checks/words/contract';
import type { Ctx } from '#server/platform/context';
import { Prisma } from '#server/platform/generated/prisma/client';
import { notify } from '#server/platform/notify';
import { storable } from '#server/platform/storable';
import type { EnvironmentKey } from '#server/services/contract';

/** A check that this worker has until its lease ends. */
export interface ClaimedCheck extends EnvironmentKey {
  id: string;
  leaseToken: string;
  /** The beat that it stands for. */
  at: Date;
  /** How often it is due at present. */
  paceMs: number;
  source: string;
  kind: CheckKind;
  url: string | null;
  host: string | null;
  port: number | null;
  expectStatus: number | null;
  bodyIncludes: string | null;
  timeoutMs: number;
  target: string;
}

export interface ClaimLimits {
  limit: number;
  /** Most checks of one target at once, in this worker. */
  perTarget: number;
  /** How many of each target this worker has under way. */
  busy: ReadonlyMap<string, number>;
  /** A lease ends this long after the time to answer is over. */
  leaseMs: number;
  /** Environments whose checks are due more often than they say. */
  paces: readonly (EnvironmentKey & { intervalMs: number })[];
}

/** The last time before or at `now` when a check of this pace and phase was due. */
const beatBefore = (now: Prisma.Sql, pace: Prisma.Sql): Prisma.Sql => Prisma.sql`
  to_timestamp((floor(extract(epoch FROM ${now})::float8 * 1000 / ${pace} - c.phase) + c.phase) * ${pace} / 1000)`;

/** Which beat a look at this time is nearest to, counted from the epoch. */
const beatNearest = (at: Prisma.Sql): Prisma.Sql =>
  Prisma.sql`round(extract(epoch FROM ${at})::float8 * 1000 / h.pace_ms - c.phase)`;

/**
 * Takes checks that are due, the longest due first; nobody else gets them while the lease lasts, judged by the database's
 * clock. Beats that were missed are not made up for: the check stands for the latest one.
 */
export function claimDueChecks(ctx: Ctx, limits: ClaimLimits): Promise<ClaimedCheck[]> {
  const { limit, perTarget, busy, leaseMs, paces } = limits;
  const busyRows = JSON.stringify([...busy].map(([target, count]) => ({ target, count })));
  const paceRows = JSON.stringify(paces);
  const now = Prisma.sql`clock.now`;
  const early =
    paces.length === 0
      ? Prisma.empty
      : Prisma.sql`OR (p."intervalMs" < c.interval_ms AND c.last_at < ${beatBefore(now, Prisma.sql`p."intervalMs"`)})`;
  return ctx.db.$queryRaw<ClaimedCheck[]>`
    WITH clock AS MATERIALIZED (SELECT clock_timestamp() AS now),
    pace AS (SELECT * FROM jsonb_to_recordset(${paceRows}::jsonb) AS p(service text, environment text, "intervalMs" int)),
    busy AS (SELECT * FROM jsonb_to_recordset(${busyRows}::jsonb) AS b(target text, count int)),
    due AS MATERIALIZED (
      SELECT c.id, c.target, c.next_at, least(c.interval_ms, p."intervalMs") AS pace_ms,
        row_number() OVER (PARTITION BY c.target ORDER BY c.next_at) AS place
      FROM clock, monitor_check c LEFT JOIN pace p ON p.service = c.service AND p.environment = c.environment
      WHERE c.next_at IS NOT NULL AND (c.lease_until IS NULL OR c.lease_until < clock.now)
        AND (c.next_at <= clock.now ${early})),
    picked AS MATERIALIZED (
      SELECT c.id, due.pace_ms, clock.now FROM clock, due
      JOIN monitor_check c ON c.id = due.id LEFT JOIN busy ON busy.target = due.target
      WHERE due.place <= ${perTarget}::int - coalesce(busy.count, 0) AND c.next_at = due.next_at
        AND (c.lease_until IS NULL OR c.lease_until < clock.now)
      ORDER BY due.next_at LIMIT ${limit} FOR UPDATE OF c SKIP LOCKED)
    UPDATE monitor_check c SET lease_token = gen_random_uuid(),
      lease_until = clock_timestamp() + (c.timeout_ms + ${leaseMs}::int) * interval '1 millisecond'
    FROM picked WHERE c.id = picked.id
    RETURNING c.id, c.lease_token AS "leaseToken", picked.pace_ms AS "paceMs", c.service, c.environment, c.source, c.kind,
      c.url, c.host, c.port, c.expect_status AS "expectStatus", c.body_includes AS "bodyIncludes",
      c.timeout_ms AS "timeoutMs", c.target,
      date_trunc('milliseconds', greatest(CASE WHEN c.next_at <= picked.now THEN c.next_at END,
        ${beatBefore(Prisma.sql`picked.now`, Prisma.sql`picked.pace_ms`)})) AS at`;
}

/** What a claimed check brought. */
export interface CheckResult {
  check: ClaimedCheck;
  endedAt: Date;
  result: ProbeResult;
}

const MESSAGE_MAX = 300;

/** As a target says it, of a length and with characters that can be kept. */
function storableSubCheck({ name, message, ...rest }: SubCheck): SubCheck {
  const words = message === undefined ? {} : { message: storable(message, MESSAGE_MAX) };
  return { ...rest, name: storable(name, SUB_CHECK_NAME_MAX), ...words };
}

/**
 * Keeps results, all in one statement: the beat itself, what its hour adds up to, how the check stands and when it is due
 * again. Failures of one beat count as one, however often the check is run in it: what rules count is for how many beats
 * it has failed. Results whose lease is over or whose check was paused, changed or removed meanwhile are not kept.
 * @returns the ids of the checks whose results were kept
 */
export async function keepResults(ctx: Ctx, results: readonly CheckResult[]): Promise<string[]> {
  if (results.length === 0) return [];
  const rows = JSON.stringify(
    results.map(({ check, endedAt, result }) => ({
      id: check.id,
      token: check.leaseToken,
      at: check.at,
      pace_ms: check.paceMs,
      ended_at: endedAt,
      outcome: result.outcome,
      duration_ms: Math.round(result.durationMs),
      status_code: result.statusCode,
      message: result.message === null ? null : storable(result.message, MESSAGE_MAX),
      sub_checks: result.subChecks?.map(storableSubCheck) ?? null,
    })),
  );
  const kept = await ctx.db.$queryRaw<(EnvironmentKey & { id: string; hasChanged: boolean })[]>`
    WITH held AS MATERIALIZED (
      SELECT c.service, c.environment, c.last_outcome AS was, c.last_at AS before, r.*
      FROM jsonb_to_recordset(${rows}::jsonb) AS r(id uuid, token uuid, at timestamptz, pace_ms int, ended_at timestamptz,
        outcome text, duration_ms int, status_code int, message text, sub_checks jsonb)
      JOIN monitor_check c ON c.id = r.id
      WHERE c.lease_token = r.token AND c.lease_until > clock_timestamp()
      ORDER BY c.id FOR UPDATE OF c),
    changed AS (
      UPDATE monitor_check c SET lease_until = NULL, lease_token = NULL,
        next_at = ${beatBefore(Prisma.sql`clock_timestamp()`, Prisma.sql`h.pace_ms`)} + h.pace_ms * interval '1 millisecond',
        last_at = h.at, last_outcome = h.outcome, last_duration_ms = h.duration_ms, last_status_code = h.status_code,
        last_message = h.message, last_sub_checks = nullif(h.sub_checks, 'null'::jsonb),
        outcome_since = CASE WHEN c.last_outcome = h.outcome THEN c.outcome_since ELSE h.at END,
        consecutive_failures = CASE h.outcome WHEN 'ok' THEN 0 WHEN 'failed' THEN c.consecutive_failures
            + (c.consecutive_failures = 0
              OR ${beatNearest(Prisma.sql`h.at`)} IS DISTINCT FROM ${beatNearest(Prisma.sql`c.last_at`)})::int
          ELSE c.consecutive_failures END,
        failing_since = CASE h.outcome WHEN 'ok' THEN NULL WHEN 'failed' THEN coalesce(c.failing_since, h.at)
          ELSE c.failing_since END
      FROM held h WHERE c.id = h.id),
    kept AS (
      INSERT INTO check_result (check_id, at, ended_at, outcome, duration_ms, status_code, message, sub_checks)
      SELECT id, at, ended_at, outcome, duration_ms, status_code, message, nullif(sub_checks, 'null'::jsonb) FROM held
      ON CONFLICT DO NOTHING),
    summed AS (
      INSERT INTO check_hour AS hour (check_id, at, ok_count, failed_count, not_run_count, ok_seconds, failed_seconds,
        not_run_seconds, duration_ms_sum)
      SELECT id, date_trunc('hour', at, 'UTC'), (outcome = 'ok')::int, (outcome = 'failed')::int, (outcome = 'not_run')::int,
        CASE outcome WHEN 'ok' THEN seconds ELSE 0 END, CASE outcome WHEN 'failed' THEN seconds ELSE 0 END,
        CASE outcome WHEN 'not_run' THEN seconds ELSE 0 END, CASE outcome WHEN 'ok' THEN duration_ms ELSE 0 END
      FROM held CROSS JOIN LATERAL (
        SELECT least(coalesce(extract(epoch FROM at - before)::float8, pace_ms / 1000.0), 2 * pace_ms / 1000.0) AS seconds) AS s
      ON CONFLICT (check_id, at) DO UPDATE SET ok_count = hour.ok_count + excluded.ok_count,
        failed_count = hour.failed_count + excluded.failed_count,
        not_run_count = hour.not_run_count + excluded.not_run_count, ok_seconds = hour.ok_seconds + excluded.ok_seconds,
        failed_seconds = hour.failed_seconds + excluded.failed_seconds,
        not_run_seconds = hour.not_run_seconds + excluded.not_run_seconds,
        duration_ms_sum = hour.duration_ms_sum + excluded.duration_ms_sum)
    SELECT id, service, environment, was IS DISTINCT FROM outcome AS "hasChanged" FROM held`;
  const changed = kept.filter((each) => each.hasChanged);
  const places = new Map(changed.map((each) => [`${each.service}/${each.environment}`, each]));
  for (const { service, environment } of places.values())
    await notify(ctx.db, { kind: 'environment', service, environment });
  return kept.map(({ id }) => id);
}
