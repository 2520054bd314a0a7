import pg from 'pg';
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
import { createTestApp, type TestApp } from '#server/testing/context';
import { createTestDatabase, type TestDatabase } from '#server/testing/database';
import { METRICS_CONFIG } from '#server/testing/metrics';
import { addPerson, failureOf } from '#server/testing/people';
import { withAdmin } from '#server/testing/server';

/* The tables of the example shop, as its base migration makes them, in a Postgres of its own with a login that may read. */

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;
const READER = `shop_reader_${Date.now()}`;
const PASSWORD = 'known-to-nobody-else';
const QUERIES = {
  orders: 'SELECT placed_at AS at, total_cents AS amount FROM customer_order -- each with its total',
  payments: "SELECT at, outcome = 'refused' AS failed FROM payment_attempt",
  visits: 'SELECT at, visitor FROM visit',
};

let shop: TestDatabase;
let app: TestApp;
let responder: Ctx;
let viewer: Ctx;
/** What the source reads; changed to take the source away. */
const variables: Record<string, string> = {};
let readerUrl = '';

const config = structuredClone(METRICS_CONFIG);
const environment = config.services.shop?.environments.production;
if (environment)
  environment.business = {
    driver: 'postgres',
    urlVariable: 'SHOP_READ_URL',
    currency: 'EUR',
    queries: QUERIES,
  };

beforeAll(async () => {
  shop = await createTestDatabase({ empty: true });
  await onShop(`
    CREATE TABLE customer_order (id text PRIMARY KEY, email text NOT NULL, total_cents int NOT NULL CHECK (total_cents > 0),
      placed_at timestamptz NOT NULL DEFAULT now());
    CREATE TABLE payment_attempt (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, amount_cents int NOT NULL,
      outcome text NOT NULL CHECK (outcome IN ('accepted', 'refused')), at timestamptz NOT NULL DEFAULT now());
    CREATE TABLE visit (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, visitor text NOT NULL, path text NOT NULL, at timestamptz NOT NULL);
    CREATE ROLE ${READER} LOGIN PASSWORD '${PASSWORD}';
    GRANT SELECT (placed_at, total_cents) ON customer_order TO ${READER};
    GRANT SELECT (at, outcome) ON payment_attempt TO ${READER};
    GRANT SELECT (at, visitor) ON visit TO ${READER};`);
  const url = new URL(shop.adminUrl);
  url.username = READER;
  url.password = PASSWORD;
  readerUrl = url.href;
  const sources = (service: string, name: string) =>
    createSources(opsConfigSchema.parse(config), variables)(service, name);
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
  variables.SHOP_READ_URL = readerUrl;
  await onShop('TRUNCATE customer_order, payment_attempt, visit');
});
afterAll(async () => {
  await app?.close();
  const { adminUrl } = shop;
  await onShop(`DROP OWNED BY ${READER}`);
  const server = new URL(adminUrl);
  server.pathname = '/postgres';
  await shop.drop();
  await withAdmin(server.href, (client) => client.query(`DROP ROLE IF EXISTS ${READER}`));
});

const onShop = (sql: string, values?: unknown[]) =>
  withAdmin(shop.adminUrl, (client) => client.query(sql, values));

