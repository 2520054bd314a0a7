import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createEventRegistry } from '#server/bootstrap';
import { declareIncident } from '#server/incidents/commands/declare-incident';
import { mergeIncident } from '#server/incidents/commands/merge-incidents';
import { listTimeline } from '#server/incidents/queries';
import type { Ctx } from '#server/platform/context';
import { deliverEvents } from '#server/platform/event-delivery';
import { discardStatusDraft, keepStatusDraft } from '#server/status/commands/keep-drafts';
import { postStatusUpdate } from '#server/status/commands/post-update';
import type { StatusDraftView } from '#server/status/contract';
import { forgetOldDrafts } from '#server/status/forget-drafts';
import { getPublicStatus, getStatusComposer } from '#server/status/queries';
import { createTestApp, type TestApp } from '#server/testing/context';
import { METRICS_CONFIG } from '#server/testing/metrics';
import { failureOf } from '#server/testing/people';

let app: TestApp;
let ana: Ctx;
let ben: Ctx;

beforeAll(async () => {
  app = await createTestApp({ config: METRICS_CONFIG, events: createEventRegistry() });
  [ana, ben] = await Promise.all([app.asRole('responder'), app.asRole('commander')]);
});
afterAll(() => app.close());

const keep = (ctx: Ctx, more: object = {}) =>
  keepStatusDraft(ctx, { title: 'Payments fail', state: 'identified', text: 'Half a sente', ...more });
const seen = ({ id, version }: StatusDraftView) => ({ draftId: id, version });
const drafts = async (ctx: Ctx) => (await getStatusComposer(ctx, {})).drafts;
const post = (ctx: Ctx, more: object = {}) =>
  postStatusUpdate(ctx, { title: 'Payments fail', state: 'identified', text: 'A whole sentence.', ...more });
const clear = () => app.system.db.statusDraft.deleteMany();

