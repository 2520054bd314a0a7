import { defineQuery } from '#server/auth/guard';
import { type IncidentEntryView, incidentInput } from '#server/incidents/contract';
import { findIncidentId } from '#server/incidents/records';
import { readEntries } from '#server/incidents/timeline';
import { INCIDENT_PINS_MAX } from '#server/incidents/words/contract';
import { Prisma } from '#server/platform/generated/prisma/client';

/** What is pinned of an incident and of those merged into it, in the order in which it happened. @throws AppError `not_found` */
export const listPinnedEntries = defineQuery({
  name: 'incidents.list-pinned',
  access: 'incidents.read',
  input: incidentInput,
  handle: async (ctx, { number }): Promise<IncidentEntryView[]> => {
    const id = await findIncidentId(ctx, number);
    const isPinned = Prisma.sql`e.id IN (
      SELECT p.entry_id FROM incident_pin p
      WHERE p.incident_id IN (SELECT id FROM incident WHERE id = ${id}::uuid OR merged_into_id = ${id}::uuid)
        AND p.is_pinned
        AND NOT EXISTS (SELECT FROM incident_pin l WHERE l.entry_id = p.entry_id AND l.turn > p.turn))`;
    // Two incidents with all their pins may have become one.
    return readEntries(ctx, isPinned, Prisma.sql`e.occurred_at, e.id`, 5 * INCIDENT_PINS_MAX, 0);
  },
});
