import { defineQuery } from '#server/auth/guard';
import {
  type CheckDetail,
  type CheckPage,
  type CheckResultPage,
  checkInput,
  listCheckResultsInput,
  listChecksInput,
  placeInput,
  type ServiceHealth,
  type SubCheck,
} from '#server/monitoring/checks/contract';
import { uptime } from '#server/monitoring/checks/queries/uptime';
import { findCheck, toCheckView } from '#server/monitoring/checks/records';
import { stateOf, worstState } from '#server/monitoring/checks/state';
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
    const anyState = {
      removedAt: null,
      ...(service ? { service } : {}),
      ...(environment ? { environment } : {}),
      ...(kind ? { kind } : {}),
    };
    const where = { ...anyState, ...(state ? whereState(state) : {}) };
    const [rows, counts] = await Promise.all([
      ctx.db.monitorCheck.findMany({
        where,
        orderBy: [
          { service: 'asc' },
          { environment: 'desc' },
          { kind: 'asc' },
          { title: 'asc' },
          { id: 'asc' },
        ],
        skip: (page - 1) * pageSize,
        take: pageSize,
      }),
      countStates(ctx, anyState),
    ]);
    const checkIds = rows.map(({ id }) => id);
    const { day, quarter } = await readRanges(ctx, checkIds);
    const bars = range === 'day' ? day : quarter;
    return {
      rows: rows.map((row, at) => ({
        ...toCheckView(row),
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

function whereState(state: CheckState) {
  if (state === 'paused') return { pausedAt: { not: null } };
  return { pausedAt: null, lastOutcome: state === 'waiting' ? null : state };
}

async function countStates(
  ctx: Ctx,
  where: Prisma.MonitorCheckWhereInput,
): Promise<Record<CheckState, number>> {
  const counts = Object.fromEntries(CHECK_STATES.map((state) => [state, 0])) as Record<CheckState, number>;
  const [paused, groups] = await Promise.all([
    ctx.db.monitorCheck.count({ where: { ...where, pausedAt: { not: null } } }),
    ctx.db.monitorCheck.groupBy({
      by: ['lastOutcome'],
      where: { ...where, pausedAt: null },
      _count: { _all: true },
    }),
  ]);
  counts.paused = paused;
  for (const { lastOutcome, _count } of groups)
    counts[stateOf({ pausedAt: null, lastOutcome })] = _count._all;
  return counts;
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
      ...toCheckView(row),
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
  handle: async (ctx, { checkId, outcome, page, pageSize }): Promise<CheckResultPage> => {
    await findCheck(ctx, checkId);
    const only = outcome ? Prisma.sql`AND outcome = ${outcome}` : Prisma.empty;
    const [rows, [counted]] = await Promise.all([
      ctx.db.$queryRaw<ResultRow[]>`
        SELECT at, ended_at AS "endedAt", outcome, duration_ms AS "durationMs", status_code AS "statusCode", message,
          sub_checks AS "subChecks"
        FROM check_result WHERE check_id = ${checkId}::uuid ${only}
        ORDER BY at DESC LIMIT ${pageSize} OFFSET ${(page - 1) * pageSize}`,
      ctx.db.$queryRaw<[{ total: number }]>`
        SELECT count(*)::int AS total FROM check_result WHERE check_id = ${checkId}::uuid ${only}`,
    ]);
    return {
      rows: rows.map((row) => ({
        ...row,
        at: row.at.toISOString(),
        endedAt: row.endedAt.toISOString(),
        subChecks: row.subChecks ?? [],
      })),
      total: counted.total,
      page,
      pageSize,
    };
  },
});

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
    const checks = rows.map(toCheckView);
    return {
      service,
      environment,
      state: worstState(checks.map((check) => check.state)),
      subChecks: checks.find((check) => check.key === 'health')?.subChecks ?? [],
      checks,
    };
  },
});
