import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createEventRegistry } from '#server/bootstrap';
import { changeIncidentLevel, changeIncidentState } from '#server/incidents/commands/change-incident';
import { declareIncident } from '#server/incidents/commands/declare-incident';
import { mergeIncident } from '#server/incidents/commands/merge-incidents';
import { addIncidentNote } from '#server/incidents/commands/write-timeline';
import type { Ctx } from '#server/platform/context';
import { deliverEvents } from '#server/platform/event-delivery';
import {
  approvePostmortem,
  publishPostmortem,
  returnPostmortem,
  submitPostmortem,
} from '#server/postmortems/commands/decide';
import { createPostmortem, savePostmortem } from '#server/postmortems/commands/write-postmortem';
import {
  exportPostmortem,
  getPostmortem,
  getPostmortemRevision,
  listPostmortems,
} from '#server/postmortems/queries';
import { createTestApp, type TestApp } from '#server/testing/context';
import { METRICS_CONFIG } from '#server/testing/metrics';
import { addPerson, failureOf } from '#server/testing/people';

let app: TestApp;
let responder: Ctx;
let commander: Ctx;
let viewer: Ctx;

beforeAll(async () => {
  const env = { RUN_LEASE_MS: '10000', EVENT_LEASE_MS: '20000' };
  app = await createTestApp({ config: METRICS_CONFIG, events: createEventRegistry(), env });
  responder = (await addPerson(app, 'responder', { name: 'Rosa' })).ctx;
  commander = (await addPerson(app, 'commander', { name: 'Carl' })).ctx;
  viewer = await app.asRole('viewer');
});
afterAll(() => app.close());

const TEXT = { rootCause: 'The cache had no limit.', resolution: 'Rolled back.' };

/** Two workers deliver what is due, and then all of it is told once more, as after a crash. */
async function deliver(): Promise<void> {
  const worker = app.ids.uuid();
  const deliverAll = async (): Promise<void> => {
    for (;;) {
      const both = await Promise.all([deliverEvents(app, worker), deliverEvents(app, worker)]);
      if (both[0] + both[1] === 0) return;
    }
  };
  await deliverAll();
  await app.system.db.$executeRaw`
    UPDATE event_delivery SET status = 'pending', delivered_at = NULL, next_attempt_at = clock_timestamp()
    WHERE handler LIKE 'postmortems.%'`;
  await deliverAll();
  const [failed] = await app.system.db.eventDelivery.findMany({ where: { lastError: { not: null } } });
  expect(failed?.lastError).toBeUndefined();
}

async function resolved(more: Record<string, unknown> = {}, note = 'Rolled back to v1'): Promise<number> {
  const { number, version } = await declareIncident(responder, {
    title: 'Checkout *fails*',
    service: 'shop',
    environment: 'production',
    startedAt: new Date(Date.now() - 90 * 60_000).toISOString(),
    ...more,
  });
  await changeIncidentState(responder, { number, version, state: 'resolved', note });
  return number;
}

async function begun(more: Record<string, unknown> = {}): Promise<number> {
  const number = await resolved(more);
  await deliver();
  return number;
}

const versionOf = async (number: number) => (await getPostmortem(viewer, { number })).version;

