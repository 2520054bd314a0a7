import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createEventRegistry } from '#server/bootstrap';
import { changeIncidentLevel, changeIncidentState } from '#server/incidents/commands/change-incident';
import { declareIncident } from '#server/incidents/commands/declare-incident';
import { mergeIncident } from '#server/incidents/commands/merge-incidents';
import { addIncidentNote } from '#server/incidents/commands/write-timeline';
import { listTimeline } from '#server/incidents/queries';
import { syncChecks } from '#server/monitoring/checks/sync';
import type { Ctx } from '#server/platform/context';
import { deliverEvents } from '#server/platform/event-delivery';
import { changeStatusComponent } from '#server/status/commands/manage-components';
import { announceMaintenance, cancelMaintenance } from '#server/status/commands/manage-page';
import { postStatusUpdate } from '#server/status/commands/post-update';
import { syncStatusComponents } from '#server/status/keep-page';
import { getPublicStatus, getStatusComposer } from '#server/status/queries';
import { remindOfStatusUpdates } from '#server/status/remind';
import { createTestApp, type TestApp } from '#server/testing/context';
import { FakeClock } from '#server/testing/fake-clock';
import { METRICS_CONFIG } from '#server/testing/metrics';
import { failureOf } from '#server/testing/people';

const clock = new FakeClock(new Date().toISOString());
let app: TestApp;
let responder: Ctx;
let commander: Ctx;
let component: string;

beforeAll(async () => {
  app = await createTestApp({
    config: METRICS_CONFIG,
    clock,
    events: createEventRegistry(),
    env: { RUN_LEASE_MS: '10000' },
  });
  [responder, commander] = await Promise.all([app.asRole('responder'), app.asRole('commander')]);
  await Promise.all([syncStatusComponents(app.system), syncStatusComponents(app.system)]);
  component = (await getStatusComposer(responder, {})).components[0]?.key ?? '';
});
afterAll(() => app.close());

const MINUTE = 60_000;
const post = (more: Record<string, unknown> = {}) =>
  postStatusUpdate(responder, {
    title: 'Payments fail',
    state: 'investigating',
    text: 'We look into it.',
    ...more,
  });
const reminders = async () => {
  const rows = await app.system.db.notification.findMany({
    where: { kind: 'status.update-due' },
    orderBy: { createdAt: 'asc' },
  });
  return rows.map(({ subject }) => subject);
};

describe('components', () => {
  it('are the environments that are not for practice, once, and stay as people left them', async () => {
    const { components } = await getStatusComposer(responder, {});
    expect(components.map(({ service, environment }) => `${service}/${environment}`)).toEqual([
      'shop/production',
    ]);
    const [seen] = components;
    const input = { key: component, version: seen?.version, name: 'The shop', position: 1, isShown: true };
    const changed = await changeStatusComponent(commander, { ...input, description: 'Buying things' });
    expect(changed).toMatchObject({ name: 'The shop', version: 2 });
    expect(await failureOf(changeStatusComponent(commander, input))).toMatchObject({ kind: 'conflict' });
    await syncStatusComponents(app.system);
    expect((await getPublicStatus(app.system, {})).components.map(({ name }) => name)).toEqual(['The shop']);
  });

  it('stand for a check that there is', async () => {
    await syncChecks(app.system);
    const input = { key: component, version: 2, name: 'The shop', position: 1, isShown: true };
    expect(
      await failureOf(changeStatusComponent(commander, { ...input, checkKeys: ['nothing'] })),
    ).toMatchObject({
      kind: 'unprocessable',
    });
  });

  it('show real uptime by day', async () => {
    const [check] = await app.system.db.monitorCheck.findMany({ where: { environment: 'production' } });
    if (!check) throw new Error('The fixture has no check');
    await app.system.db.$executeRaw`
      INSERT INTO check_hour (check_id, at, ok_count, failed_count, not_run_count, ok_seconds, failed_seconds, not_run_seconds, duration_ms_sum)
      VALUES (${check.id}::uuid, date_trunc('hour', clock_timestamp()), 3, 1, 0, 2700, 900, 0, 10)`;
    const [shown] = (await getPublicStatus(app.system, {})).components;
    expect(shown?.uptimePercent).toBe(75);
    expect(shown?.days.at(-1)?.percent).toBe(75);
    expect(shown?.days).toHaveLength(90);
    // What was seen is not unseen by what becomes of the check.
    const paused = { nextAt: null, pausedAt: new Date(), pausedByName: 'Carl', pauseReason: 'Moved' };
    for (const change of [paused, { removedAt: new Date() }]) {
      await app.system.db.monitorCheck.update({ where: { id: check.id }, data: change });
      expect((await getPublicStatus(app.system, {})).components[0]).toMatchObject({
        uptimePercent: 75,
        state: 'unknown',
      });
    }
    const { nextAt, pausedAt, pausedByName, pauseReason, removedAt } = check;
    const before = { nextAt, pausedAt, pausedByName, pauseReason, removedAt };
    await app.system.db.monitorCheck.update({ where: { id: check.id }, data: before });
  });
});

