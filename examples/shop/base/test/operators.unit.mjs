import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { createApp } from '../src/app.mjs';
import { Cached } from '../src/cache.mjs';
import { ConfigError, readConfig } from '../src/config.mjs';
import { Metrics } from '../src/metrics.mjs';
import { clientOf, isAddressOrRange, Ops } from '../src/ops.mjs';
import { OpsState, switchesOff } from '../src/ops-state.mjs';
import { FailureLimit } from '../src/rate-limit.mjs';
import { sampleProduct } from './samples.mjs';

const operator = 'operators-only-'.repeat(2);
const traceparent = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';
const folder = mkdtempSync(join(tmpdir(), 'operators-'));
const closers = /** @type {(() => void)[]} */ ([]);
after(() => {
  for (const close of closers) close();
  rmSync(folder, { recursive: true, force: true });
});

/**
 * One instance of the shop, with a database that has no rows but the time of the last count of the stock, and with
 * requests as the balancer in front passes them on.
 * @param {{ file?: string, release?: string }} [options] `file`: operators have a way in
 */
async function startInstance({ file, release = 'v1' } = {}) {
  const log = () => undefined;
  const state = file ? new OpsState(join(folder, file), log) : null;
  const statements = /** @type {string[]} */ ([]);
  const db = /** @type {any} */ ({
    query: async (/** @type {string} */ statement) => {
      statements.push(statement);
      const rows = statement.includes('stock_checked_at') ? [{ checkedAt: new Date() }] : [];
      return { rows, rowCount: rows.length };
    },
  });
  const products = new Cached(async () => [sampleProduct()], 60_000);
  await state?.start(20);
  const services = /** @type {any} */ ({
    db,
    log,
    products,
    config: { release, carrierStatusUrl: null },
    metrics: new Metrics(release),
    visits: { add: () => undefined },
    assets: {
      stylesheet: '/assets/shop.css',
      path: (/** @type {string} */ name) => `/assets/${name}`,
      find: () => ({ body: 'p{}', contentType: 'text/css', exact: true }),
    },
    loginLimit: new FailureLimit(10, 1000),
    ops: new Ops({ release, token: file ? operator : null, state }),
  });
  const server = createServer(createApp(services, () => false));
  await new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(undefined)));
  closers.push(() => {
    state?.stop();
    server.close();
    server.closeAllConnections();
  });
  const { port } = /** @type {import('node:net').AddressInfo} */ (server.address());
  /**
   * @param {string} path
   * @param {RequestInit} [init]
   */
  const ask = (path, init = {}) => {
    const headers = { traceparent, ...init.headers };
    return fetch(`http://127.0.0.1:${port}${path}`, { redirect: 'manual', ...init, headers });
  };
  /**
   * @param {string} path
   * @param {unknown} body
   */
  const order = async (path, body) => {
    const headers = { authorization: `Bearer ${operator}`, 'content-type': 'application/json' };
    const response = await ask(path, { method: 'PUT', headers, body: JSON.stringify(body) });
    return { status: response.status, body: /** @type {any} */ (await response.json()) };
  };
  return { ask, order, statements, services };
}

test('without a token the operators’ addresses do not exist', async () => {
  const { ask } = await startInstance();
  for (const method of ['GET', 'PUT']) assert.equal((await ask('/api/ops/state', { method })).status, 404);
});

test('only the token lets operators in', async () => {
  const { ask } = await startInstance({ file: 'token.json' });
  assert.equal((await ask('/api/ops/state')).status, 401);
  const wrong = { headers: { authorization: `Bearer ${operator}x` } };
  assert.equal((await ask('/api/ops/state', wrong)).status, 401);
  const right = { headers: { authorization: `Bearer ${operator}` } };
  assert.match(await (await ask('/api/ops/state', right)).text(), /"active":false/);
});

test('maintenance closes every page but those that operators and probes need', async () => {
  const { ask, order } = await startInstance({ file: 'maintenance.json' });
  const until = new Date(Date.now() + 90_000).toISOString();
  assert.equal(
    (await order('/api/ops/maintenance', { enabled: true, reason: 'new shelves', until })).status,
    200,
  );
  for (const path of ['/', '/shop', '/nothing', '/api/auth/status']) {
    const response = await ask(path);
    assert.equal(response.status, 503, path);
    const seconds = Number(response.headers.get('retry-after'));
    assert.ok(seconds > 80 && seconds <= 90, `${seconds}`);
  }
  assert.match(await (await ask('/shop')).text(), /tending the garden/);
  for (const path of ['/api/health', '/metrics', '/assets/shop-12345678.css'])
    assert.equal((await ask(path)).status, 200, path);
  const metrics = await (await ask('/metrics')).text();
  assert.match(metrics, /shop_maintenance_held_total 5/);
  assert.doesNotMatch(metrics, /status="5xx"/);
  await order('/api/ops/maintenance', { enabled: false });
  assert.equal((await ask('/shop')).status, 200);
});

