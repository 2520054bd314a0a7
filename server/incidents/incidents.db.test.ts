import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { assignIncidentRole } from '#server/incidents/commands/assign-role';
import { changeIncidentLevel, changeIncidentState } from '#server/incidents/commands/change-incident';
import { declareIncident } from '#server/incidents/commands/declare-incident';
import { mergeIncident } from '#server/incidents/commands/merge-incidents';
import { addIncidentNote, correctIncidentEntry } from '#server/incidents/commands/write-timeline';
import type { IncidentSummary } from '#server/incidents/contract';
import {
  getIncident,
  listIncidents,
  listOpenIncidents,
  listTimeline,
  readIncidentBatch,
} from '#server/incidents/queries';
import type { Ctx } from '#server/platform/context';
import { createTestApp, type TestApp } from '#server/testing/context';
import { METRICS_CONFIG } from '#server/testing/metrics';
import { addPerson, failureOf } from '#server/testing/people';
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

const MINUTE = 60_000;
const ago = (minutes: number): string => new Date(Date.now() - minutes * MINUTE).toISOString();
const declare = (more: Record<string, unknown> = {}): Promise<IncidentSummary> =>
  declareIncident(responder, { title: 'Checkout fails', ...more });
const timelineOf = async (number: number, more: Record<string, unknown> = {}) =>
  (await listTimeline(viewer, { number, order: 'oldest', ...more })).rows;

describe('declaring', () => {
  it('needs a title alone; who declares commands, and it is in timeline and audit log', async () => {
    const made = await declare();
    expect(made).toMatchObject({
      name: `INC-${made.number}`,
      level: 2,
      state: 'investigating',
      service: null,
      cause: 'person',
      commanderName: 'Test responder',
      version: 1,
    });
    const entries = await timelineOf(made.number);
    expect(entries.map(({ kind, authorName }) => [kind, authorName])).toEqual([
      ['state', 'Test responder'],
      ['role', 'Test responder'],
    ]);
    expect(entries[0]?.text).toContain('A post-mortem follows');
    const [audit] = await app.system.db.auditEntry.findMany({ where: { action: 'incidents.declare' } });
    expect(audit).toMatchObject({ targetLabel: `INC-${made.number} Checkout fails`, targetType: 'incident' });
  });

  it('takes a beginning that is past, and none that has not come', async () => {
    const startedAt = ago(42);
    const made = await declare({ startedAt, level: '1' });
    expect(made).toMatchObject({ startedAt, level: 1 });
    expect(made.durationMs).toBeGreaterThanOrEqual(42 * MINUTE);
    expect(Date.parse(made.detectedAt) - Date.parse(startedAt)).toBeGreaterThanOrEqual(42 * MINUTE);
    const refused = await failureOf(declare({ startedAt: ago(-10) }));
    expect(refused).toMatchObject({
      kind: 'invalid_input',
      fields: { startedAt: [expect.stringContaining('not come yet')] },
    });
    // A browser whose clock is a little ahead means now.
    const now = await declare({ startedAt: new Date(Date.now() + 20_000).toISOString() });
    expect(now.startedAt).toBe(now.detectedAt);
  });

  it('is of a place that there is', async () => {
    expect(await declare({ service: 'shop', environment: 'production' })).toMatchObject({ service: 'shop' });
    for (const place of [
      { service: 'nowhere' },
      { service: 'constructor' },
      { service: 'shop', environment: 'x' },
    ])
      expect(await failureOf(declare(place))).toMatchObject({ kind: 'unprocessable' });
    expect(await failureOf(declare({ environment: 'production' }))).toMatchObject({ kind: 'invalid_input' });
    expect(await failureOf(declareIncident(viewer, { title: 'Not mine' }))).toMatchObject({
      kind: 'forbidden',
    });
  });

  it('once, when the same request comes again', async () => {
    const idempotency = { key: 'declare-1', operation: 'declareIncident', fingerprint: 'same' };
    const again = responder.as(responder.actor, { idempotency });
    const made = await Promise.all([1, 2, 3].map(() => declareIncident(again, { title: 'Told thrice' })));
    expect(new Set(made.map(({ number }) => number)).size).toBe(1);
    expect((await listIncidents(viewer, { search: 'thrice' })).total).toBe(1);
  });
});

