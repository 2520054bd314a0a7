import { defineCommand } from '#server/auth/guard';
import { type IncidentEntryView, pinIncidentEntryInput } from '#server/incidents/contract';
import { auditIncident, findEntry, holdIncident } from '#server/incidents/records';
import { readEntry } from '#server/incidents/timeline';
import { INCIDENT_PINS_MAX, incidentName } from '#server/incidents/words/contract';
import type { Ctx } from '#server/platform/context';
import { AppError } from '#server/platform/errors';
import { notify } from '#server/platform/notify';

/**
 * Keeps an entry at the top of its timeline for everybody. The entry itself stays as it is.
 * @throws AppError `not_found` for an entry that the incident does not have, `conflict` for one that is pinned already and for
 * a merged incident, `unprocessable` when {@link INCIDENT_PINS_MAX} are pinned
 */
export const pinIncidentEntry = defineCommand({
  name: 'incidents.pin-entry',
  access: 'incidents.manage',
  input: pinIncidentEntryInput,
  handle: (tx, input) => turn(tx, input, true),
});

/**
 * Takes an entry from the top of its timeline.
 * @throws AppError `not_found` for an entry that the incident does not have, `conflict` for one that is not pinned and for a
 * merged incident
 */
export const unpinIncidentEntry = defineCommand({
  name: 'incidents.unpin-entry',
  access: 'incidents.manage',
  input: pinIncidentEntryInput,
  handle: (tx, input) => turn(tx, input, false),
});

interface Pin {
  turn: number;
  isPinned: boolean;
  byName: string;
}

async function turn(
  tx: Ctx,
  { number, entryId }: { number: number; entryId: string },
  isPinned: boolean,
): Promise<IncidentEntryView> {
  // Whoever pins at the same time waits here, and then sees what was pinned.
  const incident = await holdIncident(tx, number);
  const entry = await findEntry(tx, incident, entryId);
  const last: Pin | null = await tx.db.incidentPin.findFirst({
    where: { entryId: entry.id },
    orderBy: { turn: 'desc' },
  });
  if ((last?.isPinned ?? false) === isPinned) {
    const by = last ? ` by ${last.byName}` : '';
    const how = isPinned ? `is pinned already${by}` : last ? `was unpinned${by} already` : 'is not pinned';
    throw new AppError('conflict', `This entry ${how}. Nothing was changed.`, {
      hint: 'Open the incident again to see what is pinned.',
    });
  }
  if (isPinned && (await countPins(tx, incident.id)) >= INCIDENT_PINS_MAX) {
    throw new AppError(
      'unprocessable',
      `${incidentName(number)} has ${INCIDENT_PINS_MAX} pinned entries already. Nothing was changed.`,
      { hint: 'Unpin one that matters less.' },
    );
  }
  await tx.db.incidentPin.create({
    data: {
      incidentId: entry.incidentId,
      entryId: entry.id,
      turn: (last?.turn ?? 0) + 1,
      isPinned,
      byId: tx.actor.type === 'user' ? tx.actor.id : null,
      byName: tx.actor.name,
    },
    select: { id: true },
  });
  await notify(tx.db, { kind: 'incident', number });
  await auditIncident(tx, isPinned ? 'incidents.pin-entry' : 'incidents.unpin-entry', incident, {
    details: { entryId },
  });
  return readEntry(tx, entry.id);
}

async function countPins(tx: Ctx, id: string): Promise<number> {
  const [found] = await tx.db.$queryRaw<{ count: number }[]>`
    SELECT count(*)::int AS count FROM incident_pin p
    WHERE p.incident_id IN (SELECT id FROM incident WHERE id = ${id}::uuid OR merged_into_id = ${id}::uuid)
      AND p.is_pinned AND NOT EXISTS (SELECT FROM incident_pin l WHERE l.entry_id = p.entry_id AND l.turn > p.turn)`;
  return found?.count ?? 0;
}
