import { defineCommand } from '#server/auth/guard';
import {
  addIncidentNoteInput,
  correctIncidentEntryInput,
  type IncidentEntryView,
} from '#server/incidents/contract';
import { pastMoment } from '#server/incidents/moments';
import { addEntry, auditIncident, findEntry, holdIncident } from '#server/incidents/records';
import { readEntry } from '#server/incidents/timeline';
import type { Ctx } from '#server/platform/context';
import { AppError } from '#server/platform/errors';

/**
 * Adds to the timeline what happened or was done, now or before; with a run or an alert it is evidence.
 * @throws AppError `not_found`, `conflict` for a merged incident, `invalid_input` for a time that has not come yet,
 * `unprocessable` for a run or an alert that there is not
 */
export const addIncidentNote = defineCommand({
  name: 'incidents.note',
  access: 'incidents.manage',
  input: addIncidentNoteInput,
  handle: async (
    tx,
    { number, text, kind: said, occurredAt: given, runId, alertId },
  ): Promise<IncidentEntryView> => {
    const occurredAt = pastMoment(tx, 'occurredAt', given);
    const incident = await holdIncident(tx, number);
    await assertEvidence(tx, runId, alertId);
    const kind = runId || alertId ? 'evidence' : said;
    const id = await addEntry(tx, incident.id, { kind, text, occurredAt, runId, alertId });
    await auditIncident(tx, 'incidents.note', incident, { details: { entryId: String(id) } });
    return readEntry(tx, id as bigint);
  },
});

/**
 * Writes how an entry should have read. The entry stays as it was; a correction of a correction is one of the same entry.
 * @throws AppError `not_found` for an entry that the incident does not have, `conflict` for a merged incident
 */
export const correctIncidentEntry = defineCommand({
  name: 'incidents.correct-entry',
  access: 'incidents.manage',
  input: correctIncidentEntryInput,
  handle: async (tx, { number, entryId, text }): Promise<IncidentEntryView> => {
    const incident = await holdIncident(tx, number);
    const entry = await findEntry(tx, incident, entryId);
    const correctsId = entry.correctsId ?? entry.id;
    const { occurredAt } = entry;
    const id = await addEntry(tx, incident.id, { kind: 'correction', text, correctsId, occurredAt });
    await auditIncident(tx, 'incidents.correct-entry', incident, {
      details: { entryId: String(id), correctsId: String(correctsId) },
    });
    return readEntry(tx, id as bigint);
  },
});

async function assertEvidence(tx: Ctx, runId?: string, alertId?: string): Promise<void> {
  const [found] = await tx.db.$queryRaw<{ run: boolean; alert: boolean }[]>`
    SELECT EXISTS (SELECT FROM run WHERE id = ${runId ?? null}::uuid) AS run,
      EXISTS (SELECT FROM alert WHERE id = ${alertId ?? null}::uuid) AS alert`;
  if (runId && !found?.run)
    throw new AppError('unprocessable', 'This run does not exist. Nothing was changed.');
  if (alertId && !found?.alert)
    throw new AppError('unprocessable', 'This alert does not exist. Nothing was changed.');
}