describe('the end of an incident', () => {
  it('begins one post-mortem, however often it is resolved and told, with what the incident knows', async () => {
    const number = await begun();
    const reopened = await changeIncidentState(responder, { number, version: 2, state: 'investigating' });
    await addIncidentNote(responder, { number, text: 'Once more' });
    await changeIncidentState(responder, { number, version: reopened.version, state: 'resolved' });
    await deliver();
    const made = await getPostmortem(viewer, { number });
    expect(made).toMatchObject({
      state: 'draft',
      version: 1,
      revision: 1,
      level: 2,
      createdByName: 'The console',
    });
    expect(made.sections.summary).toContain('Checkout \\*fails\\* on shop/production. Level 2, major.');
    expect(made.sections.summary).toContain('Declared by Rosa; Rosa commanded');
    expect(made.sections.impact).toMatch(/^Lasted 1 h 30 min/);
    expect(made.sections.resolution).toBe('Rolled back to v1');
    expect(made.sections.rootCause).toBe('');
    expect(made.revisions).toMatchObject([{ number: 1, authorName: 'The console' }]);
    const told = await app.system.db.notification.findMany({ where: { link: `/postmortems/${number}` } });
    expect(told.map(({ kind }) => kind)).toEqual(['postmortem.created']);
    const audit = await app.system.db.auditEntry.findMany({ where: { action: 'postmortems.create' } });
    expect(audit.filter(({ targetLabel }) => targetLabel?.startsWith(`INC-${number} `))).toHaveLength(1);
  });

  it('begins none of a minor one, before its level is raised, nor of a merged one', async () => {
    const minor = await begun({ level: 3 });
    expect(await failureOf(getPostmortem(viewer, { number: minor }))).toMatchObject({ kind: 'not_found' });
    await changeIncidentLevel(responder, { number: minor, version: 2, level: 1, reason: 'Nobody could pay' });
    await deliver();
    expect(await getPostmortem(viewer, { number: minor })).toMatchObject({ level: 1, state: 'draft' });
    const goesOn = await begun();
    const same = await resolved();
    await mergeIncident(responder, { number: same, version: 2, into: goesOn, reason: 'The same' });
    await deliver();
    // Its number leads on.
    expect((await getPostmortem(viewer, { number: same })).incidentNumber).toBe(goesOn);
    expect(await app.system.db.postmortem.count({ where: { incident: { number: same } } })).toBe(0);
  });

  it('leaves others to people, once each, when they are over', async () => {
    const open = await declareIncident(responder, { title: 'Still open' });
    expect(await failureOf(createPostmortem(responder, { number: open.number }))).toMatchObject({
      kind: 'unprocessable',
      hint: expect.stringContaining('Resolve it first'),
    });
    const number = await begun({ level: 4 });
    expect(await failureOf(createPostmortem(viewer, { number }))).toMatchObject({ kind: 'forbidden' });
    const all = await Promise.allSettled([1, 2, 3].map(() => createPostmortem(responder, { number })));
    expect(all.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    expect(all.flatMap((each) => (each.status === 'rejected' ? [each.reason.kind] : []))).toEqual([
      'conflict',
      'conflict',
    ]);
  });
});

describe('writing', () => {
  it('of two who save at once one wins, the other is told, and nothing is lost', async () => {
    const number = await begun();
    const both = await Promise.allSettled([
      savePostmortem(responder, { number, version: 1, rootCause: 'Of Rosa' }),
      savePostmortem(commander, { number, version: 1, rootCause: 'Of Carl' }),
    ]);
    const lost = both.flatMap((each) => (each.status === 'rejected' ? [each.reason] : []));
    expect(lost).toEqual([
      expect.objectContaining({ kind: 'conflict', message: expect.stringContaining('Somebody has changed') }),
    ]);
    const after = await getPostmortem(viewer, { number });
    expect([after.version, after.revision]).toEqual([2, 2]);
    const winner = after.sections.rootCause;
    expect(['Of Rosa', 'Of Carl']).toContain(winner);
    // Who goes on from theirs keeps both: each text is a revision.
    const saved = await savePostmortem(commander, {
      number,
      version: 2,
      rootCause: 'Of both',
      wentWell: 'a\r\nb',
    });
    expect(saved.sections).toMatchObject({
      rootCause: 'Of both',
      wentWell: 'a\nb',
      resolution: 'Rolled back to v1',
    });
    const texts = await Promise.all(
      [1, 2, 3].map((revision) => getPostmortemRevision(viewer, { number, revision })),
    );
    expect(texts.map(({ sections }) => sections.rootCause)).toEqual(['', winner, 'Of both']);
    expect(
      await failureOf(savePostmortem(commander, { number, version: 3, rootCause: 'Of both' })),
    ).toMatchObject({
      kind: 'unprocessable',
    });
    expect(await failureOf(getPostmortemRevision(viewer, { number, revision: 9 }))).toMatchObject({
      kind: 'not_found',
    });
  });

  it('goes by review and the approval of somebody else to the team', async () => {
    const number = await begun();
    const early = await failureOf(submitPostmortem(responder, { number, version: 1 }));
    expect(early).toMatchObject({ kind: 'unprocessable', message: expect.stringContaining('Root cause') });
    await savePostmortem(commander, { number, version: 1, ...TEXT });
    const inReview = await submitPostmortem(commander, { number, version: 2 });
    expect(inReview.state).toBe('in_review');
    expect(
      (await listPostmortems(viewer, { view: 'review' })).rows.map((row) => row.incidentNumber),
    ).toContain(number);
    expect(await failureOf(approvePostmortem(responder, { number, version: 3 }))).toMatchObject({
      kind: 'forbidden',
    });
    const alone = await failureOf(approvePostmortem(commander, { number, version: 3 }));
    expect(alone).toMatchObject({ kind: 'unprocessable', message: expect.stringContaining('You alone') });
    const other = (await addPerson(app, 'commander', { name: 'Cleo' })).ctx;
    const both = await Promise.allSettled([
      approvePostmortem(other, { number, version: 3 }),
      returnPostmortem(responder, { number, version: 3, reason: 'A section is thin' }),
    ]);
    expect(both.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    let now = await getPostmortem(viewer, { number });
    if (now.state === 'draft') {
      now = await submitPostmortem(responder, { number, version: now.version });
      now = await approvePostmortem(other, { number, version: now.version });
    }
    expect(
      await failureOf(savePostmortem(responder, { number, version: now.version, summary: 'x' })),
    ).toMatchObject({
      kind: 'unprocessable',
      hint: expect.stringContaining('back to a draft'),
    });
    const published = await publishPostmortem(other, { number, version: now.version });
    expect(published).toMatchObject({ state: 'published', publishedAt: expect.any(String) });
    expect(published.decisions.map(({ kind, personName }) => [kind, personName]).slice(0, 2)).toEqual([
      ['published', 'Cleo'],
      ['approved', 'Cleo'],
    ]);
    const told = await app.system.db.notification.findMany({ where: { link: `/postmortems/${number}` } });
    expect(told.map(({ kind }) => kind).sort()).toEqual(['postmortem.created', 'postmortem.published']);
    const draft = await returnPostmortem(responder, {
      number,
      version: published.version,
      reason: 'A date is wrong',
    });
    expect(draft).toMatchObject({ state: 'draft', publishedAt: null });
    expect(draft.decisions[0]).toMatchObject({ kind: 'returned', reason: 'A date is wrong' });
  });

  it('lists what has no review until it is approved', async () => {
    const number = await begun({ title: 'Needle in the list' });
    const missing = async () =>
      (await listPostmortems(viewer, { view: 'missing', search: 'needle' })).rows.map((row) => row.state);
    expect(await missing()).toEqual(['draft']);
    await savePostmortem(responder, { number, version: 1, ...TEXT });
    await submitPostmortem(responder, { number, version: await versionOf(number) });
    expect(await missing()).toEqual(['in_review']);
    await approvePostmortem(commander, { number, version: await versionOf(number) });
    expect(await missing()).toEqual([]);
    const unbegun = await resolved({ title: 'Needle without' });
    expect(await missing()).toEqual([null]);
    expect((await listPostmortems(viewer, { search: `INC-${number}` })).rows).toMatchObject([
      { state: 'approved' },
    ]);
    expect((await listPostmortems(viewer, { search: `INC-${unbegun}` })).total).toBe(0);
  });

  it('is one document with the timeline as it is now, in which nobody else’s words are Markdown', async () => {
    const number = await begun();
    await addIncidentNote(responder, { number, text: 'Found\n# it [here](javascript:alert(1))' });
    const { markdown, fileName } = await exportPostmortem(viewer, { number });
    expect(fileName).toBe(`post-mortem-INC-${number}.md`);
    expect(markdown).toContain(`# Post-mortem of INC-${number}: Checkout \\*fails\\*`);
    expect(markdown).toContain('Rosa: Found \\# it \\[here\\]\\(javascript:alert\\(1\\)\\)');
    expect(markdown.match(/^## .*/gm)).toEqual([
      '## Summary',
      '## Impact',
      '## Timeline',
      '## Root cause',
      '## Contributing factors',
      '## Resolution',
      '## What went well',
      '## What went badly',
      '## Where we were lucky',
      '## Action items',
      '## Message to the team',
      '## Message to the public',
    ]);
  });
});
