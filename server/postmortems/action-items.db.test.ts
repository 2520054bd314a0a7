import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { setSlackHandle } from '#server/auth/commands/set-slack-handle';
import { changeIncidentState } from '#server/incidents/commands/change-incident';
import { declareIncident } from '#server/incidents/commands/declare-incident';
import { type Ctx, systemActor } from '#server/platform/context';
import { addActionItem, changeActionItem } from '#server/postmortems/commands/manage-items';
import { createPostmortem } from '#server/postmortems/commands/write-postmortem';
import { getPostmortem, listActionItems, listOwners } from '#server/postmortems/queries';
import { remindOfActionItems } from '#server/postmortems/reminders';
import { addDays, dayOf } from '#server/postmortems/state';
import { DUE_GROUPS } from '#server/postmortems/words/contract';
import { createTestApp, type TestApp } from '#server/testing/context';
import { METRICS_CONFIG } from '#server/testing/metrics';
import { type AddedPerson, addPerson, failureOf } from '#server/testing/people';

let now = new Date();
let app: TestApp;
let rosa: AddedPerson;
let carl: AddedPerson;
let number: number;

beforeAll(async () => {
  app = await createTestApp({
    config: METRICS_CONFIG,
    clock: { now: () => now },
    env: { RUN_LEASE_MS: '10000' },
  });
  rosa = await addPerson(app, 'responder', { name: 'Rosa' });
  carl = await addPerson(app, 'commander', { name: 'Carl' });
  const incident = await declareIncident(rosa.ctx, { title: 'Checkout fails' });
  number = incident.number;
  await changeIncidentState(rosa.ctx, { number, version: 1, state: 'resolved' });
  await createPostmortem(rosa.ctx, { number });
});
afterAll(() => app.close());

const TODAY = dayOf(now);
const add = (more: Record<string, unknown> = {}, ctx: Ctx = rosa.ctx) =>
  addActionItem(ctx, { number, title: 'Limit the cache', ...more });
const remindersOf = async (itemId: string) =>
  (
    await app.system.db.notification.findMany({
      where: { groupKey: `action-item:${itemId}` },
      orderBy: { sequence: 'asc' },
    })
  ).map(({ kind }) => kind);
/** Two workers do their rounds on a day, and one of them once more. */
async function rounds(day: string): Promise<void> {
  now = new Date(`${day}T23:30:00Z`);
  const worker = () => remindOfActionItems(app.for(systemActor('housekeeping')));
  await Promise.all([worker(), worker()]);
  await worker();
  now = new Date(`${TODAY}T12:00:00Z`);
}

describe('action items', () => {
  it('are of whoever adds them, due in 14 days, unless told', async () => {
    expect(await add()).toMatchObject({
      ownerName: 'Rosa',
      dueOn: addDays(TODAY, 14),
      priority: 'medium',
      state: 'open',
      group: 'later',
      version: 1,
    });
    expect(await add({ email: carl.email, dueOn: '2099-01-31', priority: 'high' })).toMatchObject({
      ownerName: 'Carl',
      ownerEmail: carl.email,
      dueOn: '2099-01-31',
      priority: 'high',
      createdByName: 'Rosa',
    });
    const viewer = await addPerson(app, 'viewer');
    for (const email of [viewer.email, 'nobody@people.example'])
      expect(await failureOf(add({ email }))).toMatchObject({ kind: 'unprocessable' });
    for (const dueOn of ['tomorrow', '2026-02-30', '0026-01-01'])
      expect(await failureOf(add({ dueOn }))).toMatchObject({ kind: 'invalid_input' });
    expect((await listOwners(rosa.ctx, {})).map(({ name }) => name)).toEqual(['Carl', 'Rosa']);
  });

  it('of two who change one at once one wins and the other is told', async () => {
    const { id: itemId, version } = await add({ title: 'Raced' });
    const both = await Promise.allSettled([
      changeActionItem(rosa.ctx, { itemId, version, state: 'done' }),
      changeActionItem(carl.ctx, { itemId, version, dueOn: '2099-05-01' }),
    ]);
    const lost = both.flatMap((each) => (each.status === 'rejected' ? [each.reason] : []));
    expect(lost).toEqual([
      expect.objectContaining({ kind: 'conflict', message: expect.stringContaining('"Raced"') }),
    ]);
    expect((await listActionItems(rosa.ctx, { number })).rows.find(({ id }) => id === itemId)?.version).toBe(
      2,
    );
  });

  it('are finished, and opened again, with what was before in the audit log', async () => {
    const { id: itemId } = await add({ title: 'To end' });
    const done = await changeActionItem(carl.ctx, { itemId, version: 1, state: 'done' });
    expect(done).toMatchObject({ state: 'done', group: 'ended', endedAt: expect.any(String) });
    expect(await failureOf(changeActionItem(carl.ctx, { itemId, version: 2, state: 'done' }))).toMatchObject({
      kind: 'unprocessable',
    });
    const again = await changeActionItem(carl.ctx, {
      itemId,
      version: 2,
      state: 'in_progress',
      email: carl.email,
    });
    expect(again).toMatchObject({ state: 'in_progress', endedAt: null, ownerName: 'Carl', title: 'To end' });
    const audit = await app.system.db.auditEntry.findMany({
      where: { action: 'postmortems.change-item' },
      orderBy: { id: 'desc' },
      take: 1,
    });
    expect(audit[0]?.details).toMatchObject({
      itemId,
      before: { state: 'done' },
      after: { state: 'in_progress' },
    });
  });

  it('stand on the board by when they are due, the same in lists and one by one', async () => {
    const days = {
      late: addDays(TODAY, -1),
      today: TODAY,
      week: addDays(TODAY, 7),
      later: addDays(TODAY, 8),
    };
    const made: Record<string, string> = {};
    for (const [title, dueOn] of Object.entries(days))
      made[title] = (await add({ title, dueOn, email: carl.email })).id;
    const ofCarl = await Promise.all(
      DUE_GROUPS.map((group) => listActionItems(rosa.ctx, { group, owner: carl.email, pageSize: 200 })),
    );
    const titles = ofCarl.map(({ rows }) => rows.map(({ title }) => title));
    expect(titles[0]).toEqual(['late']);
    expect(titles[1]).toEqual(['today', 'week']);
    expect(titles[2]).toContain('later');
    for (const [index, group] of DUE_GROUPS.entries())
      expect(ofCarl[index]?.rows.every((row) => row.group === group)).toBe(true);
    const mine = await listActionItems(carl.ctx, { owner: 'me', pageSize: 200 });
    expect(mine.rows.map(({ id }) => id)).toContain(made.late);
    expect(mine.rows.every(({ ownerName }) => ownerName === 'Carl')).toBe(true);
  });
});

