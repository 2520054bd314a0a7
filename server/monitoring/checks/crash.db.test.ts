import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { buildServer } from '#server/testing/chaos/build';
import { createWorkers, type Workers } from '#server/testing/chaos/workers';
import { createTestApp, type TestApp } from '#server/testing/context';
import { eventually } from '#server/testing/eventually';
import { metricsConfig } from '#server/testing/metrics';

const CHECKS = 12;
const TIMEOUT_MS = 5_000;
const LEASE_MS = 1_000;
/** A busy machine takes long to start a process. */
const PATIENCE_MS = 60_000;

let folder: string;
let server: Server;
let app: TestApp;
let workers: Workers;
/** How many requests of each check the target has had, and those that it has not answered. */
const asked = new Map<string, number>();
const held: ServerResponse[] = [];
let isHolding = true;

beforeAll(async () => {
  await buildServer();
  folder = mkdtempSync(path.join(tmpdir(), 'checks-crash-'));
  server = createServer((req, res) => {
    const name = req.url ?? '';
    asked.set(name, (asked.get(name) ?? 0) + 1);
    if (isHolding && name.startsWith('/one-')) held.push(res);
    else res.end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  app = await createTestApp();
  const config = metricsConfig(url);
  const place = config.services.shop?.environments.production;
  if (!place) throw new Error('The configuration has no environment');
  place.checks = Array.from({ length: CHECKS }, (_, at) => ({
    key: `one-${at}`,
    title: 'One',
    kind: 'http' as const,
    url: `${url}/one-${at}`,
    intervalSeconds: 3_600,
    timeoutMs: TIMEOUT_MS,
  }));
  const file = path.join(folder, 'ops.config.mjs');
  writeFileSync(file, `export default ${JSON.stringify(config)};`);
  workers = createWorkers(folder, {
    NODE_ENV: 'test',
    DATABASE_URL: app.testDatabase.url,
    OPS_CONFIG: file,
    OPS_CHAOS_FILE: path.join(folder, 'orders.json'),
    CHECK_POLL_MS: '50',
    CHECK_LEASE_MS: String(LEASE_MS),
    HOUSEKEEPING_MS: '500',
  });
}, 120_000);
afterAll(async () => {
  await workers?.killAll();
  await app?.close();
  server?.closeAllConnections();
  server?.close();
  rmSync(folder, { recursive: true, force: true });
}, 60_000);

const results = () => app.system.db.$queryRaw<{ key: string; outcome: string; count: number }[]>`
  SELECT key, min(outcome) AS outcome, count(*)::int AS count FROM check_result JOIN monitor_check ON id = check_id
  WHERE key LIKE 'one-%' GROUP BY key`;

it('kill -9 of a worker in the middle of its checks: others take each over once its lease is over, and once', {
  timeout: 240_000,
}, async () => {
  workers.start().catch(() => undefined);
  await eventually(async () => expect(held).toHaveLength(CHECKS), PATIENCE_MS);
  await workers.killAll();
  expect(await results()).toEqual([]);
  const leased = await app.system.db.monitorCheck.count({
    where: { key: { startsWith: 'one-' }, leaseUntil: { not: null } },
  });
  expect(leased).toBe(CHECKS);
  isHolding = false;
  for (let count = 0; count < 2; count += 1) workers.start().catch(() => undefined);
  await eventually(async () => expect(await results()).toHaveLength(CHECKS), PATIENCE_MS);
  // Had any been taken twice, its second result would be here by now.
  await new Promise((resolve) => setTimeout(resolve, TIMEOUT_MS + LEASE_MS));
  await workers.killAll();
  for (const { key, outcome, count } of await results()) {
    expect({ key, outcome, count }).toEqual({ key, outcome: 'ok', count: 1 });
    expect(asked.get(`/${key}`), key).toBe(2);
  }
});
