import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createEventRegistry } from '#server/bootstrap';
import { estimateImpact, overrideImpact } from '#server/business/commands';
import type { IncidentImpact } from '#server/business/contract';
import { createSources } from '#server/business/drivers/registry';
import { BUSINESS_SOURCES } from '#server/business/drivers/source';
import { getImpact, listImpacts } from '#server/business/queries';
import { priorSpans } from '#server/business/state';
import { changeIncidentState } from '#server/incidents/commands/change-incident';
import { declareIncident } from '#server/incidents/commands/declare-incident';
import { mergeIncident } from '#server/incidents/commands/merge-incidents';
import { listTimeline } from '#server/incidents/queries';
import type { Ctx } from '#server/platform/context';
import { deliverEvents } from '#server/platform/event-delivery';
import { savePostmortem } from '#server/postmortems/commands/write-postmortem';
import { getPostmortem } from '#server/postmortems/queries';
import { opsConfigSchema } from '#server/services/config';
import { businessConfig, createBusinessShop } from '#server/testing/business-shop';
import { createTestApp, type TestApp } from '#server/testing/context';
import { METRICS_CONFIG } from '#server/testing/metrics';
import { addPerson, failureOf } from '#server/testing/people';

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;
let shop: Awaited<ReturnType<typeof createBusinessShop>>;
let app: TestApp;
let responder: Ctx;
let viewer: Ctx;
/** What the source reads; changed to take the source away. */
const variables: Record<string, string> = {};
/** What reading it fails of, if of anything. */
let fault: Error | null = null;

const config = businessConfig();

beforeAll(async () => {
  shop = await createBusinessShop();
  const sources = (service: string, name: string) => {
    const source = createSources(opsConfigSchema.parse(config), variables)(service, name);
    if (source === null || fault === null) return source;
    return { ...source, measure: () => Promise.reject(fault) };
  };
  app = await createTestApp({
    config,
    events: createEventRegistry(),
    env: { RUN_LEASE_MS: '10000', EVENT_LEASE_MS: '20000' },
    provide: [[BUSINESS_SOURCES, sources]],
  });
  responder = (await addPerson(app, 'responder', { name: 'Rosa' })).ctx;
  viewer = await app.asRole('viewer');
});
beforeEach(async () => {
  variables.SHOP_READ_URL = shop.readerUrl;
  await shop.query('TRUNCATE customer_order, payment_attempt, visit');
});
afterAll(async () => {
  await app?.close();
  await shop?.drop();
});

interface Opened {
  number: number;
  version: number;
  startedAt: Date;
}

async function opened(minutes: number, more: Record<string, unknown> = {}): Promise<Opened> {
  const startedAt = new Date(Date.now() - minutes * MINUTE_MS);
  const { number, version } = await declareIncident(responder, {
    title: 'Checkout fails',
    service: 'shop',
    environment: 'production',
    startedAt: startedAt.toISOString(),
    ...more,
  });
  return { number, version, startedAt };
}

const later = (at: Date, minutes: number) => new Date(at.getTime() + minutes * MINUTE_MS);

/** Four weeks with their sums at ten minutes into the same span, and a day before each in which it traded. */
async function fourWeeks(startedAt: Date, totals: number[][]): Promise<void> {
  const spans = priorSpans({ from: startedAt, until: startedAt });
  await shop.trade(new Date(startedAt.getTime() - DAY_MS / 2), { visitors: ['early'] });
  for (const [index, { from }] of spans.entries()) {
    const sums = totals[index];
    if (!sums) continue;
    await shop.trade(new Date(from.getTime() - DAY_MS / 2), { visitors: ['early'] });
    await shop.trade(later(from, 10), { totals: sums, visitors: sums.map((_, at) => `v${at}`) });
  }
}

/** Delivers all that is due and what that causes. @returns the last error of what is to be tried again */
async function deliver(): Promise<string | null> {
  const worker = app.ids.uuid();
  for (;;) {
    const both = await Promise.all([deliverEvents(app, worker), deliverEvents(app, worker)]);
    if (both[0] + both[1] === 0) break;
  }
  const waiting = await app.system.db.eventDelivery.findFirst({ where: { status: 'pending' } });
  return waiting?.lastError ?? null;
}

/** What waits for its next attempt is due now, and what was delivered is told once more, as after a crash. */
async function tellAgain(): Promise<void> {
  await app.system.db.$executeRaw`
    UPDATE event_delivery SET status = 'pending', delivered_at = NULL, next_attempt_at = clock_timestamp() - interval '1 millisecond', lease_until = NULL`;
}