test('an allowed address is served during maintenance, and told so', async () => {
  const { ask, order } = await startInstance({ file: 'allowed.json' });
  await order('/api/ops/maintenance', { enabled: true, allow: ['10.1.0.0/16', '2001:db8::1'] });
  const as = (/** @type {string} */ address) => ask('/shop', { headers: { 'x-forwarded-for': address } });
  const inside = await as('10.1.2.3');
  assert.deepEqual([inside.status, inside.headers.get('x-maintenance')], [200, 'let-in']);
  assert.equal((await as('2001:db8::1')).status, 200);
  assert.equal((await as('10.2.0.1')).status, 503);
  assert.equal((await as('10.1.2.3, 10.2.0.1')).status, 503, 'only the nearest proxy is believed');
  const headers = { authorization: `Bearer ${operator}` };
  assert.equal(
    (await ask('/shop', { headers })).headers.get('x-maintenance'),
    'let-in',
    'operators may look',
  );
});

test('maintenance ends by itself', () => {
  const state = /** @type {any} */ ({ current: switchesOff() });
  state.current.maintenance = { ...state.current.maintenance, enabled: true, until: '1970-01-01T00:00:10Z' };
  let time = 4000;
  const ops = new Ops({ release: 'v1', token: null, state, now: () => time });
  assert.throws(() => ops.admit('/shop', '192.0.2.1'), { status: 503, retryAfterSeconds: 6 });
  time = 10_000;
  assert.equal(ops.admit('/shop', '192.0.2.1'), false);
});

test('a lockdown ends all sessions and closes logins, checkouts and the team’s page; browsing goes on', async () => {
  const { ask, order, statements } = await startInstance({ file: 'lockdown.json' });
  await order('/api/ops/lockdown', { enabled: true, reason: 'breach' });
  assert.ok(statements.includes('delete from session'));
  for (const path of ['/login', '/checkout', '/admin']) assert.equal((await ask(path)).status, 423, path);
  assert.equal(
    (await ask('/login', { method: 'POST', body: new URLSearchParams({ email: 'a' }) })).status,
    423,
  );
  assert.match(await (await ask('/checkout')).text(), /go on looking around/);
  statements.length = 0;
  assert.equal((await ask('/shop', { headers: { cookie: 'session=known' } })).status, 200);
  const lookedUp = statements.filter((statement) => statement.includes('session'));
  assert.deepEqual(lookedUp, [], 'no session is looked up, so none is accepted');
  await order('/api/ops/lockdown', { enabled: false });
  assert.equal((await ask('/login')).status, 200);
});

test('every instance takes up what one was told, also one that starts later', async () => {
  const [one, two] = await Promise.all([
    startInstance({ file: 'shared.json' }),
    startInstance({ file: 'shared.json' }),
  ]);
  await one.order('/api/ops/lockdown', { enabled: true });
  const deadline = Date.now() + 5000;
  while ((await two.ask('/login')).status !== 423) {
    assert.ok(Date.now() < deadline, 'the other instance has not taken it up');
    await pause(10);
  }
  const later = await startInstance({ file: 'shared.json', release: 'v2' });
  assert.equal((await later.ask('/login')).status, 423);
});

test('changes from two instances at once are all kept, and the file is always whole', async () => {
  const log = () => undefined;
  const states = [new OpsState(join(folder, 'race.json'), log), new OpsState(join(folder, 'race.json'), log)];
  await Promise.all(
    Array.from({ length: 20 }, (_, index) =>
      states[index % 2]?.update((switches) => ({ ...switches, cacheEpoch: switches.cacheEpoch + 1 })),
    ),
  );
  assert.equal(JSON.parse(readFileSync(join(folder, 'race.json'), 'utf8')).cacheEpoch, 20);
});

test('a file that cannot be read leaves everything as it was', async () => {
  const state = new OpsState(join(folder, 'broken.json'), () => undefined);
  await state.update((switches) => ({ ...switches, lockdown: { ...switches.lockdown, enabled: true } }));
  writeFileSync(join(folder, 'broken.json'), '{"lockdown":');
  await state.refresh();
  assert.equal(state.current.lockdown.enabled, true);
});