describe('state and level', () => {
  it('of two people who change the state at once one wins, and the other is told', async () => {
    const { number, version } = await declare();
    const done = await Promise.allSettled([
      changeIncidentState(responder, { number, version, state: 'identified' }),
      changeIncidentState(commander, { number, version, state: 'resolved' }),
    ]);
    const lost = done.filter((each) => each.status === 'rejected');
    expect(lost.map(({ reason }) => reason)).toEqual([
      expect.objectContaining({
        kind: 'conflict',
        message: expect.stringContaining(`changed INC-${number} since`),
      }),
    ]);
    const won = done.flatMap((each) => (each.status === 'fulfilled' ? [each.value] : []));
    expect(won).toHaveLength(1);
    const after = await getIncident(viewer, { number });
    expect([after.state, after.version]).toEqual([won[0]?.state, version + 1]);
    expect((await timelineOf(number)).filter(({ kind }) => kind === 'state')).toHaveLength(2);
  });

  it('ends at the time that is given, and is reopened without one', async () => {
    const { number, version } = await declare({ startedAt: ago(60) });
    const early = await failureOf(
      changeIncidentState(responder, { number, version, state: 'resolved', occurredAt: ago(90) }),
    );
    expect(early).toMatchObject({ kind: 'invalid_input' });
    const resolved = await changeIncidentState(responder, {
      number,
      version,
      state: 'resolved',
      occurredAt: ago(30),
      note: 'Rolled back',
    });
    expect(Math.round(resolved.durationMs / MINUTE)).toBe(30);
    const wrong = await failureOf(
      changeIncidentState(responder, { number, version: resolved.version, state: 'monitoring' }),
    );
    expect(wrong).toMatchObject({ kind: 'unprocessable', hint: expect.stringContaining('Reopen') });
    const open = await changeIncidentState(responder, {
      number,
      version: resolved.version,
      state: 'investigating',
    });
    expect(open).toMatchObject({ state: 'investigating', resolvedAt: null });
    expect((await timelineOf(number)).map(({ text }) => text)).toContain('Resolved. Rolled back');
  });

  it('a raised level says what it asks for, and why', async () => {
    const { number, version } = await declare({ level: 3 });
    await changeIncidentLevel(responder, { number, version, level: 1, reason: 'Nobody can pay' });
    const entry = (await timelineOf(number)).at(-1);
    expect(entry).toMatchObject({ kind: 'level', text: expect.stringMatching(/^Raised from level 3.*pay$/) });
    expect(await getIncident(viewer, { number })).toMatchObject({ level: 1, needsPostMortem: true });
    expect(
      await failureOf(
        changeIncidentLevel(responder, { number, version, level: 4, reason: 'No, it is fine' }),
      ),
    ).toMatchObject({ kind: 'conflict' });
  });
});