const resolve = ({ number, version }: Opened, at?: Date) =>
  changeIncidentState(responder, {
    number,
    version,
    state: 'resolved',
    note: 'Rolled back',
    occurredAt: at?.toISOString(),
  });

describe('the cost of an incident', () => {
  it('is right to the cent, from what lies within the same span of four weeks', async () => {
    const incident = await opened(60);
    const { number, startedAt } = incident;
    await fourWeeks(startedAt, [[10_001, 20_002], [5_000], [40_000, 1], [30_000]]);
    const [first] = priorSpans({ from: startedAt, until: startedAt });
    const from = first?.from ?? startedAt;
    // The edges: the first moment counts, the end and what is before do not.
    await shop.trade(from, { totals: [7] });
    await shop.trade(later(from, 40), { totals: [100_000] });
    await shop.trade(new Date(from.getTime() - 1), { totals: [100_000] });
    await shop.trade(later(startedAt, 5), { totals: [1_234], refused: 3, visitors: ['v0', 'v0', 'v9'] });
    await shop.trade(later(startedAt, 45), { totals: [99_999], refused: 1, visitors: ['v8'] });
    await resolve(incident, later(startedAt, 40));
    expect(await deliver()).toBeNull();

    const impact = await getImpact(viewer, { number });
    expect(impact).toMatchObject({
      durationMs: 40 * MINUTE_MS,
      source: { service: 'shop', environment: 'production', currency: 'EUR' },
      current: {
        kind: 'estimate',
        method: 'same-hours-of-prior-weeks',
        methodVersion: 1,
        from: startedAt.toISOString(),
        until: later(startedAt, 40).toISOString(),
        currency: 'EUR',
        revenueLowMinor: 5_000 - 1_234,
        revenueHighMinor: 40_001 - 1_234,
        usersLow: 0,
        usersHigh: 2,
        authorName: 'The console',
        inputs: {
          actual: {
            orders: 1,
            revenueMinor: 1_234,
            payments: 4,
            failedPayments: 3,
            visits: 3,
            visitors: 2,
          },
        },
      },
    });
    expect(impact.current?.inputs?.weeks.map(({ sums }) => sums?.revenueMinor)).toEqual([
      30_010, 5_000, 40_001, 30_000,
    ]);
    // Its post-mortem has the range from its first revision on.
    const postmortem = await getPostmortem(viewer, { number });
    expect(postmortem.revision).toBe(1);
    expect(postmortem.sections.impact).toContain('Lost revenue: €37.66 to €387.67');
    expect(postmortem.sections.impact).toContain('3 of 4 payments failed');
    const timeline = await listTimeline(viewer, { number });
    expect(timeline.rows[0]).toMatchObject({
      kind: 'system',
      text: 'Lost revenue: €37.66 to €387.67. Users affected: 0 to 2.',
    });

    await tellAgain();
    expect(await deliver()).toBeNull();
    expect((await getImpact(viewer, { number })).history).toHaveLength(1);
    expect((await listTimeline(viewer, { number })).total).toBe(timeline.total);
    expect((await getPostmortem(viewer, { number })).revision).toBe(1);
  });

  it('is estimated while it lasts when somebody asks, and again at its end', async () => {
    const incident = await opened(30);
    const { number, startedAt } = incident;
    await fourWeeks(startedAt, [[2_000], [3_000]]);
    expect(await failureOf(estimateImpact(viewer, { number }))).toMatchObject({ kind: 'forbidden' });
    const asked = await estimateImpact(responder, { number });
    expect(asked.current).toMatchObject({
      revenueLowMinor: 2_000,
      revenueHighMinor: 3_000,
      authorName: 'Rosa',
    });
    expect(asked.current?.inputs?.weeks.map(({ leftOut }) => leftOut)).toEqual([
      null,
      null,
      'Nothing was recorded around it.',
      'Nothing was recorded around it.',
    ]);
    await shop.trade(later(startedAt, 20), { totals: [500] });
    await resolve(incident);
    await deliver();
    const ended = await getImpact(viewer, { number });
    expect(ended.current).toMatchObject({ revenueLowMinor: 1_500, authorName: 'The console' });
    expect(ended.history.map(({ authorName }) => authorName)).toEqual(['The console', 'Rosa']);
    expect((await listImpacts(viewer, { numbers: [number] })).get(number)?.id).toBe(ended.current?.id);
    const audit = await app.system.db.auditEntry.count({ where: { action: 'business.estimate-impact' } });
    expect(audit).toBeGreaterThanOrEqual(2);
  });

  it('cannot be said of a shop without a week before, and is not nothing', async () => {
    const incident = await opened(10);
    await shop.trade(new Date(incident.startedAt.getTime() - 60_000), { visitors: ['v'] });
    await resolve(incident);
    await deliver();
    const { current } = await getImpact(viewer, { number: incident.number });
    expect(current).toMatchObject({
      revenueLowMinor: null,
      revenueHighMinor: null,
      revenueProblem: 'None of the four weeks before has data to compare with.',
      usersLow: null,
    });
    const { sections } = await getPostmortem(viewer, { number: incident.number });
    expect(sections.impact).toContain('Lost revenue: cannot be estimated. None of the four weeks');
  });

  it('of a source that is away is stated, keeps nothing back, and is told once it answers', async () => {
    const incident = await opened(30);
    const { number, startedAt } = incident;
    await fourWeeks(startedAt, [[2_000], [3_000], [4_000], [5_000]]);
    const away = new URL(shop.readerUrl);
    away.port = '9';
    variables.SHOP_READ_URL = away.href;
    await resolve(incident);
    const error = await deliver();
    expect(error).toBe("The service's database cannot be reached at what SHOP_READ_URL says.");
    const stated = await getImpact(viewer, { number });
    expect(stated.current?.revenueProblem).toBe(`${error} The console tries again.`);
    expect(stated.current?.revenueLowMinor).toBeNull();
    // The post-mortem did not wait.
    expect((await getPostmortem(viewer, { number })).sections.impact).toContain('The console tries again');
    expect(await failureOf(estimateImpact(responder, { number }))).toMatchObject({ kind: 'unavailable' });

    variables.SHOP_READ_URL = shop.readerUrl;
    await tellAgain();
    expect(await deliver()).toBeNull();
    const known = await getImpact(viewer, { number });
    expect(known.current).toMatchObject({ revenueLowMinor: 2_000, revenueHighMinor: 5_000 });
    expect(known.history).toHaveLength(2);
    const renewed = await getPostmortem(viewer, { number });
    expect(renewed).toMatchObject({ revision: 2, version: 2 });
    expect(renewed.sections.impact).toContain('€20.00 to €50.00');
  });

  it('that fails of something else is stated without what is internal, keeps nothing back, and is made later', async () => {
    const incident = await opened(30);
    const { number, startedAt } = incident;
    await fourWeeks(startedAt, [[2_000], [3_000], [4_000], [5_000]]);
    fault = new TypeError('rows[0] of reader@10.0.0.1 is undefined');
    try {
      await resolve(incident);
      expect(await deliver()).toBe(fault.message);
    } finally {
      fault = null;
    }
    const problem = 'The console failed to estimate it; its log says why. The console tries again.';
    expect((await getImpact(viewer, { number })).current).toMatchObject({
      revenueLowMinor: null,
      revenueProblem: problem,
      usersProblem: problem,
    });
    const begun = await getPostmortem(viewer, { number });
    expect(begun).toMatchObject({ state: 'draft', revision: 1 });
    expect(begun.sections.impact).toContain('The console failed to estimate it');
    expect(begun.sections.impact).not.toContain('10.0.0.1');

    await tellAgain();
    expect(await deliver()).toBeNull();
    expect((await getImpact(viewer, { number })).current).toMatchObject({ revenueLowMinor: 2_000 });
    const renewed = await getPostmortem(viewer, { number });
    expect(renewed.revision).toBe(2);
    expect(renewed.sections.impact).toContain('€20.00 to €50.00');
  });

  it('that is known later leaves a text alone in which somebody has written', async () => {
    const incident = await opened(30);
    const { number } = incident;
    variables.SHOP_READ_URL = '';
    await resolve(incident);
    expect(await deliver()).toBe('The environment variable SHOP_READ_URL is not set.');
    await savePostmortem(responder, { number, version: 1, impact: 'Nobody noticed.' });
    variables.SHOP_READ_URL = shop.readerUrl;
    await tellAgain();
    await deliver();
    expect((await getPostmortem(viewer, { number })).sections.impact).toBe('Nobody noticed.');
    expect((await getImpact(viewer, { number })).history).toHaveLength(2);
  });

  it('is said to have no source where none is set up, and followed by a post-mortem all the same', async () => {
    const bare = await createTestApp({ config: METRICS_CONFIG, events: createEventRegistry() });
    try {
      const person = (await addPerson(bare, 'responder')).ctx;
      const { number, version } = await declareIncident(person, { title: 'Slow' });
      await changeIncidentState(person, { number, version, state: 'resolved' });
      for (let round = 0; round < 2; round += 1) await deliverEvents(bare, bare.ids.uuid());
      const impact = await getImpact(person, { number });
      expect(impact).toMatchObject({
        current: null,
        source: null,
        sourceProblem: 'No source of orders, payments and visits is set up for any service.',
      });
      expect(await failureOf(estimateImpact(person, { number }))).toMatchObject({ kind: 'unprocessable' });
      expect((await getPostmortem(person, { number })).sections.impact).toContain('No source of orders');
    } finally {
      await bare.close();
    }
  });

  it('of a merged incident is that of the one that goes on; one of no place has the only source', async () => {
    const [from, to] = [await opened(20), await opened(20, { service: undefined, environment: undefined })];
    await mergeIncident(responder, {
      number: from.number,
      version: from.version,
      into: to.number,
      reason: 'The same',
    });
    const impact = await estimateImpact(responder, { number: from.number });
    expect(impact).toMatchObject({ incidentNumber: to.number, source: { environment: 'production' } });
  });
});

