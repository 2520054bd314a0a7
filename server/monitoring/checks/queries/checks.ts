import type { z } from 'zod/mini';
import { defineQuery } from '#server/auth/guard';
import {
  type CheckDetail,
  type CheckPage,
  type CheckResultPage,
  type CheckResultView,
  checkInput,
  checkResultBatchInput,
  listCheckResultsInput,
  listChecksInput,
  placeInput,
  type ServiceHealth,
  type SubCheck,
} from '#server/monitoring/checks/contract';
import { uptime } from '#server/monitoring/checks/queries/uptime';
import { findCheck, stateColumn, toCheckView } from '#server/monitoring/checks/records';
import { worstState } from '#server/monitoring/checks/state';
import { CHECK_STATES, type CheckOutcome, type CheckState } from '#server/monitoring/checks/words/contract';
import type { Ctx } from '#server/platform/context';
import { Prisma } from '#server/platform/generated/prisma/client';
import { environmentConfig } from '#server/services/queries';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const DAYS = 90;

/** Checks with how they stand, by service, environment and name. */
export const listChecks = defineQuery({
  name: 'checks.list',
  access: 'checks.read',
  input: listChecksInput,
  handle: async (ctx, { state, range, page, pageSize, service, environment, kind }): Promise<CheckPage> => {
    const now = ctx.clock.now();
    const where = Prisma.join(
      [
        Prisma.sql`c.removed_at IS NULL`,
        ...(service ? [Prisma.sql`c.service = ${service}`] : []),
        ...(environment ? [Prisma.sql`c.environment = ${environment}`] : []),
        ...(kind ? [Prisma.sql`c.kind = ${kind}`] : []),
      ],
      ' AND ',
    );
    const only = state ? Prisma.sql`AND ${stateColumn(now)} = ${state}` : Prisma.empty;
    const [ids, counts] = await Promise.all([
      ctx.db.$queryRaw<{ id: string }[]>`
        SELECT c.id FROM monitor_check c WHERE ${where} ${only}
        ORDER BY c.service, c.environment DESC, c.kind, c.title, c.id
        LIMIT ${pageSize} OFFSET ${(page - 1) * pageSize}`,
      countStates(ctx, where, now),
    ]);
    const rows = await ctx.db.monitorCheck.findMany({
      where: { id: { in: ids.map(({ id }) => id) } },
      orderBy: [
        { service: 'asc' },
        { environment: 'desc' },
        { kind: 'asc' },
        { title: 'asc' },
        { id: 'asc' },
      ],
    });
    const checkIds = rows.map(({ id }) => id);
    const { day, quarter } = await readRanges(ctx, checkIds);
    const bars = range === 'day' ? day : quarter;
    return {
      rows: rows.map((row, at) => ({
        ...toCheckView(row, now),
        uptimeDay: day[at]?.percent ?? null,
        uptimeQuarter: quarter[at]?.percent ?? null,
        bars: bars[at]?.buckets ?? [],
      })),
      counts,
      total: state ? counts[state] : Object.values(counts).reduce((sum, count) => sum + count, 0),
      page,
      pageSize,
    };
  },
});

async function countStates(ctx: Ctx, where: Prisma.Sql, now: Date): Promise<Record<CheckState, number>> {
  const found = await ctx.db.$queryRaw<{ state: CheckState; count: number }[]>`
    SELECT ${stateColumn(now)} AS state, count(*)::int AS count FROM monitor_check c WHERE ${where} GROUP BY 1`;
  const none = Object.fromEntries(CHECK_STATES.map((state) => [state, 0])) as Record<CheckState, number>;
  return { ...none, ...Object.fromEntries(found.map(({ state, count }) => [state, count])) };
}

/** The last 24 hours by hour and the last 90 days by day, with the one under way. */
async function readRanges(ctx: Ctx, checkIds: readonly string[]) {
  const to = ctx.clock.now();
  const hour = Math.floor(to.getTime() / HOUR_MS) * HOUR_MS;
  const today = Math.floor(to.getTime() / DAY_MS) * DAY_MS;
  const [day, quarter] = await Promise.all([
    uptime(ctx, { checkIds, from: new Date(hour - 23 * HOUR_MS), to, bucket: 'hour' }),
    uptime(ctx, { checkIds, from: new Date(today - (DAYS - 1) * DAY_MS), to, bucket: 'day' }),
  ]);
  return { day, quarter };
}

