import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createEventRegistry } from '#server/bootstrap';
import { syncChecks } from '#server/monitoring/checks/sync';
import type { Ctx } from '#server/platform/context';
import {
  addStatusComponent,
  changeStatusComponent,
  retireStatusComponent,
} from '#server/status/commands/manage-components';
import { postStatusUpdate } from '#server/status/commands/post-update';
import type { StatusComponentView } from '#server/status/contract';
import { syncStatusComponents } from '#server/status/keep-page';
import { getPublicStatus, getStatusComposer } from '#server/status/queries';
import { statusPage } from '#server/status/render/pages';
import { createTestApp, type TestApp } from '#server/testing/context';
import { METRICS_CONFIG } from '#server/testing/metrics';
import { failureOf } from '#server/testing/people';

const PLACE = { service: 'shop', environment: 'production' };

let app: TestApp;
let responder: Ctx;
let commander: Ctx;
/** Keys of the checks of the only environment. */
let checks: string[];

beforeAll(async () => {
  app = await createTestApp({ config: METRICS_CONFIG, events: createEventRegistry() });
  [responder, commander] = await Promise.all([app.asRole('responder'), app.asRole('commander')]);
  await syncStatusComponents(app.system);
  await syncChecks(app.system);
  checks = (await getStatusComposer(responder, {})).places[0]?.checks.map(({ key }) => key) ?? [];
});
afterAll(() => app.close());

const add = (more: object) => addStatusComponent(commander, { ...PLACE, name: 'Checkout', ...more });
const change = (component: StatusComponentView, more: object) =>
  changeStatusComponent(commander, { ...component, ...more });
const retire = ({ key, version }: StatusComponentView) => retireStatusComponent(commander, { key, version });
const post = (component: string, more: object = {}) =>
  postStatusUpdate(responder, {
    title: 'Payments fail',
    state: 'investigating',
    text: 'We look into it.',
    impacts: [{ component, impact: 'degraded' }],
    ...more,
  });
const publicNames = async () => (await getPublicStatus(app.system, {})).components.map(({ name }) => name);

