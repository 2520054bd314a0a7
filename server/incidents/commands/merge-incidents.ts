import { defineCommand } from '#server/auth/guard';
import {
  type IncidentSummary,
  incidentMerged,
  incidentResolved,
  mergeIncidentInput,
} from '#server/incidents/contract';
import { carryOverSteps } from '#server/incidents/playbooks/records';
import {
  addEntry,
  assertVersion,
  auditIncident,
  hintPlaces,
  holdIncident,
  summaryOf,
} from '#server/incidents/records';
import { setLevel } from '#server/incidents/set-level';
import { type IncidentLevel, incidentName } from '#server/incidents/words/contract';
import { AppError } from '#server/platform/errors';
import { publish } from '#server/platform/events';

/**
 * Makes of two incidents that are the same one: the other goes on with both timelines, from the earlier beginning and at the
 * graver level, and this one's number leads to it. Steps that were settled in this one need not be done again. Those who had roles in this one have them no more.
 * @returns the incident that goes on
 * @throws AppError `not_found`, `conflict` when somebody was quicker or either was merged before, `unprocessable` for an
 * incident into itself, or an open one into one that is resolved
 */
export const mergeIncident = defineCommand({
  name: 'incidents.merge',
  access: 'incidents.manage',
  input: mergeIncidentInput,
  handle: async (tx, { number, version, into, reason }): Promise<IncidentSummary> => {
    if (number === into)
      throw new AppError('unprocessable', 'An incident cannot be merged into itself. Nothing was changed.');
    // In the order of their numbers, whoever merges which into which: two merges at once wait and do not lock each other out.
    const first = await holdIncident(tx, Math.min(number, into));
    const second = await holdIncident(tx, Math.max(number, into));
    const [from, to] = first.number === number ? [first, second] : [second, first];
    assertVersion(from, version);
    if (to.state === 'resolved' && from.state !== 'resolved') {
      throw new AppError(
        'unprocessable',
        `${incidentName(into)} is resolved, and ${incidentName(number)} is not. Nothing was changed.`,
        { hint: `Reopen ${incidentName(into)} first, or merge it into ${incidentName(number)}.` },
      );
    }
    await tx.db.$executeRaw`
      UPDATE incident SET merged_into_id = ${to.id}::uuid, version = version + 1
      WHERE id = ${from.id}::uuid OR merged_into_id = ${from.id}::uuid`;
    await tx.db.$executeRaw`
      UPDATE incident SET started_at = least(started_at, ${from.startedAt}),
        detected_at = least(detected_at, ${from.detectedAt}),
        acknowledged_at = least(acknowledged_at, ${from.acknowledgedAt}::timestamptz), version = version + 1
      WHERE id = ${to.id}::uuid`;
    await tx.db.$executeRaw`
      UPDATE incident_role SET until = greatest(since, clock_timestamp())
      WHERE incident_id = ${from.id}::uuid AND until IS NULL`;
    // What was written in this one is found in the other from now on.
    await tx.db.$executeRaw`
      UPDATE incident_search s SET words = s.words || f.words FROM incident_search f
      WHERE s.incident_id = ${to.id}::uuid AND f.incident_id = ${from.id}::uuid AND length(s.words) < 10000`;
    await addEntry(tx, from.id, {
      kind: 'action',
      text: `Merged into ${incidentName(into)}. Why: ${reason}`,
    });
    await addEntry(tx, to.id, {
      kind: 'action',
      text: `${incidentName(number)} (${from.title}) was merged into this one. Why: ${reason}`,
    });
    await auditIncident(tx, 'incidents.merge', from, { reason, details: { into } });
    await hintPlaces(tx, from);
    if (from.level < to.level)
      await setLevel(tx, to, from.level as IncidentLevel, `${incidentName(number)} had it.`);
    // How long it took, and so what it cost, is another now.
    else if (to.state === 'resolved') await publish(tx, incidentResolved, { number: into });
    await carryOverSteps(tx, from.id, to.id);
    await publish(tx, incidentMerged, { number, into });
    return summaryOf(tx, to.id);
  },
});
