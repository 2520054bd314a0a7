import { afterAll, beforeAll, expect, it } from 'vitest';
import { declareIncident } from '#server/incidents/commands/declare-incident';
import { mergeIncident } from '#server/incidents/commands/merge-incidents';
import { pinIncidentEntry, unpinIncidentEntry } from '#server/incidents/commands/pin-entry';
import { addIncidentNote } from '#server/incidents/commands/write-timeline';
import { listTimeline } from '#server/incidents/queries';
import { listPinnedEntries } from '#server/incidents/queries/pinned';
import { INCIDENT_PINS_MAX } from '#server/incidents/words/contract';
import type { Ctx } from '#server/platform/context';
import { createTestApp, type TestApp } from '#server/testing/context';
import { METRICS_CONFIG } from '#server/testing/metrics';
import { failureOf } from '#server/testing/people';
import { withAdmin } from '#server/testing/server';

let app: TestApp;
let responder: Ctx;
let commander: Ctx;
let viewer: Ctx;

beforeAll(async () => {
  app = await createTestApp({ config: METRICS_CONFIG, env: { RUN_LEASE_MS: '10000' } });
  [responder, commander, viewer] = await Promise.all([
    app.asRole('responder'),
    app.asRole('commander'),
    app.asRole('viewer'),
  ]);
});
afterAll(() => app.close());

const declare = () => declareIncident(responder, { title: 'Checkout fails' });
const note = (number: number, text: string) => addIncidentNote(responder, { number, text });
const pinnedOf = async (number: number) =>
  (await listPinnedEntries(viewer, { number })).map(({ text, pinnedByName }) => [text, pinnedByName]);

it('an entry is pinned and unpinned, and never changes', async () => {
  const { number } = await declare();
  const second = await note(number, 'Second');
  const entry = await note(number, 'First');
  await pinIncidentEntry(commander, { number, entryId: entry.id });
  await pinIncidentEntry(responder, { number, entryId: second.id });
  expect(await pinnedOf(number)).toEqual([
    ['Second', 'Test responder'],
    ['First', 'Test commander'],
  ]);
  const { rows } = await listTimeline(viewer, { number });
  expect(rows.find(({ id }) => id === entry.id)).toEqual({ ...entry, pinnedByName: 'Test commander' });
  await unpinIncidentEntry(responder, { number, entryId: entry.id });
  expect(await pinnedOf(number)).toEqual([['Second', 'Test responder']]);
  expect(await pinIncidentEntry(responder, { number, entryId: entry.id })).toEqual({
    ...entry,
    pinnedByName: 'Test responder',
  });
  const audit = await app.system.db.auditEntry.findMany({
    where: { action: { in: ['incidents.pin-entry', 'incidents.unpin-entry'] } },
    orderBy: { id: 'asc' },
  });
  expect(audit.map(({ action, actorName }) => [action, actorName])).toEqual([
    ['incidents.pin-entry', 'Test commander'],
    ['incidents.pin-entry', 'Test responder'],
    ['incidents.unpin-entry', 'Test responder'],
    ['incidents.pin-entry', 'Test responder'],
  ]);
});

it('of two who pin it at once one does, and the other is told who', async () => {
  const { number } = await declare();
  const { id: entryId } = await note(number, 'Look here');
  const both = await Promise.allSettled([
    pinIncidentEntry(responder, { number, entryId }),
    pinIncidentEntry(commander, { number, entryId }),
  ]);
  const lost = both.flatMap((each) => (each.status === 'rejected' ? [each.reason] : []));
  expect(lost).toEqual([
    expect.objectContaining({ kind: 'conflict', message: expect.stringMatching(/pinned already by Test/) }),
  ]);
  expect(await app.system.db.incidentPin.count({ where: { entryId: BigInt(entryId) } })).toBe(1);
  const again = app.system.db.$executeRaw`
    INSERT INTO incident_pin (incident_id, entry_id, turn, is_pinned, by_name)
    SELECT incident_id, entry_id, turn, is_pinned, 'x' FROM incident_pin WHERE entry_id = ${BigInt(entryId)}`;
  await expect(again).rejects.toThrow(/unique/i);
  const outOfTurn = app.system.db.$executeRaw`
    INSERT INTO incident_pin (incident_id, entry_id, turn, is_pinned, by_name)
    SELECT incident_id, entry_id, 2, true, 'x' FROM incident_pin WHERE entry_id = ${BigInt(entryId)}`;
  await expect(outOfTurn).rejects.toThrow(/incident_pin_turn_check/);
});

it('is refused to who may only look, of what is not there, and of too many', async () => {
  const { number } = await declare();
  const { id: entryId } = await note(number, 'Mine');
  expect(await failureOf(pinIncidentEntry(viewer, { number, entryId }))).toMatchObject({ kind: 'forbidden' });
  expect(await failureOf(unpinIncidentEntry(responder, { number, entryId }))).toMatchObject({
    kind: 'conflict',
    message: expect.stringContaining('is not pinned'),
  });
  const other = await declare();
  expect(await failureOf(pinIncidentEntry(responder, { number: other.number, entryId }))).toMatchObject({
    kind: 'not_found',
  });
  for (let index = 0; index < INCIDENT_PINS_MAX; index += 1) {
    const { id } = await note(number, `Note ${index}`);
    await pinIncidentEntry(responder, { number, entryId: id });
  }
  expect(await failureOf(pinIncidentEntry(responder, { number, entryId }))).toMatchObject({
    kind: 'unprocessable',
    hint: expect.stringContaining('Unpin one'),
  });
});

it('goes with a merge, and stays as it was written', async () => {
  const [first, second] = [await declare(), await declare()];
  const { id: entryId } = await note(second.number, 'Both');
  await pinIncidentEntry(responder, { number: second.number, entryId });
  const { number, version } = second;
  await mergeIncident(responder, { number, version, into: first.number, reason: 'Twins' });
  expect(await pinnedOf(first.number)).toEqual([['Both', 'Test responder']]);
  expect(await pinnedOf(second.number)).toEqual([['Both', 'Test responder']]);
  await unpinIncidentEntry(commander, { number: first.number, entryId });
  expect(await pinnedOf(second.number)).toEqual([]);
  for (const statement of ['UPDATE incident_pin SET is_pinned = true', 'DELETE FROM incident_pin'])
    await expect(
      withAdmin(app.testDatabase.url, (client) => client.query(statement)),
      statement,
    ).rejects.toThrow(/permission denied/);
});
