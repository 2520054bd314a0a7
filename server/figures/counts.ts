import type { Figures } from '#server/figures/contract';
import { kindOf, lengthOf, toMs } from '#server/figures/milestones';
import type { Scope } from '#server/figures/places';
import { INCIDENT_CAUSES, INCIDENT_LEVELS } from '#server/incidents/words/contract';
import type { Ctx } from '#server/platform/context';
import { Prisma } from '#server/platform/generated/prisma/client';
import { ROOT_CAUSE_KINDS } from '#server/postmortems/words/contract';

/** People with overdue action items that are named. */
const OWNERS_SHOWN = 20;

interface CountRow {
  isNow: boolean;
  level: number | null;
  cause: string | null;
  kind: string | null;
  hasPostmortem: boolean | null;
  count: number;
}

/** How many incidents began from `from` on, and before, by level, by what opened them and by root cause. `where` is about `i`. */
export async function readCounts(ctx: Ctx, where: Prisma.Sql, from: Date): Promise<Figures['incidents']> {
  const rows = await ctx.db.$queryRaw<CountRow[]>`
    SELECT i.is_now AS "isNow", i.level, i.cause, p.root_cause_kind AS kind, p.id IS NOT NULL AS "hasPostmortem",
      count(*)::int AS count
    FROM (SELECT i.id, i.level, i.cause, i.started_at >= ${from} AS is_now FROM incident i
      WHERE ${where} AND i.merged_into_id IS NULL) i
    LEFT JOIN postmortem p ON p.incident_id = i.id
    GROUP BY 1, 2, 3, 4, 5`;
  const sum = (isNow: boolean, is: (row: CountRow) => boolean) =>
    rows.filter((row) => row.isNow === isNow && is(row)).reduce((all, { count }) => all + count, 0);
  const by = <T>(values: readonly T[], of: (row: CountRow) => unknown) =>
    values.map((value) => ({
      value,
      count: sum(true, (row) => of(row) === value),
      before: sum(false, (row) => of(row) === value),
    }));
  return {
    count: sum(true, () => true),
    before: sum(false, () => true),
    byLevel: by(INCIDENT_LEVELS, ({ level }) => level),
    byCause: by(INCIDENT_CAUSES, ({ cause }) => cause),
    byRootCause: by([...ROOT_CAUSE_KINDS, null], ({ kind, hasPostmortem }) => (hasPostmortem ? kind : null)),
  };
}

interface WeekRow {
  /** A Monday, 00:00 UTC. */
  week: Date;
  incidents: number;
  severe: number;
  resolveMeanMs: number | null;
}

/** Incidents week by week, by when they began, from a Monday on. `where` is about `i`. */
export function readWeeks(ctx: Ctx, where: Prisma.Sql, weeksFrom: Date): Promise<WeekRow[]> {
  return ctx.db.$queryRaw<WeekRow[]>`
    SELECT date_bin('7 days', i.started_at, ${weeksFrom}::timestamptz) AS week, count(*)::int AS incidents,
      (count(*) FILTER (WHERE i.level <= 2))::int AS severe,
      ${toMs(Prisma.sql`avg(${lengthOf('resolve')}) FILTER (WHERE ${kindOf('resolve')} = 'recorded')`)} AS "resolveMeanMs"
    FROM incident i WHERE ${where} AND i.merged_into_id IS NULL GROUP BY 1`;
}

/** Action items that are open and overdue now, by owner; days are those of UTC. */
export async function readOverdue(
  ctx: Ctx,
  { service, environment }: Scope,
  now: Date,
): Promise<Figures['actionItems']> {
  const conditions = [Prisma.sql`a.state IN ('open', 'in_progress')`];
  if (service !== undefined) conditions.push(Prisma.sql`i.service = ${service}`);
  if (environment !== undefined) conditions.push(Prisma.sql`i.environment = ${environment}`);
  const rows = await ctx.db.$queryRaw<Figures['actionItems']['owners']>`
    SELECT u.name, (count(*) FILTER (WHERE a.due_on < ${now.toISOString().slice(0, 10)}::date))::int AS overdue,
      count(*)::int AS open
    FROM action_item a JOIN postmortem p ON p.id = a.postmortem_id JOIN incident i ON i.id = p.incident_id
      JOIN app_user u ON u.id = a.owner_id
    WHERE ${Prisma.join(conditions, ' AND ')} GROUP BY u.id, u.name ORDER BY overdue DESC, u.name`;
  const total = (key: 'open' | 'overdue') => rows.reduce((sum, row) => sum + row[key], 0);
  return {
    open: total('open'),
    overdue: total('overdue'),
    owners: rows.filter(({ overdue }) => overdue > 0).slice(0, OWNERS_SHOWN),
  };
}
