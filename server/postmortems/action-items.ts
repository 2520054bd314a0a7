import { incidentName } from '#server/incidents/words/contract';
import type { Ctx } from '#server/platform/context';
import type { Prisma } from '#server/platform/generated/prisma/client';
import type { ActionItemView } from '#server/postmortems/contract';
import { dayOf, dueGroup } from '#server/postmortems/state';
import type { ActionItemState, Priority } from '#server/postmortems/words/contract';

interface Row {
  id: string;
  number: number;
  title: string;
  ownerName: string;
  ownerEmail: string;
  dueOn: string;
  priority: Priority;
  state: ActionItemState;
  version: number;
  createdAt: Date;
  createdByName: string;
  endedAt: Date | null;
  remindedAt: Date | null;
}

/** Action items as people see them. `where` and `order` are about `a`, the item, `u`, its owner, and `i`, the incident. */
export async function readItems(
  ctx: Ctx,
  where: Prisma.Sql,
  order: Prisma.Sql,
  limit: number,
  offset: number,
): Promise<ActionItemView[]> {
  const today = dayOf(ctx.clock.now());
  const rows = await ctx.db.$queryRaw<Row[]>`
    SELECT a.id::text AS id, i.number, a.title, a.owner_name AS "ownerName", u.email AS "ownerEmail", a.due_on::text AS "dueOn",
      a.priority, a.state, a.version, a.created_at AS "createdAt", a.created_by_name AS "createdByName",
      a.ended_at AS "endedAt",
      (SELECT max(r.reminded_at) FROM action_item_reminder r WHERE r.action_item_id = a.id) AS "remindedAt"
    FROM action_item a JOIN postmortem p ON p.id = a.postmortem_id JOIN incident i ON i.id = p.incident_id
      JOIN app_user u ON u.id = a.owner_id
    WHERE ${where} ORDER BY ${order} LIMIT ${limit} OFFSET ${offset}`;
  return rows.map(({ number, ...row }) => ({
    ...row,
    incidentNumber: number,
    incidentName: incidentName(number),
    group: dueGroup(row, today),
    createdAt: row.createdAt.toISOString(),
    endedAt: row.endedAt?.toISOString() ?? null,
    remindedAt: row.remindedAt?.toISOString() ?? null,
  }));
}
