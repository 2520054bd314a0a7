import { type IncidentLevel, incidentName } from '#server/incidents/words/contract';
import type { Ctx } from '#server/platform/context';
import type { Prisma } from '#server/platform/generated/prisma/client';
import type { PostmortemRow } from '#server/postmortems/contract';
import type { PostmortemState } from '#server/postmortems/words/contract';

interface Row {
  number: number;
  title: string;
  level: IncidentLevel;
  service: string | null;
  environment: string | null;
  resolvedAt: Date | null;
  state: PostmortemState | null;
  createdAt: Date | null;
  changedAt: Date | null;
  publishedAt: Date | null;
  publishedRevision: number | null;
  openItems: number;
}

/** Incidents with their post-mortems, where there is one. `where` and `order` are about `i` and `p`. */
export async function readRows(
  ctx: Ctx,
  where: Prisma.Sql,
  order: Prisma.Sql,
  limit: number,
  offset: number,
): Promise<PostmortemRow[]> {
  const rows = await ctx.db.$queryRaw<Row[]>`
    SELECT i.number, i.title, i.level, i.service, i.environment, i.resolved_at AS "resolvedAt", p.state,
      p.created_at AS "createdAt", p.changed_at AS "changedAt", p.published_at AS "publishedAt", p.published_revision AS "publishedRevision",
      (SELECT count(*)::int FROM action_item a WHERE a.postmortem_id = p.id AND a.state IN ('open', 'in_progress')) AS "openItems"
    FROM incident i LEFT JOIN postmortem p ON p.incident_id = i.id
    WHERE ${where} ORDER BY ${order} LIMIT ${limit} OFFSET ${offset}`;
  return rows.map(({ number, ...row }) => ({
    ...row,
    incidentNumber: number,
    incidentName: incidentName(number),
    resolvedAt: row.resolvedAt?.toISOString() ?? null,
    createdAt: row.createdAt?.toISOString() ?? null,
    changedAt: row.changedAt?.toISOString() ?? null,
    publishedAt: row.publishedAt?.toISOString() ?? null,
  }));
}

/** How many there are, up to `most`. */
export async function countRows(ctx: Ctx, where: Prisma.Sql, most: number): Promise<number> {
  const [found] = await ctx.db.$queryRaw<{ count: number }[]>`
    SELECT count(*)::int AS count FROM (
      SELECT FROM incident i LEFT JOIN postmortem p ON p.incident_id = i.id WHERE ${where} LIMIT ${most}) counted`;
  return found?.count ?? 0;
}