/** One check with its uptime. @throws AppError `not_found` */
export const getCheck = defineQuery({
  name: 'checks.get',
  access: 'checks.read',
  input: checkInput,
  handle: async (ctx, { checkId }): Promise<CheckDetail> => {
    const row = await findCheck(ctx, checkId);
    const { day, quarter } = await readRanges(ctx, [checkId]);
    return {
      ...toCheckView(row, ctx.clock.now()),
      uptimeDay: day[0]?.percent ?? null,
      uptimeQuarter: quarter[0]?.percent ?? null,
      hours: day[0]?.buckets ?? [],
      days: quarter[0]?.buckets ?? [],
    };
  },
});

interface ResultRow {
  at: Date;
  endedAt: Date;
  outcome: CheckOutcome;
  durationMs: number;
  statusCode: number | null;
  message: string | null;
  subChecks: SubCheck[] | null;
}

/** What each beat of a check brought, the newest first, as far back as results are kept. @throws AppError `not_found` */
export const listCheckResults = defineQuery({
  name: 'checks.list-results',
  access: 'checks.read',
  input: listCheckResultsInput,
  handle: async (ctx, { page, pageSize, ...filter }): Promise<CheckResultPage> => {
    await findCheck(ctx, filter.checkId);
    const [rows, [counted]] = await Promise.all([
      readResults(ctx, filter, pageSize, (page - 1) * pageSize),
      ctx.db.$queryRaw<[{ total: number }]>`
        SELECT count(*)::int AS total FROM check_result WHERE ${resultsLike(filter)}`,
    ]);
    return { rows, total: counted.total, page, pageSize };
  },
});

/**
 * Up to `limit` results that were due before a time, the newest first: an export walks them with it, whatever comes
 * meanwhile. @throws AppError `not_found`
 */
export const readCheckResultBatch = defineQuery({
  name: 'checks.read-result-batch',
  access: 'checks.read',
  input: checkResultBatchInput,
  handle: async (ctx, { limit, ...filter }): Promise<CheckResultView[]> => {
    await findCheck(ctx, filter.checkId);
    return readResults(ctx, filter, limit, 0);
  },
});

type ResultFilter = Omit<z.infer<typeof checkResultBatchInput>, 'limit'>;

function resultsLike({ checkId, outcome, before }: ResultFilter): Prisma.Sql {
  return Prisma.join(
    [
      Prisma.sql`check_id = ${checkId}::uuid`,
      ...(outcome ? [Prisma.sql`outcome = ${outcome}`] : []),
      ...(before ? [Prisma.sql`at < ${before}::timestamptz`] : []),
    ],
    ' AND ',
  );
}

async function readResults(
  ctx: Ctx,
  filter: ResultFilter,
  limit: number,
  offset: number,
): Promise<CheckResultView[]> {
  const rows = await ctx.db.$queryRaw<ResultRow[]>`
    SELECT at, ended_at AS "endedAt", outcome, duration_ms AS "durationMs", status_code AS "statusCode", message,
      sub_checks AS "subChecks"
    FROM check_result WHERE ${resultsLike(filter)} ORDER BY at DESC LIMIT ${limit} OFFSET ${offset}`;
  return rows.map((row) => ({
    ...row,
    at: row.at.toISOString(),
    endedAt: row.endedAt.toISOString(),
    subChecks: row.subChecks ?? [],
  }));
}

/** How the service in one environment is: its own word, thing by thing, and its checks. @throws AppError `not_found` */
export const getServiceHealth = defineQuery({
  name: 'checks.get-service-health',
  access: 'checks.read',
  input: placeInput,
  handle: async (ctx, { service, environment }): Promise<ServiceHealth> => {
    environmentConfig(ctx, { service, environment });
    const rows = await ctx.db.monitorCheck.findMany({
      where: { service, environment, removedAt: null },
      orderBy: [{ kind: 'asc' }, { title: 'asc' }, { id: 'asc' }],
    });
    const now = ctx.clock.now();
    const checks = rows.map((row) => toCheckView(row, now));
    const health = checks.find((check) => check.key === 'health');
    return {
      service,
      environment,
      state: worstState(checks.map((check) => check.state)),
      // What was said long ago is not what it is.
      subChecks: health && !health.isOverdue ? health.subChecks : [],
      checks,
    };
  },
});
