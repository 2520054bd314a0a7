import assert from 'node:assert/strict';
import { test } from 'node:test';
import { findAffected, listDependencies } from '../scripts/advisories.mjs';
import { judge, median } from '../scripts/budget.mjs';
import { pendingMigrations, readMigrations } from '../scripts/migrations.mjs';
import { Cached } from '../src/cache.mjs';
import { ConfigError, readConfig } from '../src/config.mjs';
import { reportHealth } from '../src/health.mjs';
import { Metrics } from '../src/metrics.mjs';

const DATABASE_URL = 'postgres://shop@127.0.0.1:5432/shop';

test('the configuration names the setting that is wrong', () => {
  assert.throws(() => readConfig({ DATABASE_URL, PORT: 'eighty' }), /PORT must be a number/);
  assert.throws(() => readConfig({ DATABASE_URL, PORT: '70000' }), ConfigError);
  assert.throws(() => readConfig({ PORT: '0' }), /DATABASE_URL is missing/);
  assert.throws(() => readConfig({ PORT: '0', DATABASE_URL: 'mysql://a/b' }), /DATABASE_URL must look like/);
});

test('the configuration has its defaults', () => {
  const config = readConfig({ DATABASE_URL, PORT: '4000' });
  assert.deepEqual([config.port, config.host, config.release], [4000, '127.0.0.1', 'development']);
});

test('health is unhealthy when one check fails, and says which', async () => {
  const report = await reportHealth(
    [
      { name: 'good', timeoutMs: 100, run: async () => undefined },
      { name: 'bad', timeoutMs: 100, run: () => Promise.reject(new Error('no route')) },
    ],
    'v1',
  );
  assert.equal(report.status, 'unhealthy');
  assert.deepEqual(
    report.checks.map(({ name, status, message }) => [name, status, message]),
    [
      ['good', 'ok', undefined],
      ['bad', 'failed', 'no route'],
    ],
  );
});

test('dependencies that hang cannot hang the health report', async () => {
  const hanging = Array.from({ length: 10 }, (_, index) => ({
    name: `check ${index}`,
    timeoutMs: 60,
    run: () => /** @type {Promise<void>} */ (new Promise(() => undefined)),
  }));
  const started = performance.now();
  const report = await reportHealth(hanging, 'v1');
  assert.ok(performance.now() - started < 500, 'ten checks of 60 ms run side by side');
  assert.match(report.checks[9]?.message ?? '', /within 60 ms/);
});

test('metrics count by status class and keep a cumulative histogram', () => {
  const metrics = new Metrics('v1');
  metrics.request('/shop', 200, 12);
  metrics.request('/shop', 503, 700);
  metrics.paymentRefused('the card was declined');
  const text = metrics.expose();
  assert.match(text, /http_requests_total\{route="\/shop",status="5xx"\} 1/);
  assert.match(text, /http_request_duration_seconds_bucket\{route="\/shop",le="0.025"\} 1/);
  assert.match(text, /http_request_duration_seconds_bucket\{route="\/shop",le="\+Inf"\} 2/);
  assert.match(text, /shop_payment_failures_total\{reason="the card was declined"\} 1/);
});

test('a cached value is loaded once a period, and a failed load is tried again', async () => {
  let time = 0;
  let loads = 0;
  const cached = new Cached(
    async () => {
      loads += 1;
      if (loads === 1) throw new Error('database away');
      return loads;
    },
    1000,
    () => time,
  );
  await assert.rejects(cached.get(), /away/);
  assert.deepEqual(await Promise.all([cached.get(), cached.get()]), [2, 2]);
  time = 1001;
  assert.equal(await cached.get(), 3);
});

test('migrations are numbered without a gap, and an edited one is refused', () => {
  const migrations = readMigrations('migrations');
  assert.equal(migrations[0]?.name, '001-shop');
  assert.equal(pendingMigrations(migrations, []).length, migrations.length);
  assert.throws(
    () => pendingMigrations(migrations, [{ version: 1, checksum: 'other' }]),
    /differs from what was applied/,
  );
});

test('an advisory matches inside its range only', () => {
  const advisory = {
    id: 'A-1',
    package: 'pg',
    vulnerable: '>=8.0.0 <8.2.1',
    patched: '8.2.1',
    severity: 'high',
    title: 't',
  };
  const lock = { packages: { '': {}, 'node_modules/x/node_modules/pg': { version: '8.2.0' } } };
  const affected = findAffected(listDependencies({ dependencies: { pg: '8.2.1' } }, lock), [advisory]);
  assert.deepEqual(
    affected.map(({ version, source }) => [version, source]),
    [['8.2.0', 'package-lock.json']],
  );
});

test('a slow or failing endpoint is over its budget', () => {
  const endpoint = { path: '/shop', medianMs: 100 };
  const fast = { ok: true, durationMs: 20 };
  assert.equal(median([3, 1, 2, 4]), 2.5);
  assert.equal(judge(endpoint, [fast, fast], 0.05).problem, null);
  assert.match(
    judge(endpoint, [fast, { ok: false, durationMs: 1 }], 0.05).problem ?? '',
    /1 of 2 answers failed/,
  );
  assert.match(judge(endpoint, [{ ok: true, durationMs: 150 }], 0.05).problem ?? '', /over 100 ms/);
});