describe('roles', () => {
  it('are handed over, with one holder at a time, and go to who may work on incidents', async () => {
    const { number, version } = await declare();
    const [ada, bob] = [await addPerson(app, 'responder', { name: 'Ada' }), await addPerson(app, 'viewer')];
    const second = await assignIncidentRole(ada.ctx, { number, version, role: 'commander' });
    expect(second.commanderName).toBe('Ada');
    const input = { number, version: second.version, role: 'commander' };
    for (const email of [ada.email, bob.email, 'nobody@people.example'])
      expect(await failureOf(assignIncidentRole(responder, { ...input, email }))).toMatchObject({
        kind: 'unprocessable',
      });
    const both = await Promise.allSettled([
      assignIncidentRole(responder, input),
      assignIncidentRole(commander, input),
    ]);
    expect(both.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    const { roles } = await getIncident(viewer, { number });
    expect(roles.map(({ until }) => until === null)).toEqual([false, false, true]);
    expect((await timelineOf(number)).at(-1)?.text).toContain('Ada hands over to');
    const insert = (role: string) => app.system.db.$executeRaw`
      INSERT INTO incident_role (incident_id, role, person_id, person_name, assigned_by_name)
      SELECT id, ${role}, gen_random_uuid(), 'Another', 'Test' FROM incident WHERE number = ${number}`;
    await expect(insert('commander')).rejects.toThrow(/unique|incident_role_holder_key/i);
    expect([await insert('responder'), await insert('responder')]).toEqual([1, 1]);
  });
});

describe('the timeline', () => {
  it('has what happened before in its place, and when it was written', async () => {
    const { number } = await declare();
    const late = await addIncidentNote(responder, { number, text: 'Payments went red', occurredAt: ago(20) });
    expect(Date.parse(late.recordedAt) - Date.parse(late.occurredAt)).toBeGreaterThanOrEqual(20 * MINUTE);
    const oldest = await timelineOf(number);
    expect(oldest.map(({ kind }) => kind)).toEqual(['note', 'state', 'role']);
    const newest = await listTimeline(viewer, { number });
    expect(newest.rows.map(({ id }) => id)).toEqual(oldest.map(({ id }) => id).reverse());
    expect(
      await failureOf(addIncidentNote(responder, { number, text: 'Soon', occurredAt: ago(-5) })),
    ).toMatchObject({ kind: 'invalid_input' });
    expect(
      await failureOf(addIncidentNote(responder, { number, text: 'See', runId: app.ids.uuid() })),
    ).toMatchObject({ kind: 'unprocessable' });
  });

  it('is corrected by entries that leave what was written', async () => {
    const { number } = await declare();
    const note = await addIncidentNote(responder, { number, text: 'Restarted at 14:05' });
    const first = await correctIncidentEntry(responder, { number, entryId: note.id, text: 'At 14:15' });
    const second = await correctIncidentEntry(commander, { number, entryId: first.id, text: 'At 14:25' });
    expect([first.correctsId, second.correctsId]).toEqual([note.id, note.id]);
    const entries = await timelineOf(number);
    expect(entries.find(({ id }) => id === note.id)).toEqual({ ...note, correctedById: second.id });
    const elsewhere = await declare();
    expect(
      await failureOf(
        correctIncidentEntry(responder, { number: elsewhere.number, entryId: note.id, text: 'No' }),
      ),
    ).toMatchObject({ kind: 'not_found' });
  });

  it('stays as it was written, whatever the console’s own login tries', async () => {
    await addIncidentNote(responder, { number: (await declare()).number, text: 'For ever' });
    for (const statement of [
      "UPDATE incident_entry SET text = 'other'",
      'DELETE FROM incident_entry',
      'TRUNCATE incident_entry',
    ])
      await expect(
        withAdmin(app.testDatabase.url, (client) => client.query(statement)),
        statement,
      ).rejects.toThrow(/permission denied/);
    await expect(
      withAdmin(app.testDatabase.adminUrl, (client) => client.query('DELETE FROM incident_entry')),
    ).rejects.toThrow(/append-only/);
  });
});

describe('merging', () => {
  it('leads the old number to the incident that goes on, which has both timelines and the earlier start', async () => {
    const first = await declare({ title: 'Checkout is slow' });
    const startedAt = ago(50);
    const second = await declare({ title: 'Payments time out', startedAt });
    const third = await declare({ title: 'Gateway zebra' });
    await addIncidentNote(responder, { number: third.number, text: 'Certificate expired' });
    const reason = 'The same gateway';
    const merge = (from: IncidentSummary, into: IncidentSummary) =>
      mergeIncident(responder, { number: from.number, version: from.version, into: into.number, reason });
    const grown = await merge(third, second);
    expect(await merge(grown, first)).toMatchObject({ number: first.number, startedAt });
    for (const number of [second.number, third.number])
      expect(await getIncident(viewer, { number })).toMatchObject({
        number: first.number,
        merged: [second.number, third.number],
      });
    expect((await timelineOf(second.number)).map(({ incidentNumber }) => incidentNumber)).toEqual(
      expect.arrayContaining([first.number, second.number, third.number]),
    );
    // Found by what was written in those that are listed no more.
    const found = await listIncidents(viewer, { search: 'zebra certif' });
    expect(found.rows.map(({ number }) => number)).toEqual([first.number]);
    for (const attempt of [
      () => merge(second, first),
      () => merge(first, third),
      () => addIncidentNote(responder, { number: third.number, text: 'Late' }),
    ])
      expect(await failureOf(attempt())).toMatchObject({
        kind: 'conflict',
        message: expect.stringContaining('was merged into'),
      });
  });

  it('has the graver level of both', async () => {
    const [mild, grave] = [await declare({ level: 4 }), await declare({ level: 1 })];
    const { number, version } = grave;
    const into = { number, version, into: mild.number, reason: 'The same' };
    expect(await mergeIncident(responder, into)).toMatchObject({ number: mild.number, level: 1 });
    const raised = (await timelineOf(mild.number)).filter(({ kind }) => kind === 'level');
    expect(raised.map(({ text }) => text)).toEqual([expect.stringContaining(`${grave.name} had it.`)]);
  });

  it('each into the other at once does one of both', async () => {
    const [first, second] = [await declare(), await declare()];
    const merge = (from: IncidentSummary, into: IncidentSummary) =>
      mergeIncident(responder, {
        number: from.number,
        version: from.version,
        into: into.number,
        reason: 'Twins',
      });
    const done = await Promise.allSettled([merge(first, second), merge(second, first)]);
    expect(done.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    expect(await failureOf(merge(first, first))).toMatchObject({ kind: 'unprocessable' });
  });
});

describe('the list', () => {
  it('is searched by title, timeline and number, and counts every facet with the other filters', async () => {
    const one = await declare({ title: 'Quokka outage /api/orders', level: 1, service: 'shop' });
    const two = await declare({ title: 'Quokka again', level: 3 });
    await addIncidentNote(responder, { number: two.number, text: 'Éléphant: v1.4.0-rc1 is bad' });
    await changeIncidentState(responder, { number: two.number, version: two.version, state: 'resolved' });
    const search = async (words: string, more: Record<string, unknown> = {}) =>
      listIncidents(viewer, { search: words, ...more });
    const numbers = async (words: string) => (await search(words)).rows.map(({ number }) => number);
    expect(await numbers('quok')).toEqual([two.number, one.number]);
    expect(await numbers('ORDERS quokka')).toEqual([one.number]);
    expect(await numbers('éléph v1.4.0')).toEqual([two.number]);
    expect(await numbers(`inc-${one.number}`)).toContain(one.number);
    expect(await numbers('quokka nothing')).toEqual([]);
    expect(await numbers("%_'\\:*&|!()<->")).toEqual([]);
    const { total, rows, facets } = await search('quokka', { state: 'open' });
    expect([total, rows.map(({ number }) => number)]).toEqual([1, [one.number]]);
    const count = <T>(list: { value: T; count: number }[], value: T) =>
      list.find((each) => each.value === value)?.count;
    expect([count(facets.states, 'resolved'), count(facets.states, 'investigating')]).toEqual([1, 1]);
    expect([count(facets.levels, 1), count(facets.levels, 3)]).toEqual([1, 0]);
    expect(facets.services).toEqual([
      { value: null, count: 0 },
      { value: 'shop', count: 1 },
    ]);
  });

  it('of very many counts the newest, and still finds the right ones in their order', async () => {
    await app.system.db.$executeRaw`
      INSERT INTO incident (id, title, level, state, started_at, detected_at, resolved_at, declared_by_name, cause)
      SELECT gen_random_uuid(), 'Wombat ' || CASE WHEN n % 1000 = 0 THEN 'tapir' ELSE 'alone' END, 4, 'resolved',
        now() - n * interval '1 minute', now(), now(), 'Test', 'person' FROM generate_series(1000, 17000) n`;
    const often = await listIncidents(viewer, { search: 'wombat', page: 2, pageSize: 5 });
    expect(often).toMatchObject({ total: 255, isTotalExact: false, facets: { isExact: false } });
    const times = often.rows.map(({ startedAt }) => startedAt);
    expect(times).toEqual([...times].sort().reverse());
    const rarely = await listIncidents(viewer, { search: 'wombat tapir', level: 4 });
    expect(rarely).toMatchObject({ total: 17, isTotalExact: true, facets: { isExact: true } });
    const none = await listIncidents(viewer, { search: 'wombat', state: 'open' });
    expect(none).toMatchObject({ rows: [], total: 0, isTotalExact: true });
  });
});

describe('reading many', () => {
  it('goes on by number through all of a filter, each once', async () => {
    const title = 'Batchwise trouble';
    const made = [await declare({ title }), await declare({ title, level: 4 }), await declare({ title })];
    const read: number[] = [];
    for (let afterNumber = 0; ; ) {
      const rows = await readIncidentBatch(viewer, { search: 'batchwise', afterNumber, limit: 2 });
      if (rows.length === 0) break;
      read.push(...rows.map(({ number }) => number));
      afterNumber = read.at(-1) ?? 0;
    }
    expect(read).toEqual(made.map(({ number }) => number));
    const graver = await readIncidentBatch(viewer, { search: 'batchwise', level: '4' });
    expect(graver.map(({ number }) => number)).toEqual([made[1]?.number]);
  });

  it('has what is open, the gravest first, and none that is resolved or merged', async () => {
    await app.system.db
      .$executeRaw`UPDATE incident SET state = 'resolved', resolved_at = now(), version = version + 1`;
    const minor = await declare({ title: 'Minor', level: 3 });
    const gone = await declare({ title: 'Gone', level: 1 });
    const grave = await declare({ title: 'Grave', level: 1 });
    const { number, version } = gone;
    await mergeIncident(responder, { number, version, into: minor.number, reason: 'the same' });
    const open = await listOpenIncidents(viewer, {});
    expect(open.map(({ name }) => name)).toEqual([grave.name, minor.name]);
  });
});

describe('a correction', () => {
  it('says what it corrects', async () => {
    const { number } = await declare();
    const { id } = await addIncidentNote(responder, { number, text: 'At noon' });
    await correctIncidentEntry(responder, { number, entryId: id, text: 'At one' });
    const entries = await timelineOf(number);
    expect(entries.find(({ kind }) => kind === 'correction')).toMatchObject({
      correctsId: id,
      correctsText: 'At noon',
    });
    expect(entries.find((each) => each.id === id)).toMatchObject({ text: 'At noon', correctsText: null });
  });
});
