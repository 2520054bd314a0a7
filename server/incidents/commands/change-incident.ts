import { defineCommand } from '#server/auth/guard';
import {
  changeIncidentLevelInput,
  changeIncidentStateInput,
  type IncidentSummary,
  incidentResolved,
} from '#server/incidents/contract';
import { pastMoment } from '#server/incidents/moments';
import {
  addEntry,
  assertVersion,
  auditIncident,
  hintPlaces,
  holdIncident,
  summaryOf,
} from '#server/incidents/records';
import { setLevel } from '#server/incidents/set-level';
import { moveOf } from '#server/incidents/state';
import {
  INCIDENT_STATE_LABELS,
  type IncidentLevel,
  type IncidentState,
  incidentName,
} from '#server/incidents/words/contract';
import { isUniqueViolation } from '#server/platform/database-errors';
import { AppError } from '#server/platform/errors';
import { publish } from '#server/platform/events';

/**
 * Moves an incident on, to its end, or opens it again.
 * @throws AppError `not_found`; `conflict` when somebody was quicker, or the console has meanwhile opened another one of the
 * same environment; `unprocessable` for a way that there is not; `invalid_input` for a time that cannot be
 */
export const changeIncidentState = defineCommand({
  name: 'incidents.change-state',
  access: 'incidents.manage',
  input: changeIncidentStateInput,
  handle: async (tx, { number, version, state, note, occurredAt: given }): Promise<IncidentSummary> => {
    const occurredAt = pastMoment(tx, 'occurredAt', given);
    const before = await holdIncident(tx, number);
    assertVersion(before, version);
    const from = before.state as IncidentState;
    const move = moveOf(from, state);
    if (move === null) {
      const why =
        from === state
          ? `${incidentName(number)} is ${state} already.`
          : `${incidentName(number)} is resolved, so it cannot become ${state}.`;
      throw new AppError('unprocessable', `${why} Nothing was changed.`, {
        hint: from === 'resolved' ? 'Reopen it: its state becomes investigating.' : undefined,
      });
    }
    if (move === 'resolve' && occurredAt && occurredAt < before.startedAt) {
      const problem = `It began at ${before.startedAt.toISOString()}; it cannot have ended before.`;
      throw new AppError('invalid_input', `occurredAt: ${problem} Nothing was changed.`, {
        fields: { occurredAt: [problem] },
      });
    }
    try {
      await tx.db.$executeRaw`
        UPDATE incident SET state = ${state}, version = version + 1,
          resolved_at = CASE WHEN ${state} = 'resolved' THEN least(${occurredAt}::timestamptz, clock_timestamp()) END
        WHERE id = ${before.id}::uuid AND version = ${version}`;
    } catch (error) {
      if (!isUniqueViolation(error)) throw error;
      throw new AppError(
        'conflict',
        `The console has opened another incident of ${before.service}/${before.environment} since. Nothing was changed.`,
        { hint: 'Go on in that one, and merge this one into it.' },
      );
    }
    const words = move === 'reopen' ? 'Reopened: investigating again' : INCIDENT_STATE_LABELS[state];
    await addEntry(tx, before.id, {
      kind: 'state',
      text: note ? `${words}. ${note}` : `${words}.`,
      occurredAt,
    });
    await auditIncident(tx, 'incidents.change-state', before, {
      reason: note || null,
      details: { before: from, after: state },
    });
    await hintPlaces(tx, before);
    if (move === 'resolve') await publish(tx, incidentResolved, { number });
    return summaryOf(tx, before.id);
  },
});

/**
 * Raises or lowers the level of an incident, with a reason. What the new level asks for is told in the timeline.
 * @throws AppError `not_found`, `conflict` when somebody was quicker, `unprocessable` when it has that level already
 */
export const changeIncidentLevel = defineCommand({
  name: 'incidents.change-level',
  access: 'incidents.manage',
  input: changeIncidentLevelInput,
  handle: async (tx, { number, version, level, reason }): Promise<IncidentSummary> => {
    const before = await holdIncident(tx, number);
    assertVersion(before, version);
    if (before.level === level)
      throw new AppError(
        'unprocessable',
        `${incidentName(number)} has level ${level} already. Nothing was changed.`,
      );
    await setLevel(tx, before, level as IncidentLevel, reason);
    return summaryOf(tx, before.id);
  },
});