test('faults fail exactly their share, and spare probes and operators', async () => {
  const { ask, order } = await startInstance({ file: 'faults.json' });
  await order('/api/ops/faults', { errorRate: 0.25, unhealthy: 'payments' });
  const statuses = [];
  for (let request = 0; request < 12; request += 1) statuses.push((await ask('/shop')).status);
  assert.equal(statuses.filter((status) => status === 500).length, 3);
  const health = await ask('/api/health');
  assert.equal(health.status, 503);
  const { checks } = /** @type {any} */ (await health.json());
  assert.deepEqual(
    checks
      .filter((/** @type {any} */ check) => check.name === 'payments')
      .map((/** @type {any} */ check) => check.message),
    ['an injected fault'],
  );
  assert.equal((await ask('/metrics')).status, 200);
});

test('faults can belong to a release, so that another one is well, and end by themselves', () => {
  const state = /** @type {any} */ ({ current: switchesOff() });
  let time = 0;
  state.current.faults = {
    ...state.current.faults,
    paymentFailureRate: 1,
    until: '1970-01-01T00:00:10Z',
    releases: ['v2'],
  };
  const bad = new Ops({ release: 'v2', token: null, state, now: () => time });
  const good = new Ops({ release: 'v1', token: null, state, now: () => time });
  assert.match(bad.failedPayment()?.reason ?? '', /did not answer/);
  assert.equal(good.failedPayment(), null);
  time = 10_000;
  assert.equal(bad.failedPayment(), null);
});

test('an order that cannot be followed names the field and changes nothing', async () => {
  const { order, services } = await startInstance({ file: 'refused.json' });
  const past = '2020-01-01T00:00:00Z';
  for (const [path, body, says] of /** @type {const} */ ([
    ['/api/ops/maintenance', { enabled: 'yes' }, /enabled must be true or false/],
    ['/api/ops/maintenance', { enabled: true, until: past }, /until must be/],
    ['/api/ops/maintenance', { enabled: true, allow: ['everybody'] }, /allow must be/],
    ['/api/ops/faults', { errorRate: 5 }, /errorRate must be a number from 0 to 1/],
    ['/api/ops/faults', { unhealthy: 'weather' }, /unhealthy must be null or one of database/],
    ['/api/ops/lockdown', { enabled: true, why: 'x' }, /"why" is not known/],
  ])) {
    const answer = await order(path, body);
    assert.equal(answer.status, 422);
    assert.match(answer.body.error, says);
  }
  assert.deepEqual(services.ops.switches, switchesOff());
});

test('clearing the cache reaches every instance', async () => {
  const { ask, order, services } = await startInstance({ file: 'cache.json' });
  await services.products.get();
  let cleared = false;
  services.ops.state.onChange((/** @type {any} */ next) => {
    cleared = next.cacheEpoch === 1;
  });
  const headers = { authorization: `Bearer ${operator}` };
  const response = await ask('/api/ops/cache/clear', { method: 'POST', headers });
  const answer = /** @type {any} */ (await response.json());
  assert.deepEqual([answer.cacheEpoch, answer.products, cleared], [1, 1, true]);
  assert.equal((await order('/api/ops/cache/clear', {})).status, 405);
});

test('a visitor cannot choose the address they are known by', () => {
  /**
   * @param {string} remoteAddress
   * @param {string} [said]
   */
  const from = (remoteAddress, said) =>
    clientOf(/** @type {any} */ ({ socket: { remoteAddress }, headers: { 'x-forwarded-for': said } }));
  assert.equal(from('203.0.113.9', '10.0.0.1'), '203.0.113.9');
  assert.equal(from('::ffff:127.0.0.1', '10.0.0.1, ::ffff:203.0.113.9'), '203.0.113.9');
  assert.equal(from('127.0.0.1', 'nonsense'), '127.0.0.1');
  assert.deepEqual(['10.0.0.0/33', 'x', '1.2.3.4/8/8', '10.0.0.0/8', '::1'].map(isAddressOrRange), [
    false,
    false,
    false,
    true,
    true,
  ]);
});

test('operators need a token that cannot be guessed, and a file', () => {
  const env = { DATABASE_URL: 'postgres://shop@127.0.0.1/shop', PORT: '0', DELIVERY_COUNTRIES: 'FR' };
  assert.throws(() => readConfig({ ...env, OPS_CONTROL_TOKEN: 'short' }), ConfigError);
  assert.throws(() => readConfig({ ...env, OPS_CONTROL_TOKEN: operator }), /OPS_STATE_FILE is missing/);
  assert.equal(readConfig({ ...env, OPS_STATE_FILE: 'x' }).ops, null);
});