describe('reminders', () => {
  it('come once from 3 days before, then daily, also after all is closed, and no more when it is done', async () => {
    const dueOn = addDays(TODAY, 30);
    const { id: itemId } = await add({ title: 'Remind me', dueOn });
    await rounds(addDays(dueOn, -4));
    expect(await remindersOf(itemId)).toEqual([]);
    for (const days of [-3, -2, 0]) await rounds(addDays(dueOn, days));
    expect(await remindersOf(itemId)).toEqual(['action-item.before']);
    for (const days of [1, 2]) await rounds(addDays(dueOn, days));
    expect(await remindersOf(itemId)).toEqual([
      'action-item.before',
      'action-item.overdue',
      'action-item.overdue',
    ]);
    const told = await app.system.db.notification.findFirst({ where: { groupKey: `action-item:${itemId}` } });
    expect(told).toMatchObject({
      link: `/postmortems/${number}`,
      subject: `Rosa: "Remind me" is due on ${dueOn}`,
    });
    const { items } = await getPostmortem(rosa.ctx, { number });
    expect(items.find(({ id }) => id === itemId)?.remindedAt).not.toBeNull();
    await changeActionItem(rosa.ctx, { itemId, version: 1, state: 'cancelled' });
    await rounds(addDays(dueOn, 3));
    expect(await remindersOf(itemId)).toHaveLength(3);
  });

  it('mention their owner by the Slack handle of that day, and say so where there is none', async () => {
    const dueOn = addDays(TODAY, 60);
    const { id: itemId } = await add({ title: 'Ring me', dueOn, email: carl.email });
    await rounds(dueOn);
    const admin = await addPerson(app, 'admin');
    await setSlackHandle(admin.ctx, { userId: carl.id, slackHandle: '@Carl' });
    await rounds(addDays(dueOn, 1));
    const told = await app.system.db.notification.findMany({
      where: { groupKey: `action-item:${itemId}` },
      orderBy: { sequence: 'asc' },
    });
    expect(told.map(({ mentions }) => mentions)).toEqual([[], ['carl']]);
    const owners = told.map(({ fields }) => (fields as { value: string }[])[0]?.value);
    expect(owners).toEqual(['Carl (rings nobody: no Slack handle)', 'Carl']);
  });

  it('come anew before another due date', async () => {
    const first = addDays(TODAY, 100);
    const { id: itemId } = await add({ title: 'Put off', dueOn: first });
    await rounds(first);
    const second = addDays(TODAY, 110);
    await changeActionItem(rosa.ctx, { itemId, version: 1, dueOn: second });
    await rounds(addDays(first, 1));
    expect(await remindersOf(itemId)).toEqual(['action-item.before']);
    await rounds(addDays(second, -1));
    expect(await remindersOf(itemId)).toEqual(['action-item.before', 'action-item.before']);
  });
});
