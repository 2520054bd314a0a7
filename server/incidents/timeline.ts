import type { IncidentEntryView } from '#server/incidents/contract';
import type { IncidentEntryKind } from '#server/incidents/words/contract';
import type { Ctx } from '#server/platform/context';
import { Prisma } from '#server/platform/generated/prisma/client';

interface Row {
  id: bigint;
  incidentNumber: number;
  kind: IncidentEntryKind;
  text: string;
  occurredAt: Date;
  recordedAt: Date;
  authorName: string;
  runId: string | null;
  alertId: string | null;
  correctsId: bigint | null;
  correctsText: string | null;
  correctedById: bigint | null;
  images: IncidentEntryView['images'];
  pinnedByName: string | null;
}

/** Entries as people see them. `where` and `order` are about `e`, the entry. */
export async function readEntries(
  ctx: Ctx,
  where: Prisma.Sql,
  order: Prisma.Sql,
  limit: number,
  offset: number,
): Promise<IncidentEntryView[]> {
  const rows = await ctx.db.$queryRaw<Row[]>`
    SELECT e.id, i.number AS "incidentNumber", e.kind, e.text, e.occurred_at AS "occurredAt",
      e.recorded_at AS "recordedAt", e.author_name AS "authorName", e.run_id::text AS "runId",
      e.alert_id::text AS "alertId", e.corrects_id AS "correctsId",
      (SELECT c.text FROM incident_entry c WHERE c.id = e.corrects_id) AS "correctsText",
      (SELECT max(c.id) FROM incident_entry c WHERE c.corrects_id = e.id) AS "correctedById",
      (SELECT coalesce(jsonb_agg(jsonb_build_object('id', a.id, 'fileName', a.file_name, 'contentType', a.content_type,
         'sizeBytes', a.size_bytes, 'width', a.width, 'height', a.height, 'sha256', a.sha256, 'alt', a.alt) ORDER BY a.id), '[]')
       FROM incident_attachment a WHERE a.entry_id = e.id) AS images,
      (SELECT CASE WHEN p.is_pinned THEN p.by_name END FROM incident_pin p WHERE p.entry_id = e.id
       ORDER BY p.turn DESC LIMIT 1) AS "pinnedByName"
    FROM incident_entry e JOIN incident i ON i.id = e.incident_id
    WHERE ${where} ORDER BY ${order} LIMIT ${limit} OFFSET ${offset}`;
  return rows.map((row) => ({
    ...row,
    id: String(row.id),
    occurredAt: row.occurredAt.toISOString(),
    recordedAt: row.recordedAt.toISOString(),
    correctsId: row.correctsId === null ? null : String(row.correctsId),
    correctedById: row.correctedById === null ? null : String(row.correctedById),
  }));
}

/** One entry that is there. */
export async function readEntry(ctx: Ctx, id: bigint): Promise<IncidentEntryView> {
  const [entry] = await readEntries(ctx, Prisma.sql`e.id = ${id}`, Prisma.sql`e.id`, 1, 0);
  return entry as IncidentEntryView;
}
