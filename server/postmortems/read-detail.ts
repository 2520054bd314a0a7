import type { Ctx } from '#server/platform/context';
import { Prisma } from '#server/platform/generated/prisma/client';
import { readItems } from '#server/postmortems/action-items';
import type { PostmortemDetail } from '#server/postmortems/contract';
import { noPostmortem } from '#server/postmortems/records';
import { readRows } from '#server/postmortems/rows';
import {
  type DecisionKind,
  type RootCauseKind,
  SECTION_KEYS,
  type Sections,
} from '#server/postmortems/words/contract';

/** The text of a revision that is there; a section that it does not know yet is empty. */
export async function readSections(ctx: Ctx, postmortemId: string, number: number): Promise<Sections> {
  const { sections } = await ctx.db.postmortemRevision.findUniqueOrThrow({
    where: { postmortemId_number: { postmortemId, number } },
    select: { sections: true },
  });
  return sectionsOf(sections);
}

export function sectionsOf(kept: Prisma.JsonValue): Sections {
  const texts = kept as Record<string, string>;
  return Object.fromEntries(SECTION_KEYS.map((key) => [key, texts[key] ?? ''])) as Sections;
}

/**
 * The post-mortem of an incident, and the number of the incident that it is of; of a merged incident without one, that of the
 * incident that goes on.
 * @throws AppError `not_found`
 */
export async function findPostmortem(
  ctx: Ctx,
  number: number,
): Promise<{ id: string; incidentNumber: number }> {
  const [found] = await ctx.db.$queryRaw<{ id: string; incidentNumber: number }[]>`
    SELECT p.id::text AS id, o.number AS "incidentNumber"
    FROM incident i JOIN postmortem p ON p.incident_id IN (i.id, i.merged_into_id) JOIN incident o ON o.id = p.incident_id
    WHERE i.number = ${number} ORDER BY (p.incident_id <> i.id) LIMIT 1`;
  if (!found) throw noPostmortem(number);
  return found;
}

/** The post-mortem that {@link findPostmortem} finds, whole. @throws AppError `not_found` */
export async function readDetail(ctx: Ctx, number: number): Promise<PostmortemDetail> {
  const { id } = await findPostmortem(ctx, number);
  const [[row], whole, items] = await Promise.all([
    readRows(ctx, Prisma.sql`p.id = ${id}::uuid`, Prisma.sql`p.id`, 1, 0),
    ctx.db.postmortem.findUniqueOrThrow({
      where: { id },
      include: {
        incident: { select: { startedAt: true, resolvedAt: true } },
        revisions: {
          select: { number: true, authorName: true, createdAt: true },
          orderBy: { number: 'desc' },
        },
        decisions: { orderBy: { id: 'desc' } },
      },
    }),
    readItems(ctx, Prisma.sql`a.postmortem_id = ${id}::uuid`, Prisma.sql`a.created_at, a.id`, 500, 0),
  ]);
  if (!row) throw noPostmortem(number);
  const { startedAt, resolvedAt } = whole.incident;
  const until = resolvedAt ?? ctx.clock.now();
  return {
    ...row,
    state: whole.state as PostmortemDetail['state'],
    startedAt: startedAt.toISOString(),
    durationMs: Math.max(0, until.getTime() - startedAt.getTime()),
    rootCauseKind: whole.rootCauseKind as RootCauseKind,
    createdAt: whole.createdAt.toISOString(),
    createdByName: whole.createdByName,
    changedAt: whole.changedAt.toISOString(),
    version: whole.version,
    revision: whole.revision,
    sections: await readSections(ctx, id, whole.revision),
    revisions: whole.revisions.map((each) => ({ ...each, createdAt: each.createdAt.toISOString() })),
    decisions: whole.decisions.map(({ kind, revision, reason, personName, decidedAt }) => ({
      kind: kind as DecisionKind,
      revision,
      reason,
      personName,
      decidedAt: decidedAt.toISOString(),
    })),
    items,
  };
}
