import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { setOwnSlackHandle } from '#server/auth/commands/set-slack-handle';
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
  getPostmortemTimeline,
  listPostmortems,
} from '#server/postmortems/queries';
import { POSTMORTEM_TIMELINE_MAX } from '#server/postmortems/words/contract';
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
    expect([...new Set(told.map(({ kind }) => kind))].sort()).toEqual([
      'postmortem.created',
      'postmortem.published',
      'postmortem.review',
    ]);
  });

  it('is taken back to a draft by whoever writes while it waits, and then only by who may approve', async () => {
    const number = await begun();
    await savePostmortem(responder, { number, version: 1, ...TEXT });
    await submitPostmortem(responder, { number, version: 2 });
    const reason = 'A date is wrong';
    expect((await returnPostmortem(responder, { number, version: 3, reason })).state).toBe('draft');
    await submitPostmortem(responder, { number, version: 4 });
    await approvePostmortem(commander, { number, version: 5 });
    const audits = () => app.system.db.auditEntry.count({ where: { action: 'postmortems.return' } });
    const before = await audits();
    expect(await failureOf(returnPostmortem(responder, { number, version: 6, reason }))).toMatchObject({
      kind: 'forbidden',
      hint: expect.stringContaining('Incident commander'),
    });
    expect(await getPostmortem(viewer, { number })).toMatchObject({ state: 'approved', version: 6 });
    expect(await audits()).toBe(before);
    expect((await returnPostmortem(commander, { number, version: 6, reason })).state).toBe('draft');
    expect(await audits()).toBe(before + 1);
  });

  it('stays published as it was while another text is written, until that is published', async () => {
    const number = await begun();
    await savePostmortem(responder, { number, version: 1, ...TEXT });
    await submitPostmortem(responder, { number, version: 2 });
    await approvePostmortem(commander, { number, version: 3 });
    const published = await publishPostmortem(commander, { number, version: 4 });
    expect(published).toMatchObject({ publishedRevision: 2, publishedAt: expect.any(String) });
    const reason = 'A date is wrong';
    expect(await failureOf(returnPostmortem(responder, { number, version: 5, reason }))).toMatchObject({
      kind: 'forbidden',
    });
    const draft = await returnPostmortem(commander, { number, version: 5, reason });
    expect(draft).toMatchObject({
      state: 'draft',
      publishedRevision: 2,
      publishedAt: published.publishedAt,
    });
    expect(draft.decisions[0]).toMatchObject({ kind: 'returned', reason });
    await savePostmortem(responder, { number, version: 6, resolution: 'Rolled back at noon.' });
    const { markdown } = await exportPostmortem(viewer, { number });
    expect(markdown).toContain('- State: Draft, revision 3\n- Published: revision 2, ');
    const [listed] = (await listPostmortems(viewer, { search: `INC-${number}` })).rows;
    expect(listed).toMatchObject({ state: 'draft', publishedRevision: 2 });
    await submitPostmortem(responder, { number, version: 7 });
    await approvePostmortem(commander, { number, version: 8 });
    expect(await publishPostmortem(commander, { number, version: 9 })).toMatchObject({
      state: 'published',
      publishedRevision: 3,
    });
    const told = await app.system.db.notification.findMany({
      where: { link: `/postmortems/${number}`, kind: 'postmortem.published' },
      orderBy: { sequence: 'asc' },
    });
    expect(told.map(({ subject }) => /(is published.*):/.exec(subject)?.[1])).toEqual([
      'is published',
      'is published anew',
    ]);
  });

  it('asks for a review those who may approve it, by their handles, but not who asks', async () => {
    const [asks, approves, shut] = await Promise.all(
      ['Asks', 'Approves', 'Shut'].map(async (name) => {
        const person = await addPerson(app, 'commander', { name });
        await setOwnSlackHandle(person.ctx, { slackHandle: ` @${name}.1 ` });
        return person;
      }),
    );
    await setOwnSlackHandle(responder, { slackHandle: 'rosa' });
    await app.system.db.user.update({ where: { id: shut?.id ?? '' }, data: { disabledAt: new Date() } });
    const number = await begun();
    await savePostmortem(responder, { number, version: 1, ...TEXT });
    await submitPostmortem(asks?.ctx as Ctx, { number, version: 2 });
    const told = await app.system.db.notification.findFirst({
      where: { link: `/postmortems/${number}`, kind: 'postmortem.review' },
    });
    expect(told).toMatchObject({
      subject: `The post-mortem of INC-${number} waits for a review: Checkout *fails*`,
      mentions: ['approves.1'],
    });
    expect(approves?.ctx.actor.name).toBe('Approves');
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

  it('has the whole timeline up to a stated most, and says where it is cut', async () => {
    const number = await begun();
    await app.system.db.$executeRaw`
      INSERT INTO incident_entry (incident_id, kind, text, occurred_at, recorded_at, author_name)
      SELECT id, 'note', 'Entry ' || n, now(), now(), 'Rosa' FROM incident, generate_series(1, ${POSTMORTEM_TIMELINE_MAX}) n
      WHERE number = ${number}`;
    const { rows, total } = await getPostmortemTimeline(viewer, { number });
    expect(rows).toHaveLength(POSTMORTEM_TIMELINE_MAX);
    expect(total).toBeGreaterThan(POSTMORTEM_TIMELINE_MAX);
    expect((await getPostmortemTimeline(viewer, { number, most: 3 })).rows).toHaveLength(3);
    const { markdown } = await exportPostmortem(viewer, { number });
    expect(markdown.match(/: Entry \d+$/gm)?.length).toBeGreaterThan(POSTMORTEM_TIMELINE_MAX - 10);
    expect(markdown).toContain(`The timeline is cut here: ${total - POSTMORTEM_TIMELINE_MAX} more entr`);
    for (const most of [0, POSTMORTEM_TIMELINE_MAX + 1])
      expect(await failureOf(getPostmortemTimeline(viewer, { number, most }))).toMatchObject({
        kind: 'invalid_input',
      });
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
