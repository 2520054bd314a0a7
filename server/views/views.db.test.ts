import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { declareIncident } from '#server/incidents/commands/declare-incident';
import { listIncidents } from '#server/incidents/queries';
import type { Ctx } from '#server/platform/context';
import { createTestApp, type TestApp } from '#server/testing/context';
import { METRICS_CONFIG } from '#server/testing/metrics';
import { failureOf } from '#server/testing/people';
import { deleteView, renameView, saveView } from '#server/views/commands/keep-views';
import type { SavedView } from '#server/views/contract';
import { listViews } from '#server/views/queries';
import { VIEWS_MAX } from '#server/views/words/contract';

const list = 'incidents';
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

const save = (ctx: Ctx, name: string, more: object = {}): Promise<SavedView> =>
  saveView(ctx, { list, name, query: 'state=open', ...more });
const namesOf = async (ctx: Ctx) => (await listViews(ctx, { list })).map(({ name }) => name);

describe('a view', () => {
  it('is the filter of a list without paging, for its person alone', async () => {
    const saved = await save(viewer, ' Grave ', { query: '?state=open&page=3&level=1&search=' });
    expect(saved).toMatchObject({ name: 'Grave', query: 'level=1&state=open', isShared: false, version: 1 });
    expect(await namesOf(viewer)).toEqual(['Grave']);
    expect(await namesOf(commander)).toEqual([]);
    const { id: viewId, version } = saved;
    for (const attempt of [
      () => renameView(commander, { viewId, version, name: 'Mine' }),
      () => deleteView(commander, { viewId, version }),
    ])
      expect(await failureOf(attempt())).toMatchObject({ kind: 'not_found' });
    const [audit] = await app.system.db.auditEntry.findMany({ where: { action: 'views.save' } });
    expect(audit).toMatchObject({ targetLabel: 'incidents: Grave', targetType: 'saved-view' });
  });

  it('of everybody is seen by all, made and changed by who may work on the list', async () => {
    expect(await failureOf(save(viewer, 'For all', { isShared: 'true' }))).toMatchObject({
      kind: 'forbidden',
    });
    const shared = await save(responder, 'For all', { isShared: true });
    expect(await namesOf(viewer)).toEqual(['Grave', 'For all']);
    const { id: viewId, version } = shared;
    expect((await listViews(viewer, { list })).map(({ mayChange }) => mayChange)).toEqual([true, false]);
    expect(await failureOf(renameView(viewer, { viewId, version, name: 'No' }))).toMatchObject({
      kind: 'forbidden',
      message: expect.stringContaining('Test responder’s'),
    });
    const renamed = await renameView(commander, { viewId, version, name: 'For you' });
    expect(renamed).toMatchObject({ name: 'For you', version: 2 });
    expect(await failureOf(deleteView(responder, { viewId, version }))).toMatchObject({
      kind: 'conflict',
      message: expect.stringContaining('"For you" now'),
    });
    await deleteView(responder, { viewId, version: 2 });
    expect(await failureOf(deleteView(responder, { viewId, version: 2 }))).toMatchObject({
      kind: 'not_found',
    });
    expect(await namesOf(viewer)).toEqual(['Grave']);
  });

  it('has a name of its own, also when two save at once', async () => {
    const both = await Promise.allSettled([
      save(responder, 'Night shift', { isShared: true }),
      save(commander, 'NIGHT SHIFT', { isShared: true }),
    ]);
    const lost = both.flatMap((each) => (each.status === 'rejected' ? [each.reason] : []));
    expect(lost).toEqual([
      expect.objectContaining({
        kind: 'conflict',
        fields: { name: ['A view of everybody has this name.'] },
      }),
    ]);
    // One's own may be called as one of everybody, and as one of somebody else.
    await save(responder, 'Night shift');
    await save(commander, 'Night shift');
    const mine = await save(responder, 'Day shift');
    expect(
      await failureOf(renameView(responder, { viewId: mine.id, version: 1, name: 'night SHIFT' })),
    ).toMatchObject({ kind: 'conflict' });
  });

  it('is refused when it says nothing, has no name, or there are too many', async () => {
    expect(await failureOf(save(responder, 'All', { query: 'page=2&search=' }))).toMatchObject({
      kind: 'invalid_input',
      hint: expect.stringContaining('Filter the list first'),
    });
    expect(await failureOf(save(responder, ' '))).toMatchObject({
      fields: { name: ['Give it a name.'] },
    });
    expect(await failureOf(save(responder, 'Of what', { list: 'nothing' }))).toMatchObject({
      kind: 'invalid_input',
    });
    const admin = await app.asRole('admin');
    for (let index = 0; index < VIEWS_MAX; index += 1) await save(admin, `View ${index}`);
    expect(await failureOf(save(admin, 'One more'))).toMatchObject({ kind: 'unprocessable' });
  });
});

it('what the built-in views ask: mine, of these days, of these levels and graver', async () => {
  const old = new Date(Date.now() - 9 * 86_400_000).toISOString();
  const mine = await declareIncident(responder, { title: 'Mine', level: 1 });
  await declareIncident(commander, { title: 'Of another', level: 2, startedAt: old });
  await declareIncident(commander, { title: 'Minor', level: 3 });
  const titles = async (filter: object) =>
    (await listIncidents(responder, filter)).rows.map(({ title }) => title);
  expect(await titles({ mine: 'true' })).toEqual(['Mine']);
  expect(await titles({ mine: 'false' })).toHaveLength(3);
  expect(await titles({ worst: '2' })).toEqual(['Mine', 'Of another']);
  expect(await titles({ days: '7' })).toEqual(['Minor', 'Mine']);
  expect(await titles({ worst: '2', days: '7', mine: 'true', level: '1' })).toEqual(['Mine']);
  const { facets } = await listIncidents(responder, { worst: '2' });
  expect(facets.levels.map(({ count }) => count)).toEqual([1, 1, 0, 0]);
  expect(await failureOf(listIncidents(responder, { days: '0' }))).toMatchObject({ kind: 'invalid_input' });
  expect(mine.number).toBeGreaterThan(0);
});