describe('drafts of updates', () => {
  it('are kept as they were typed, also unfinished ones, and read by everybody who may post', async () => {
    const impacts = [
      { component: 'shop-production', impact: 'degraded' },
      { component: 'other', impact: 'none' },
    ];
    const kept = await keep(ana, { title: ' ', impacts, nextUpdateMinutes: 0, text: ' Half a\nsente ' });
    expect(kept).toMatchObject({
      isOwn: true,
      number: null,
      incident: null,
      title: '',
      version: 1,
      taken: null,
    });
    expect(kept).toMatchObject({ text: ' Half a\nsente ', nextUpdateMinutes: 0, impacts: [impacts[0]] });
    expect(Math.abs(Date.parse(kept.keptAt) - Date.now())).toBeLessThan(60_000);
    expect(await drafts(ana)).toEqual([kept]);
    expect(await drafts(ben)).toEqual([{ ...kept, isOwn: false }]);
    expect(await failureOf(getStatusComposer(await app.asRole('viewer'), {}))).toMatchObject({
      kind: 'forbidden',
    });
    await clear();
  });

  it('are one of each person and subject, the last that was kept, and only what was looked at is replaced', async () => {
    const { number } = await declareIncident(ana, { title: 'Inside', level: 3 });
    const opened = await post(ana);
    const first = await keep(ana);
    for (const about of [{ incident: number }, { number: opened.number }]) await keep(ana, about);
    await keep(ben);
    expect(await drafts(ana)).toHaveLength(4);
    const next = await keep(ana, { text: 'Half a sentence', seen: seen(first) });
    expect(next).toMatchObject({ id: first.id, version: 2, text: 'Half a sentence' });
    for (const stale of [{}, { seen: seen(first) }])
      expect(await failureOf(keep(ana, { ...stale, text: 'Another window' }))).toMatchObject({
        kind: 'conflict',
        message: expect.stringMatching(/^You have kept another draft of this at \d\d:\d\d UTC/),
      });
    expect((await drafts(ana)).find(({ id }) => id === first.id)).toEqual(next);
    await clear();
    const both = await Promise.allSettled([keep(ana), keep(ana)]);
    expect(both.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    await clear();
  });

  it('of others cannot be replaced or thrown away', async () => {
    const hers = await keep(ana);
    const his = await keep(ben, { seen: seen(hers), text: 'His' });
    expect(his.id).not.toBe(hers.id);
    expect(await failureOf(discardStatusDraft(ben, seen(hers)))).toMatchObject({ kind: 'forbidden' });
    expect((await drafts(ana)).find(({ isOwn }) => isOwn)).toEqual(hers);
    expect(await failureOf(discardStatusDraft(ana, { ...seen(hers), version: 9 }))).toMatchObject({
      kind: 'conflict',
    });
    await discardStatusDraft(ana, seen(hers));
    expect(await failureOf(discardStatusDraft(ana, seen(hers)))).toMatchObject({ kind: 'conflict' });
    expect(await drafts(ana)).toEqual([{ ...his, isOwn: false }]);
    // What was looked at is gone: the words are kept all the same.
    expect(await keep(ana, { seen: seen(hers) })).toMatchObject({ version: 1, isOwn: true });
    await clear();
  });

  it('go with the update that is posted from them, in its transaction, and stay when it is refused', async () => {
    const hers = await keep(ana);
    const his = await keep(ben, { text: 'Half a sentence, and more', taken: seen(hers) });
    expect(his.taken).toEqual(seen(hers));
    const other = await keep(ben, {
      incident: (await declareIncident(ben, { title: 'Other', level: 3 })).number,
    });
    const both = [seen(his), seen(hers)];
    expect(await failureOf(post(ben, { drafts: both, text: ' ' }))).toMatchObject({ kind: 'invalid_input' });
    expect(await failureOf(post(ben, { drafts: both, incident: 999_999 }))).toMatchObject({
      kind: 'unprocessable',
    });
    expect(await drafts(ben)).toHaveLength(3);
    const opened = await post(ben, { drafts: both });
    expect((await drafts(ben)).map(({ id }) => id)).toEqual([other.id]);
    // What somebody has changed since holds words that were not posted.
    const again = await keep(ana, { number: opened.number });
    await keep(ana, { number: opened.number, seen: seen(again), text: 'Newer words' });
    await post(ben, { number: opened.number, version: 1, title: undefined, drafts: [seen(again)] });
    expect((await drafts(ana)).map(({ text }) => text)).toContain('Newer words');
    await clear();
  });

  it('follow their incident when it is merged or told of meanwhile', async () => {
    const [one, two] = [
      await declareIncident(ana, { title: 'One', level: 3 }),
      await declareIncident(ana, { title: 'Two', level: 3 }),
    ];
    const before = await keep(ana, { incident: one.number });
    await mergeIncident(ana, {
      number: one.number,
      version: one.version,
      into: two.number,
      reason: 'The same',
    });
    const merged = await keep(ana, { incident: one.number, seen: seen(before) });
    expect(merged).toMatchObject({ id: before.id, incident: two.number, version: 2 });
    const { number } = await post(ben, { incident: two.number });
    const moved = await keep(ana, { number, seen: seen(merged) });
    expect(moved).toMatchObject({ id: before.id, incident: null, number, version: 3 });
    expect(await drafts(ana)).toHaveLength(1);
    await clear();
  });

  it('are refused with what to do, and leave nothing behind', async () => {
    const kinds = await Promise.all(
      [
        { title: ' ', text: ' \n' },
        { text: 'x'.repeat(2_001) },
        { title: 'x'.repeat(151) },
        { state: 'fine' },
        { impacts: [{ component: 'No key', impact: 'degraded' }] },
        { nextUpdateMinutes: 1_441 },
        { number: 999_999 },
        { incident: 999_999 },
      ].map(async (more) => (await failureOf(keep(ana, more))).kind),
    );
    expect(kinds).toEqual([...Array(6).fill('invalid_input'), 'not_found', 'unprocessable']);
    expect(await failureOf(keep(await app.asRole('viewer')))).toMatchObject({ kind: 'forbidden' });
    expect(await failureOf(keep(app.system))).toMatchObject({ kind: 'unprocessable' });
    expect(await drafts(ana)).toEqual([]);
  });

  it('that nobody kept again for 30 days are thrown away', async () => {
    const old = await keep(ana);
    const young = await keep(ben);
    const age = (id: string, days: number) => app.system.db.$executeRaw`
      UPDATE status_draft SET kept_at = clock_timestamp() - ${days}::int * interval '1 day' WHERE id = ${id}::uuid`;
    await Promise.all([age(old.id, 31), age(young.id, 29)]);
    await Promise.all([forgetOldDrafts(app.system), forgetOldDrafts(app.system)]);
    expect((await drafts(ben)).map(({ id }) => id)).toEqual([young.id]);
    const entries = await app.system.db.auditEntry.findMany({
      where: { targetId: old.id },
      orderBy: { id: 'asc' },
    });
    expect(entries.map(({ action }) => action)).toEqual(['status.keep-draft', 'status.discard-draft']);
    await clear();
  });

  it('never leave the composer: neither the public, nor timelines, nor events, nor the audit has their words', async () => {
    const { number } = await declareIncident(ana, { title: 'Inside', level: 2 });
    const opened = await post(ana, { incident: number });
    const words = { title: 'SESAME title', text: 'SESAME text' };
    const first = await keep(ana, { ...words, number: opened.number });
    await keep(ana, { ...words, text: 'SESAME more', number: opened.number, seen: seen(first) });
    const other = await keep(ben, { ...words, taken: { ...seen(first), version: 2 } });
    await discardStatusDraft(ben, seen(other));
    for (let count = 1; count > 0; ) count = await deliverEvents(app, app.ids.uuid());
    const { db } = app.system;
    const places = {
      public: await getPublicStatus(app.system, {}),
      timeline: await listTimeline(ana, { number, order: 'oldest' }),
      events: await db.event.findMany(),
      audit: await db.auditEntry.findMany(),
      notifications: await db.notification.findMany(),
    };
    expect(JSON.stringify(places.audit, bigints)).toContain('status.keep-draft');
    for (const [place, content] of Object.entries(places))
      expect(JSON.stringify(content, bigints), place).not.toContain('SESAME');
  });
});

function bigints(_key: string, value: unknown): unknown {
  return typeof value === 'bigint' ? String(value) : value;
}