describe('what somebody says instead', () => {
  const say = (number: number, seen: string, more: Record<string, unknown>) =>
    overrideImpact(responder, { number, seen, reason: 'Counted by hand', ...more });

  it('counts over what the console reckons later, with its reason, until somebody estimates again', async () => {
    const incident = await opened(30);
    const { number, startedAt } = incident;
    await fourWeeks(startedAt, [[2_000]]);
    const said = await say(number, '0', { revenueLow: '12,5', revenueHigh: '1250.00' });
    expect(said.current).toMatchObject({
      kind: 'override',
      currency: 'EUR',
      revenueLowMinor: 1_250,
      revenueHighMinor: 125_000,
      usersLow: null,
      reason: 'Counted by hand',
      authorName: 'Rosa',
    });
    const both = await say(number, said.history[0]?.id ?? '', { usersLow: '3', usersHigh: 4 });
    expect(both.current).toMatchObject({ revenueHighMinor: 125_000, usersLow: 3, usersHigh: 4 });
    await resolve(incident);
    await deliver();
    const after = await getImpact(viewer, { number });
    expect(after.history.map(({ kind }) => kind)).toEqual(['estimate', 'override', 'override']);
    expect(after.current?.id).toBe(both.current?.id);
    expect((await getPostmortem(viewer, { number })).sections.impact).toContain(
      'Said by Rosa: Counted by hand',
    );
    const entries = await listTimeline(viewer, { number });
    expect(entries.rows.find(({ text }) => text.endsWith('Why: Counted by hand'))).toMatchObject({
      kind: 'action',
      authorName: 'Rosa',
    });
    expect((await estimateImpact(responder, { number })).current?.kind).toBe('estimate');
  });

  it('of two who say it at once one wins, the other is told, and nothing is lost', async () => {
    const { number } = await opened(5);
    const both = await Promise.allSettled([
      say(number, '0', { usersLow: 1, usersHigh: 2 }),
      say(number, '0', { usersLow: 3, usersHigh: 4 }),
    ]);
    const lost = both.flatMap((each) => (each.status === 'rejected' ? [each.reason.kind] : []));
    const won = both.flatMap((each) =>
      each.status === 'fulfilled' ? [(each.value as IncidentImpact).current?.usersLow] : [],
    );
    expect(lost).toEqual(['conflict']);
    const after = await getImpact(viewer, { number });
    expect(after.history.map(({ usersLow }) => usersLow)).toEqual(won);
  });

  it.each([
    [{}, 'revenueLow'],
    [{ revenueLow: '10' }, 'revenueHigh'],
    [{ revenueLow: '10', revenueHigh: '9.99' }, 'revenueHigh'],
    [{ revenueLow: '1.001', revenueHigh: '2' }, 'revenueLow'],
    [{ revenueLow: '-1', revenueHigh: '2' }, 'revenueLow'],
    [{ revenueLow: '1', revenueHigh: '2', currency: 'euro' }, 'currency'],
    [{ usersLow: 5 }, 'usersHigh'],
    [{ usersLow: 5, usersHigh: 4 }, 'usersHigh'],
    [{ usersLow: 1, usersHigh: 2, reason: ' ' }, 'reason'],
  ])('is refused with the field: %j', async (given, field) => {
    const { number } = await opened(5);
    const failure = await failureOf(say(number, '0', given));
    expect(failure).toMatchObject({ kind: 'invalid_input', fields: { [field]: [expect.any(String)] } });
    expect((await getImpact(viewer, { number })).history).toEqual([]);
  });
});
