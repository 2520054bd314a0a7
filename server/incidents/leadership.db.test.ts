import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { assignIncidentRole } from '#server/incidents/commands/assign-role';
import { changeIncidentState } from '#server/incidents/commands/change-incident';
import { changeIncidentTitle } from '#server/incidents/commands/change-title';
import { declareIncident } from '#server/incidents/commands/declare-incident';
import { leaveIncidentRole } from '#server/incidents/commands/leave-role';
import { mergeIncident } from '#server/incidents/commands/merge-incidents';
import { addIncidentNote } from '#server/incidents/commands/write-timeline';
import { getIncident, listIncidents, listTimeline } from '#server/incidents/queries';
import type { Ctx } from '#server/platform/context';
import { createTestApp, type TestApp } from '#server/testing/context';
import { METRICS_CONFIG } from '#server/testing/metrics';
import { addPerson, failureOf } from '#server/testing/people';

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

const declare = (title = 'Checkout fails') => declareIncident(responder, { title });
const textsOf = async (number: number) =>
  (await listTimeline(viewer, { number })).rows.map(({ text }) => text);
const holdersOf = async (number: number, role: string) =>
  (await getIncident(viewer, { number })).roles
    .filter((each) => each.role === role && each.until === null)
    .map(({ personName }) => personName);

describe('a title', () => {
  it('is changed with what it was in timeline and audit log, and both are found', async () => {
    const { number, version } = await declare('Ocelot trouble');
    const input = { number, version, title: ' Margay trouble ', reason: 'It was another cat' };
    const changed = await changeIncidentTitle(commander, input);
    expect(changed).toMatchObject({ title: 'Margay trouble', version: version + 1 });
    expect((await textsOf(number))[0]).toBe(
      'Called "Margay trouble" from now on, not "Ocelot trouble" any more. Why: It was another cat',
    );
    for (const search of ['margay', 'ocelot'])
      expect((await listIncidents(viewer, { search })).rows.map((row) => row.number)).toEqual([number]);
    const [audit] = await app.system.db.auditEntry.findMany({ where: { action: 'incidents.change-title' } });
    expect(audit).toMatchObject({
      reason: 'It was another cat',
      details: { before: 'Ocelot trouble', after: 'Margay trouble' },
    });
  });

  it('is found also where the timeline has more words than are kept', async () => {
    const { number, version } = await declare();
    await app.system.db.$executeRaw`
      UPDATE incident_search SET words = (SELECT incident_words(string_agg('w' || n, ' ')) FROM generate_series(1, 10000) n)
      WHERE incident_id = (SELECT id FROM incident WHERE number = ${number})`;
    await changeIncidentTitle(responder, { number, version, title: 'Capybara trouble' });
    expect((await listIncidents(viewer, { search: 'capybara' })).total).toBe(1);
  });

  it('of two people who change it at once one wins; the same, an empty and a merged one are refused', async () => {
    const { number, version } = await declare();
    const both = await Promise.allSettled([
      changeIncidentTitle(responder, { number, version, title: 'One' }),
      changeIncidentTitle(commander, { number, version, title: 'Two' }),
    ]);
    expect(both.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    const lost = both.find((each) => each.status === 'rejected');
    expect(lost?.reason).toMatchObject({ kind: 'conflict' });
    const now = await getIncident(viewer, { number });
    const change = (more: object) =>
      failureOf(changeIncidentTitle(responder, { number, version: now.version, ...more }));
    expect(await change({ title: now.title })).toMatchObject({ kind: 'unprocessable' });
    expect(await change({ title: '  ' })).toMatchObject({
      kind: 'invalid_input',
      fields: { title: [expect.stringContaining('what is wrong')] },
    });
    expect(await change({ title: 'x'.repeat(201) })).toMatchObject({ kind: 'invalid_input' });
    const other = await declare();
    await mergeIncident(responder, { number, version: now.version, into: other.number, reason: 'The same' });
    expect(await change({ title: 'Late' })).toMatchObject({ kind: 'conflict' });
    expect(
      await failureOf(changeIncidentTitle(viewer, { number: other.number, version: 1, title: 'No' })),
    ).toMatchObject({ kind: 'forbidden' });
  });
});

describe('leaving a role', () => {
  it('is done by who has it, or by another who may give roles', async () => {
    const made = await declare();
    const { number } = made;
    const ada = await addPerson(app, 'responder', { name: 'Ada' });
    let { version } = await assignIncidentRole(ada.ctx, { number, version: made.version, role: 'scribe' });
    ({ version } = await assignIncidentRole(ada.ctx, { number, version, role: 'responder' }));
    ({ version } = await leaveIncidentRole(ada.ctx, { number, version, role: 'scribe' }));
    expect(await holdersOf(number, 'scribe')).toEqual([]);
    expect((await textsOf(number))[0]).toBe('Ada is scribe no more.');
    const again = await failureOf(leaveIncidentRole(ada.ctx, { number, version, role: 'scribe' }));
    expect(again).toMatchObject({ kind: 'unprocessable', message: expect.stringContaining('not scribe') });
    const mine = await failureOf(leaveIncidentRole(commander, { number, version, role: 'responder' }));
    expect(mine).toMatchObject({ kind: 'unprocessable' });
    const whose = { number, version, role: 'responder', personId: ada.id };
    const both = await Promise.allSettled([
      leaveIncidentRole(commander, whose),
      leaveIncidentRole(responder, { ...whose, personId: undefined, email: ada.email }),
    ]);
    expect(both.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    expect(await holdersOf(number, 'responder')).toEqual([]);
    const entries = await app.system.db.auditEntry.findMany({ where: { action: 'incidents.leave-role' } });
    expect(entries.map(({ details }) => details)).toEqual([
      { role: 'scribe', before: 'Ada', after: null },
      { role: 'responder', before: 'Ada', after: null },
    ]);
    expect(await failureOf(leaveIncidentRole(viewer, whose))).toMatchObject({ kind: 'forbidden' });
  });

  it('an open incident keeps its commander, a resolved one need not', async () => {
    const { number, version } = await declare();
    const leave = (seen: number) =>
      leaveIncidentRole(responder, { number, version: seen, role: 'commander' });
    expect(await failureOf(leave(version))).toMatchObject({
      kind: 'unprocessable',
      hint: expect.stringContaining('Hand the role over'),
    });
    expect(await holdersOf(number, 'commander')).toEqual(['Test responder']);
    const resolved = await changeIncidentState(responder, { number, version, state: 'resolved' });
    expect((await leave(resolved.version)).commanderName).toBeNull();
  });
});

it('what was done is an action in the timeline', async () => {
  const { number } = await declare();
  const done = await addIncidentNote(responder, { number, text: 'Restarted it', kind: 'action' });
  expect(done).toMatchObject({ kind: 'action', text: 'Restarted it' });
});