describe('components of the status page', () => {
  it('are added at the end, each with a key of its own, under a name that is free there', async () => {
    const names = ['Café & Checkout', 'Cafe, checkout', 'Shop production', '支付'];
    const added = await Promise.all(names.map((name) => add({ name, group: 'Keys' })));
    expect(added.map(({ key }) => key).sort()).toEqual([
      'cafe-checkout',
      'cafe-checkout-2',
      'component',
      // The environment has this one by itself, or would get it.
      'shop-production-2',
    ]);
    expect(added.map(({ position }) => position).sort()).toEqual([2, 3, 4, 5]);
    const twice = await Promise.allSettled([add({ group: 'Keys' }), add({ group: 'Keys' })]);
    expect(twice.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    const refused = await failureOf(add({ group: ' Keys ' }));
    expect(refused.fields).toEqual({ name: ['There is a component of this name under "Keys" already.'] });
    const [first] = added;
    if (!first) throw new Error('Four components were to be added');
    expect(await failureOf(change(first, { name: 'Checkout' }))).toMatchObject({ kind: 'invalid_input' });
    const { components } = await getStatusComposer(responder, {});
    for (const each of components.filter(({ group }) => group === 'Keys')) await retire(each);
    expect(await publicNames()).toEqual(['Shop']);
  });

  it('stand for an environment and checks that there are, and are set up by who may', async () => {
    for (const wrong of [{ environment: 'nowhere' }, { checkKeys: ['nothing'] }])
      expect(await failureOf(add(wrong))).toMatchObject({ kind: 'unprocessable' });
    for (const wrong of [{ name: ' ' }, { service: '' }, { checkKeys: [''] }, { group: 'x'.repeat(81) }])
      expect(await failureOf(add(wrong))).toMatchObject({ kind: 'invalid_input' });
    expect(await failureOf(addStatusComponent(responder, { ...PLACE, name: 'No' }))).toMatchObject({
      kind: 'forbidden',
    });
    expect(await publicNames()).toEqual(['Shop']);
  });

  it('show the uptime of their checks alone, and keep one that is taken away until somebody takes it out', async () => {
    const [measured, other] = checks;
    if (!measured || !other) throw new Error('The fixture has two checks');
    await app.system.db.$executeRaw`
      INSERT INTO check_hour (check_id, at, ok_count, failed_count, not_run_count, ok_seconds, failed_seconds, not_run_seconds, duration_ms_sum)
      SELECT id, date_trunc('hour', clock_timestamp()), 3, 1, 0, 2700, 900, 0, 10 FROM monitor_check WHERE key = ${measured}`;
    const one = await add({ name: 'One', checkKeys: [measured, measured] });
    expect(one.checkKeys).toEqual([measured]);
    const rest = await add({ name: 'Rest', checkKeys: [other] });
    const { components } = await getPublicStatus(app.system, {});
    expect(components.map(({ name, uptimePercent }) => [name, uptimePercent])).toEqual([
      ['Shop', 75],
      ['One', 75],
      ['Rest', null],
    ]);
    await app.system.db
      .$executeRaw`UPDATE monitor_check SET removed_at = clock_timestamp(), next_at = NULL WHERE key = ${other}`;
    const kept = await change(rest, { description: 'Renamed' });
    expect(kept.checkKeys).toEqual([other]);
    expect((await getPublicStatus(app.system, {})).components.at(-1)).toMatchObject({ state: 'unknown' });
    const all = await change(kept, { checkKeys: [] });
    expect(await failureOf(change(all, { checkKeys: [other] }))).toMatchObject({ kind: 'unprocessable' });
    await retire(one);
    await retire(all);
  });

  it('stand under their headings, those without one first, escaped', async () => {
    const group = 'Buying & <paying>';
    const [under, alone] = [await add({ name: 'Till', group }), await add({ name: 'Search' })];
    const status = await getPublicStatus(app.system, {});
    expect(status.components.map((each) => each.group)).toEqual(['', group, '']);
    const page = statusPage({ status, at: new Date(), isStale: false }, new Date());
    const headings = page.slice(page.indexOf('<h2>Components')).match(/<h[234].*?<\/h[234]>/g);
    expect(headings).toEqual([
      '<h2>Components</h2>',
      '<h3>Shop</h3>',
      '<h3>Search</h3>',
      '<h3 class="group">Buying &amp; &lt;paying&gt;</h3>',
      '<h4>Till</h4>',
      '<h2>Lately</h2>',
    ]);
    await retire(under);
    await retire(alone);
  });

  it('are retired once and for good, and what the public was told of them stays', async () => {
    const gone = await add({ name: 'Old till' });
    const hidden = await change(await add({ name: 'Secret' }), { isShown: false });
    const { number } = await post(gone.key);
    expect(await failureOf(retire(gone))).toMatchObject({
      kind: 'unprocessable',
      message: expect.stringContaining(`incident ${number}, "Payments fail", says`),
    });
    await post(gone.key, { number, version: 1, title: undefined, state: 'resolved' });
    const other = await post(hidden.key);
    await post(hidden.key, { number: other.number, version: 1, title: undefined, state: 'resolved' });
    const done = await Promise.allSettled([retire(gone), retire(gone), retire(hidden)]);
    expect(done.map(({ status }) => status).sort()).toEqual(['fulfilled', 'fulfilled', 'rejected']);
    const { components, incidents } = await getPublicStatus(app.system, {});
    expect(components.map(({ name }) => name)).toEqual(['Shop']);
    // A name that was hidden from the public is not told by its end.
    expect(incidents.map(({ affected }) => affected)).toEqual([
      [],
      [{ name: 'Old till', impact: 'degraded' }],
    ]);
    expect(await failureOf(post(gone.key))).toMatchObject({ kind: 'unprocessable' });
    const after = { ...gone, version: gone.version + 1 };
    for (const again of [() => change(after, { name: 'New till' }), () => retire(after)])
      expect(await failureOf(again())).toMatchObject({
        kind: 'conflict',
        message: expect.stringContaining('Test commander has retired "Old till"'),
      });
    expect(await app.system.db.auditEntry.count({ where: { targetLabel: 'Old till' } })).toBe(2);
  });

  it('that is told of and retired at once is either affected or gone, never both', async () => {
    const rounds = await Promise.all(
      Array.from({ length: 5 }, async (_, at) => {
        const each = await add({ name: `Race ${at}` });
        const both = await Promise.allSettled([post(each.key), retire(each)]);
        return both.map(({ status }) => status).sort();
      }),
    );
    expect(rounds).toEqual(rounds.map(() => ['fulfilled', 'rejected']));
  });

  it('of an environment is not made again once it is retired; nothing shown is nothing known', async () => {
    await app.system.db.$executeRaw`
      UPDATE status_incident SET state = 'resolved', resolved_at = clock_timestamp(), next_update_at = NULL, impacts = '{}'
      WHERE state <> 'resolved'`;
    const { components } = await getStatusComposer(responder, {});
    for (const each of components.filter(({ isRetired }) => !isRetired)) await retire(each);
    await syncStatusComponents(app.system);
    const status = await getPublicStatus(app.system, {});
    expect(status).toMatchObject({ overall: 'unknown', components: [] });
    expect(statusPage({ status, at: new Date(), isStale: false }, new Date())).toContain(
      'Nothing is shown here.',
    );
    await add({ name: 'Shop' });
    expect(await publicNames()).toEqual(['Shop']);
  });
});