describe('updates', () => {
  it('are seen by the public, told in the timeline of the incident behind, and audited', async () => {
    const { number } = await declareIncident(responder, { title: 'pg-7 out of disk' });
    const opened = await post({ incident: number, impacts: [{ component, impact: 'major_outage' }] });
    expect(opened).toMatchObject({ state: 'investigating', incident: number, version: 1 });
    expect((await getPublicStatus(app.system, {})).components[0]?.state).toBe('major_outage');
    const next = { number: opened.number, version: 1, title: undefined };
    const over = await post({ ...next, state: 'resolved', text: 'It works again.' });
    expect(over).toMatchObject({ state: 'resolved', impacts: [], nextUpdateAt: null, version: 2 });
    const shown = (await getPublicStatus(app.system, {})).incidents.find(
      (each) => each.number === opened.number,
    );
    expect(shown?.updates.map(({ state }) => state)).toEqual(['resolved', 'investigating']);
    expect(shown?.affected).toEqual([{ name: 'The shop', impact: 'major_outage' }]);
    for (let count = 1; count > 0; ) count = await deliverEvents(app, app.ids.uuid());
    const timeline = await listTimeline(responder, { number, order: 'oldest' });
    expect(
      timeline.rows.filter(({ kind }) => kind === 'status').map(({ authorName, text }) => [authorName, text]),
    ).toEqual([
      ['Test responder', 'Told the public: Investigating. We look into it.'],
      ['Test responder', 'Told the public: Resolved. It works again.'],
    ]);
    expect(await app.system.db.auditEntry.count({ where: { action: 'status.post-update' } })).toBe(2);
  });

  it('are about the incident that goes on when the one behind them is merged', async () => {
    const [first, second] = [
      await declareIncident(responder, { title: 'Seen by one' }),
      await declareIncident(responder, { title: 'Seen by another' }),
    ];
    const opened = await post({ incident: first.number });
    const { number, version } = first;
    await mergeIncident(responder, { number, version, into: second.number, reason: 'The same' });
    for (let count = 1; count > 0; ) count = await deliverEvents(app, app.ids.uuid());
    const { open } = await getStatusComposer(commander, {});
    expect(open.find((each) => each.number === opened.number)).toMatchObject({ incident: second.number });
    expect(await failureOf(post({ incident: second.number }))).toMatchObject({ kind: 'conflict' });
  });

  it('of two at once one is told that somebody was quicker; a request is posted once', async () => {
    const opened = await post();
    const next = { number: opened.number, version: 1, state: 'identified' };
    const both = await Promise.allSettled([post(next), post(next)]);
    expect(both.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    const requestKey = app.ids.uuid();
    await post({ requestKey });
    expect(await failureOf(post({ requestKey }))).toMatchObject({ kind: 'conflict' });
    const { number } = await declareIncident(responder, { title: 'Twice' });
    const twice = await Promise.allSettled([post({ incident: number }), post({ incident: number })]);
    expect(twice.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
  });

  it('are refused with what to do, and leave nothing behind', async () => {
    const count = () => app.system.db.statusUpdate.count();
    const before = await count();
    const kinds = await Promise.all(
      [
        { title: undefined },
        { text: '   ' },
        { state: 'fine' },
        { incident: 999_999 },
        { number: 999_999, version: 1 },
        { number: 1 },
        { impacts: [{ component: 'nowhere', impact: 'degraded' }] },
        { number: 1, version: 2, state: 'resolved' },
      ].map(async (more) => (await failureOf(post(more))).kind),
    );
    expect(kinds).toEqual([
      'invalid_input',
      'invalid_input',
      'invalid_input',
      'unprocessable',
      'not_found',
      'invalid_input',
      'unprocessable',
      'unprocessable',
    ]);
    expect(await count()).toBe(before);
  });
});

describe('maintenance', () => {
  it('is announced, counts while it is under way, and is taken back', async () => {
    const at = (minutes: number) => new Date(clock.now().getTime() + minutes * MINUTE).toISOString();
    const input = { title: 'New payments', text: 'Paying pauses.', components: [component] };
    expect(
      await failureOf(announceMaintenance(responder, { ...input, startsAt: at(9), endsAt: at(3) })),
    ).toMatchObject({ kind: 'invalid_input' });
    const planned = await announceMaintenance(responder, { ...input, startsAt: at(-1), endsAt: at(60) });
    const open = await getStatusComposer(responder, {});
    for (const { number, version } of open.open)
      await post({ number, version, title: undefined, state: 'resolved' });
    expect((await getPublicStatus(app.system, {})).components[0]?.state).toBe('maintenance');
    await cancelMaintenance(responder, { maintenanceId: planned.id });
    const shown = await getPublicStatus(app.system, {});
    expect(shown.components[0]?.state).not.toBe('maintenance');
    expect(shown.maintenance.map(({ status }) => status)).toEqual(['cancelled']);
    expect(await failureOf(cancelMaintenance(responder, { maintenanceId: planned.id }))).toMatchObject({
      kind: 'conflict',
    });
  });
});

describe('reminders', () => {
  it('come once for each due time, from five minutes on, and stop with the update', async () => {
    await app.system.db
      .$executeRaw`UPDATE incident SET state = 'resolved', resolved_at = clock_timestamp() WHERE state <> 'resolved'`;
    await app.system.db.$executeRaw`UPDATE status_incident SET next_update_at = NULL`;
    const began = Date.now();
    const at = async (minutes: number) => {
      clock.set(new Date(began + minutes * MINUTE));
      await Promise.all([remindOfStatusUpdates(app.system), remindOfStatusUpdates(app.system)]);
      return reminders();
    };
    const { number, version } = await declareIncident(responder, { title: 'Grave', level: 1 });
    await declareIncident(responder, { title: 'Small', level: 3 });
    expect(await at(4)).toEqual([]);
    const first = `The public knows nothing of INC-${number} yet`;
    expect(await at(6)).toEqual([first]);
    expect(await at(7)).toEqual([first]);
    expect(await at(26)).toEqual([first, first]);
    clock.set(new Date(began));
    const opened = await post({ incident: number, title: 'Trouble' });
    expect(await at(19)).toEqual([first, first]);
    const next = 'The public waits for an update: Trouble';
    expect(await at(21)).toEqual([first, first, next]);
    expect(await at(22)).toEqual([first, first, next]);
    expect(await at(41)).toEqual([first, first, next, next]);
    await changeIncidentState(responder, { number, version, state: 'resolved' });
    expect((await getStatusComposer(responder, {})).proposals).toEqual([
      expect.objectContaining({ kind: 'resolved', incident: number, number: opened.number }),
    ]);
    await post({ number: opened.number, version: 1, title: undefined, state: 'resolved' });
    expect(await at(90)).toHaveLength(4);
  });

  /** What is told of one subject within so many minutes from now, by the minute since `began`. */
  const told = async (subject: string, began: number, until: number) => {
    const minutes: number[] = [];
    let before = (await reminders()).filter((each) => each === subject).length;
    for (let minute = 1; minute <= until; minute += 1) {
      clock.set(new Date(began + minute * MINUTE));
      await remindOfStatusUpdates(app.system);
      const after = (await reminders()).filter((each) => each === subject).length;
      if (after > before) minutes.push(minute);
      before = after;
    }
    return minutes;
  };

  it('of the first post count from when the incident became grave: raised late, or opened again', async () => {
    clock.set(new Date());
    const { number } = await declareIncident(responder, { title: 'Slow burn', level: 3 });
    await app.system.db.$executeRaw`
      UPDATE incident SET detected_at = detected_at - interval '5 hours', started_at = started_at - interval '5 hours'
      WHERE number = ${number}`;
    const subject = `The public knows nothing of INC-${number} yet`;
    const began = Date.now();
    expect(await told(subject, began, 10)).toEqual([]);
    clock.set(new Date());
    const raised = await changeIncidentLevel(responder, {
      number,
      version: 1,
      level: 2,
      reason: 'Many cannot pay',
    });
    const due = (await getStatusComposer(responder, {})).proposals.find(
      ({ incident }) => incident === number,
    );
    expect(Math.abs(Date.parse(due?.dueAt ?? '') - began - 5 * MINUTE)).toBeLessThan(MINUTE);
    expect(await told(subject, began, 150)).toEqual([6, 26, 46, 66, 86, 106]);
    // One that went down and up again, and one that came back, are new to the public.
    await app.system.db
      .$executeRaw`UPDATE incident SET grave_since = grave_since - interval '5 hours' WHERE number = ${number}`;
    expect(await told(subject, began, 30)).toEqual([]);
    const over = await changeIncidentState(responder, { number, version: raised.version, state: 'resolved' });
    await changeIncidentState(responder, { number, version: over.version, state: 'investigating' });
    expect(await told(subject, began, 7)).toEqual([6]);
    const [row] = await app.system.db.$queryRaw<{ grave: boolean }[]>`
      UPDATE incident SET level = 3 WHERE number = ${number} RETURNING grave_since IS NOT NULL AS grave`;
    expect(row?.grave).toBe(false);
  });

  it('go on within the first two hours where no time is promised, and from when it is opened again', async () => {
    clock.set(new Date());
    const began = Date.now();
    const title = 'No promise';
    const subject = `The public waits for an update: ${title}`;
    const opened = await post({ title, nextUpdateMinutes: 0 });
    expect(opened.nextUpdateAt).toBeNull();
    expect(await told(subject, began, 200)).toEqual([21, 41, 61, 81, 101, 121]);
    const [last] = await app.system.db.notification.findMany({
      where: { subject },
      orderBy: { createdAt: 'desc' },
      take: 1,
    });
    expect(last?.text).toContain('No time was promised');
    // A promise counts as it is: the public knows when to look again.
    const first = Date.now();
    const promised = await post({
      number: opened.number,
      version: 1,
      title: undefined,
      nextUpdateMinutes: 60,
    });
    expect(await told(subject, first, 70)).toEqual([61]);
    // It was opened long ago; what was opened again is new.
    await post({ number: opened.number, version: promised.version, title: undefined, state: 'resolved' });
    await app.system.db.$executeRaw`
      UPDATE status_incident SET opened_at = opened_at - interval '9 hours' WHERE number = ${opened.number}`;
    const again = Date.now();
    await post({ number: opened.number, version: 3, title: undefined, nextUpdateMinutes: 0 });
    expect(await told(subject, again, 45)).toEqual([21, 41]);
    clock.set(new Date());
    const next = await post({ number: opened.number, version: 4, title: undefined });
    expect(next.nextUpdateAt).not.toBeNull();
    await post({ number: opened.number, version: 5, title: undefined, state: 'resolved' });
  });
});

it('nothing of the inside is in what the public sees', async () => {
  clock.set(new Date());
  const secret = 'SESAME';
  const { number } = await declareIncident(responder, { title: `${secret} title`, level: 1 });
  await addIncidentNote(responder, { number, text: `${secret} note` });
  await post({ incident: number, title: 'Outside', text: 'Outside as well' });
  await app.system.db
    .$executeRaw`UPDATE monitor_check SET title = 'SESAME check', last_message = 'SESAME message'`;
  const text = JSON.stringify(await getPublicStatus(app.system, {}));
  expect(text).toContain('Outside as well');
  for (const word of [secret, 'Test responder', responder.actor.id ?? '', component, 'INC-', '127.0.0.1'])
    expect(text).not.toContain(word);
});
