import { incidentResolved } from '#server/incidents/contract';
import { copySteps } from '#server/incidents/playbooks/records';
import { addEntry, auditIncident, hintPlaces } from '#server/incidents/records';
import { levelChangeWords } from '#server/incidents/state';
import type { IncidentLevel } from '#server/incidents/words/contract';
import type { Ctx } from '#server/platform/context';
import { publish } from '#server/platform/events';
import type { Incident } from '#server/platform/generated/prisma/client';

/**
 * Gives a held incident another level, in the caller's transaction: the timeline tells what that asks for, a raised one adds
 * the steps of its playbook, and one that is resolved gets the post-mortem that the level asks for.
 */
export async function setLevel(
  tx: Ctx,
  before: Incident,
  level: IncidentLevel,
  reason: string,
): Promise<void> {
  await tx.db.incident.update({
    where: { id: before.id },
    data: { level, version: { increment: 1 } },
    select: { id: true },
  });
  const words = levelChangeWords(before.level as IncidentLevel, level);
  const added = level < before.level ? await copySteps(tx, { ...before, level }) : [];
  const more = added.length > 0 ? ` Its playbook adds: ${added.join(', ')}.` : '';
  await addEntry(tx, before.id, { kind: 'level', text: `${words}${more} Why: ${reason}` });
  await auditIncident(tx, 'incidents.change-level', before, {
    reason,
    details: { before: before.level, after: level, ...(added.length > 0 ? { stepsAdded: added } : {}) },
  });
  await hintPlaces(tx, before);
  if (before.state === 'resolved') await publish(tx, incidentResolved, { number: before.number });
}
