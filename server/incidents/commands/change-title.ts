import { defineCommand } from '#server/auth/guard';
import { changeIncidentTitleInput, type IncidentSummary } from '#server/incidents/contract';
import {
  addEntry,
  assertVersion,
  auditIncident,
  hintPlaces,
  holdIncident,
  summaryOf,
} from '#server/incidents/records';
import { incidentName } from '#server/incidents/words/contract';
import { AppError } from '#server/platform/errors';

/**
 * Calls an incident by what it turned out to be. Searches find it by both titles; the timeline has the old one.
 * @throws AppError `not_found`, `conflict` when somebody was quicker, `unprocessable` when it has that title already
 */
export const changeIncidentTitle = defineCommand({
  name: 'incidents.change-title',
  access: 'incidents.manage',
  input: changeIncidentTitleInput,
  handle: async (tx, { number, version, title, reason }): Promise<IncidentSummary> => {
    const before = await holdIncident(tx, number);
    assertVersion(before, version);
    if (before.title === title)
      throw new AppError(
        'unprocessable',
        `${incidentName(number)} has this title already. Nothing was changed.`,
      );
    await tx.db.incident.update({
      where: { id: before.id, version },
      data: { title, version: { increment: 1 } },
      select: { id: true },
    });
    // A title is found even where the timeline is too long to have all of its words kept.
    await tx.db.$executeRaw`
      UPDATE incident_search SET words = words || incident_words(${title}) WHERE incident_id = ${before.id}::uuid`;
    const words = `Called "${title}" from now on, not "${before.title}" any more.`;
    await addEntry(tx, before.id, { kind: 'action', text: reason ? `${words} Why: ${reason}` : words });
    await auditIncident(tx, 'incidents.change-title', before, {
      reason: reason || null,
      details: { before: before.title, after: title },
    });
    await hintPlaces(tx, before);
    return summaryOf(tx, before.id);
  },
});