let orders = 0;
/** What the shop writes down when somebody looks, pays, or is refused, at a time. */
async function trade(at: Date, trades: { totals?: number[]; refused?: number; visitors?: string[] }) {
  const { totals = [], refused = 0, visitors = [] } = trades;
  for (const total of totals) {
    orders += 1;
    await onShop('INSERT INTO customer_order VALUES ($1, $2, $3, $4)', [`o${orders}`, 'a@b.c', total, at]);
    await onShop("INSERT INTO payment_attempt (amount_cents, outcome, at) VALUES ($1, 'accepted', $2)", [
      total,
      at,
    ]);
  }
  for (let count = 0; count < refused; count += 1)
    await onShop("INSERT INTO payment_attempt (amount_cents, outcome, at) VALUES (1, 'refused', $1)", [at]);
  for (const visitor of visitors)
    await onShop("INSERT INTO visit (visitor, path, at) VALUES ($1, '/', $2)", [visitor, at]);
}

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
  await trade(new Date(startedAt.getTime() - DAY_MS / 2), { visitors: ['early'] });
  for (const [index, { from }] of spans.entries()) {
    const sums = totals[index];
    if (!sums) continue;
    await trade(new Date(from.getTime() - DAY_MS / 2), { visitors: ['early'] });
    await trade(later(from, 10), { totals: sums, visitors: sums.map((_, at) => `v${at}`) });
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
    UPDATE event_delivery SET status = 'pending', delivered_at = NULL, next_attempt_at = clock_timestamp(), lease_until = NULL`;
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
    await trade(from, { totals: [7] });
    await trade(later(from, 40), { totals: [100_000] });
    await trade(new Date(from.getTime() - 1), { totals: [100_000] });
    await trade(later(startedAt, 5), { totals: [1_234], refused: 3, visitors: ['v0', 'v0', 'v9'] });
    await trade(later(startedAt, 45), { totals: [99_999], refused: 1, visitors: ['v8'] });
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
    await trade(later(startedAt, 20), { totals: [500] });
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
    await trade(new Date(incident.startedAt.getTime() - 60_000), { visitors: ['v'] });
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
    const away = new URL(readerUrl);
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

    variables.SHOP_READ_URL = readerUrl;
    await tellAgain();
    expect(await deliver()).toBeNull();
    const known = await getImpact(viewer, { number });
    expect(known.current).toMatchObject({ revenueLowMinor: 2_000, revenueHighMinor: 5_000 });
    expect(known.history).toHaveLength(2);
    const renewed = await getPostmortem(viewer, { number });
    expect(renewed).toMatchObject({ revision: 2, version: 2 });
    expect(renewed.sections.impact).toContain('€20.00 to €50.00');
  });

  it('that is known later leaves a text alone in which somebody has written', async () => {
    const incident = await opened(30);
    const { number } = incident;
    variables.SHOP_READ_URL = '';
    await resolve(incident);
    expect(await deliver()).toBe('The environment variable SHOP_READ_URL is not set.');
    await savePostmortem(responder, { number, version: 1, impact: 'Nobody noticed.' });
    variables.SHOP_READ_URL = readerUrl;
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

describe('the source', () => {
  const source = (queries: Partial<typeof QUERIES> = {}, url = readerUrl) => {
    const changed = structuredClone(config);
    const settings = changed.services.shop?.environments.production?.business;
    if (settings?.driver === 'postgres') Object.assign(settings.queries, queries);
    return createSources(opsConfigSchema.parse(changed), { SHOP_READ_URL: url })('shop', 'production');
  };
  const span = { from: new Date(Date.now() - DAY_MS), until: new Date() };

  it('cannot write by its login, and reads only even by one that could', async () => {
    const client = new pg.Client({ connectionString: readerUrl });
    await client.connect();
    for (const sql of [
      'DELETE FROM customer_order',
      "UPDATE visit SET visitor = 'x'",
      "INSERT INTO payment_attempt (amount_cents, outcome) VALUES (1, 'accepted')",
      'CREATE TABLE mine (id int)',
      'SELECT email FROM customer_order',
    ])
      await expect(client.query(sql), sql).rejects.toMatchObject({ code: '42501' });
    await client.end();
    await onShop(
      `CREATE FUNCTION spoil() RETURNS timestamptz LANGUAGE sql AS 'DELETE FROM visit; SELECT now()'`,
    );
    await trade(new Date(), { visitors: ['v'] });
    const owner = source({ visits: "SELECT spoil() AS at, 'x' AS visitor" }, shop.adminUrl);
    await expect(owner?.measure([span])).rejects.toThrow('fails with SQLSTATE 25006');
    expect((await onShop('SELECT FROM visit')).rowCount).toBe(1);
  });

  it('says in words what is wrong, and never the login', async () => {
    const told = async (made: ReturnType<typeof source>) => {
      const error = await made?.measure([span]).then(
        () => null,
        (reason: Error) => reason,
      );
      expect(error?.name).toBe('SourceError');
      expect(JSON.stringify([error, error?.message, error?.cause ?? null])).not.toContain(PASSWORD);
      return error?.message;
    };
    const wrong = new URL(readerUrl);
    wrong.password = `${PASSWORD}-not`;
    expect(await told(source({}, wrong.href))).toContain('refuses the login of SHOP_READ_URL');
    expect(await told(source({ orders: 'SELECT at FROM nowhere' }))).toContain(
      'relation "nowhere" does not exist',
    );
    expect(
      await told(source({ orders: 'SELECT placed_at AS at, length(email) AS amount FROM customer_order' })),
    ).toContain('permission denied');
    expect(
      await told(source({ orders: "SELECT now() - interval '1 hour' AS at, 12.5 AS amount" })),
    ).toContain('not in whole minor units');
    expect(await told(source({}, `not a url with ${PASSWORD}`))).toContain('cannot be reached');
  });

  it('is refused in the configuration by what is wrong with it', () => {
    expect(() => source({ orders: 'DELETE FROM customer_order' })).toThrow('write one SELECT');
    expect(() => source({ orders: 'SELECT 1; DROP TABLE visit' })).toThrow('without a semicolon');
  });
});
