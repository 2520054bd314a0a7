import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import pg from 'pg';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { enableEnhancedMonitoring } from '#server/maintenance/commands/monitoring-mode';
import { startCheckLoop } from '#server/monitoring/checks/loop';
import { ensureCheckPartitions, keepCheckPartitions } from '#server/monitoring/checks/partitions';
import { readCheckStates } from '#server/monitoring/checks/queries/read-check-states';
import type { ProbeResult } from '#server/monitoring/checks/state';
import {
  type ClaimedCheck,
  type ClaimLimits,
  claimDueChecks,
  keepResults,
} from '#server/monitoring/checks/store';
import { syncChecks } from '#server/monitoring/checks/sync';
import type { CheckOutcome } from '#server/monitoring/checks/words/contract';
import type { OpsConfigInput } from '#server/services/config';
import { createTestApp, type TestApp } from '#server/testing/context';
import { eventually } from '#server/testing/eventually';
import { metricsConfig } from '#server/testing/metrics';

let app: TestApp;
let server: Server;
let url: string;
let answer: RequestListener = (_req, res) => res.end();

beforeAll(async () => {
  server = createServer((req, res) => answer(req, res));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  app = await createTestApp({ config: metricsConfig(url), env: { CHECK_POLL_MS: '20' } });
  await ensureCheckPartitions(app.system);
});
afterAll(async () => {
  server.closeAllConnections();
  server.close();
  await app.close();
});
beforeEach(async () => {
  await syncChecks(app.system);
});

/** An app on the same database whose configuration has these checks besides the usual ones. */
function withChecks(checks: NonNullable<Environment['checks']>): Promise<TestApp> {
  const config = metricsConfig(url);
  const place = config.services.shop?.environments.production as Environment;
  place.checks = checks;
  return createTestApp({
    config,
    database: app.testDatabase,
    env: { CHECK_POLL_MS: '20', CHECK_TARGET_CONCURRENCY: '4' },
  });
}
type Environment = OpsConfigInput['services'][string]['environments'][string];

const LIMITS: ClaimLimits = { limit: 100, perTarget: 100, busy: new Map(), leaseMs: 5_000, paces: [] };

async function makeDue(key?: string): Promise<void> {
  await app.system.db.$executeRaw`
    UPDATE monitor_check SET next_at = clock_timestamp() - interval '1 millisecond', lease_until = NULL, lease_token = NULL
    WHERE next_at IS NOT NULL AND (${key ?? null}::text IS NULL OR key = ${key ?? null})`;
}

async function claimOne(key: string): Promise<ClaimedCheck> {
  const { id } = await app.system.db.monitorCheck.findFirstOrThrow({ where: { key, removedAt: null } });
  const claimed = await claimDueChecks(app.system, LIMITS);
  const found = claimed.find((each) => each.id === id);
  if (!found) throw new Error(`${key} was not due`);
  return found;
}

const brought = (outcome: CheckOutcome): ProbeResult => ({
  outcome,
  durationMs: 12.4,
  statusCode: outcome === 'ok' ? 200 : null,
  message: outcome === 'ok' ? null : 'Words.',
  subChecks: null,
});

async function take(key: string, outcome: CheckOutcome): Promise<ClaimedCheck> {
  await makeDue(key);
  const check = await claimOne(key);
  await keepResults(app.system, [{ check, endedAt: new Date(), result: brought(outcome) }]);
  return check;
}

/** Takes the beat that comes after the last one. */
async function takeNext(key: string, outcome: CheckOutcome): Promise<ClaimedCheck> {
  await app.system.db.$executeRaw`
    UPDATE monitor_check SET last_at = last_at - interval_ms * interval '1 millisecond' WHERE key = ${key}`;
  return take(key, outcome);
}

const standing = async (key: string) => (await readCheckStates(app.system)).find((each) => each.key === key);

describe('checks of the configuration', () => {
  it('are those of its health, its endpoints and its list, and go and come with it', async () => {
    const keys = async () => (await readCheckStates(app.system)).map((each) => each.key).sort();
    expect(await keys()).toEqual(['health', 'home']);
    const more = await withChecks([
      { key: 'database', title: 'Database', kind: 'tcp', host: '127.0.0.1', port: 5_432 },
    ]);
    await syncChecks(more.system);
    expect(await keys()).toEqual(['database', 'health', 'home']);
    const { id } = await app.system.db.monitorCheck.findFirstOrThrow({ where: { key: 'database' } });
    await syncChecks(app.system);
    expect(await keys()).toEqual(['health', 'home']);
    await syncChecks(more.system);
    const back = await app.system.db.monitorCheck.findMany({ where: { key: 'database' } });
    expect(back.map((row) => [row.id, row.removedAt, row.nextAt === null])).toEqual([[id, null, false]]);
    await syncChecks(app.system);
    await more.close();
  });
});

describe('results', () => {
  it('make how a check stands: what could not run neither adds to failures nor ends them', async () => {
    await takeNext('home', 'ok');
    expect(await standing('home')).toMatchObject({
      consecutiveFailures: 0,
      failingSince: null,
      lastOutcome: 'ok',
    });
    const first = await takeNext('home', 'failed');
    await takeNext('home', 'failed');
    await takeNext('home', 'not_run');
    expect(await standing('home')).toMatchObject({
      consecutiveFailures: 2,
      failingSince: first.at,
      lastOutcome: 'not_run',
    });
    const last = await takeNext('home', 'failed');
    expect(await standing('home')).toMatchObject({
      consecutiveFailures: 3,
      failingSince: first.at,
      lastAt: last.at,
    });
    await takeNext('home', 'ok');
    expect(await standing('home')).toMatchObject({ consecutiveFailures: 0, failingSince: null });
    const results = await app.system.db.$queryRaw<{ outcome: string; duration_ms: number }[]>`
      SELECT outcome, duration_ms FROM check_result WHERE check_id = ${first.id}::uuid ORDER BY at`;
    expect(results.map((row) => row.outcome)).toEqual(['ok', 'failed', 'failed', 'not_run', 'failed', 'ok']);
    expect(results[0]?.duration_ms).toBe(12);
  });

  it('count one failure for each beat, however often somebody has the check run in between', async () => {
    await takeNext('home', 'ok');
    // The middle of a beat, so that none begins while this runs.
    await app.system.db.$executeRaw`
      UPDATE monitor_check SET phase = mod((extract(epoch FROM clock_timestamp()) * 1000 / interval_ms)::numeric, 1)
      WHERE key = 'home'`;
    for (let count = 0; count < 3; count += 1) await take('home', 'failed');
    expect(await standing('home')).toMatchObject({ consecutiveFailures: 1 });
    await takeNext('home', 'failed');
    expect(await standing('home')).toMatchObject({ consecutiveFailures: 2 });
    await take('home', 'failed');
    expect(await standing('home')).toMatchObject({ consecutiveFailures: 2 });
    await take('home', 'ok');
    expect(await standing('home')).toMatchObject({ consecutiveFailures: 0, failingSince: null });
  });

  it('add up to their hour: each stands for the time since the one before, at most two intervals', async () => {
    await take('health', 'ok');
    const at = (secondsAgo: number) => app.system.db.$executeRaw`
      UPDATE monitor_check SET last_at = clock_timestamp() - make_interval(secs => ${secondsAgo}) WHERE key = 'health'`;
    const sum = async () => {
      const rows = await app.system.db.$queryRaw<
        { ok: number; failed: number; not_run: number; count: number }[]
      >`
        SELECT sum(ok_seconds) AS ok, sum(failed_seconds) AS failed, sum(not_run_seconds) AS not_run,
          sum(ok_count + failed_count + not_run_count)::int AS count
        FROM check_hour JOIN monitor_check ON id = check_id WHERE key = 'health'`;
      return rows[0] as { ok: number; failed: number; not_run: number; count: number };
    };
    const before = await sum();
    expect(before).toMatchObject({ ok: 10, failed: 0, not_run: 0, count: 1 });
    await at(7);
    await take('health', 'failed');
    await at(3_600);
    await take('health', 'not_run');
    const after = await sum();
    expect(after.failed).toBeGreaterThan(6.9);
    expect(after.failed).toBeLessThan(9);
    expect(after).toMatchObject({ ok: 10, not_run: 20, count: 3 });
  });

  it('tell the pages at each change', async () => {
    await take('home', 'ok');
    const heard: string[] = [];
    const client = new pg.Client({ connectionString: app.testDatabase.url });
    await client.connect();
    client.on('notification', ({ payload }) => heard.push(payload ?? ''));
    await client.query('LISTEN ops');
    const said = async (outcome: CheckOutcome) => {
      heard.length = 0;
      await take('home', outcome);
      await client.query('SELECT 1');
      return heard.map((payload) => JSON.parse(payload));
    };
    expect(await said('failed')).toEqual([
      expect.objectContaining({ kind: 'environment', service: 'shop', environment: 'production' }),
    ]);
    expect(await said('failed')).toEqual([]);
    expect(await said('ok')).toHaveLength(1);
    expect(await said('ok')).toEqual([]);
    await client.end();
  });
});

describe('claims', () => {
  it('give a check to one worker, and to another when its lease is over; the first can keep nothing then', async () => {
    await makeDue();
    const [one, two] = await Promise.all([
      claimDueChecks(app.system, LIMITS),
      claimDueChecks(app.system, LIMITS),
    ]);
    const ids = [...one, ...two].map((each) => each.id);
    expect(new Set(ids).size).toBe(ids.length);
    expect(ids).toHaveLength(2);
    const [dead] = [...one, ...two] as [ClaimedCheck];
    await app.system.db.$executeRaw`
      UPDATE monitor_check SET lease_until = clock_timestamp() - interval '1 second' WHERE id = ${dead.id}::uuid`;
    const [taken] = await claimDueChecks(app.system, LIMITS);
    expect(taken?.id).toBe(dead.id);
    const late = { check: dead, endedAt: new Date(), result: brought('failed') };
    expect(await keepResults(app.system, [late])).toEqual([]);
    const kept = { check: taken as ClaimedCheck, endedAt: new Date(), result: brought('ok') };
    expect(await keepResults(app.system, [late, kept])).toEqual([dead.id]);
    expect(await keepResults(app.system, [kept])).toEqual([]);
  });

  it('make up for no beat that was missed, and go on at the beat of the check', async () => {
    await app.system.db.$executeRaw`
      UPDATE monitor_check SET next_at = clock_timestamp() - interval '1 hour', lease_until = NULL WHERE key = 'home'`;
    const check = await claimOne('home');
    expect(Date.now() - check.at.getTime()).toBeLessThan(check.paceMs + 1_000);
    await keepResults(app.system, [{ check, endedAt: new Date(), result: brought('ok') }]);
    const row = await app.system.db.monitorCheck.findUniqueOrThrow({ where: { id: check.id } });
    const offset = ((row.nextAt?.getTime() ?? 0) / check.paceMs) % 1;
    expect(Math.abs(offset - row.phase)).toBeLessThan(0.001);
    expect((row.nextAt?.getTime() ?? 0) - Date.now()).toBeLessThanOrEqual(check.paceMs);
    expect((row.nextAt?.getTime() ?? 0) - check.at.getTime()).toBeGreaterThan(0);
  });

  it('take of a target no more than it may have at once', async () => {
    await makeDue();
    const busy = new Map([[new URL(url).host, 3]]);
    expect(await claimDueChecks(app.system, { ...LIMITS, perTarget: 4, busy })).toHaveLength(1);
    expect(await claimDueChecks(app.system, { ...LIMITS, perTarget: 3, busy })).toHaveLength(0);
  });

  it('come earlier while enhanced monitoring is on', async () => {
    for (const key of ['home', 'health']) await take(key, 'ok');
    const paces = [{ service: 'shop', environment: 'production', intervalMs: 100 }];
    // The beat of neither comes by itself meanwhile.
    const putOff = () => app.system.db.$executeRaw`
      UPDATE monitor_check SET next_at = clock_timestamp() + interval '5 seconds' WHERE next_at IS NOT NULL`;
    await putOff();
    await new Promise((resolve) => setTimeout(resolve, 150));
    expect(await claimDueChecks(app.system, LIMITS)).toHaveLength(0);
    const claimed = await claimDueChecks(app.system, { ...LIMITS, paces });
    expect(claimed.map((each) => each.paceMs)).toEqual([100, 100]);
    const results = claimed.map((check) => ({ check, endedAt: new Date(), result: brought('ok') }));
    expect(await keepResults(app.system, results)).toHaveLength(2);
    const elsewhere = [{ service: 'shop', environment: 'practice', intervalMs: 100 }];
    await new Promise((resolve) => setTimeout(resolve, 150));
    await putOff();
    expect(await claimDueChecks(app.system, { ...LIMITS, paces: elsewhere })).toHaveLength(0);
  });
});

describe('the loop', () => {
  it('is held up by no target that hangs', async () => {
    const hanging = createServer(() => undefined);
    await new Promise<void>((resolve) => hanging.listen(0, '127.0.0.1', resolve));
    const hangs = `http://127.0.0.1:${(hanging.address() as AddressInfo).port}/`;
    const checks = Array.from({ length: 20 }, (_, at) => ({
      key: `hang-${at}`,
      title: 'Hangs',
      kind: 'http' as const,
      url: hangs,
      intervalSeconds: 1,
      timeoutMs: 60_000,
    }));
    const more = await withChecks([
      ...checks,
      { key: 'quick', title: 'Quick', kind: 'http', url: `${url}/`, intervalSeconds: 1, timeoutMs: 500 },
    ]);
    await syncChecks(more.system);
    answer = (_req, res) => res.end();
    const loop = startCheckLoop(more, (error) => {
      throw error;
    });
    await eventually(async () => {
      const rows = await app.system.db.$queryRaw<{ count: number }[]>`
        SELECT count(*)::int AS count FROM check_result JOIN monitor_check ON id = check_id WHERE key = 'quick'`;
      expect(rows[0]?.count).toBeGreaterThanOrEqual(3);
    }, 6_000);
    const leased = await app.system.db.monitorCheck.count({
      where: { key: { startsWith: 'hang-' }, leaseUntil: { not: null } },
    });
    expect(leased).toBe(4);
    hanging.closeAllConnections();
    hanging.close();
    await loop.stop();
    await syncChecks(app.system);
    await more.close();
  });

  it('shared by two workers takes each beat once', async () => {
    const more = await withChecks(
      Array.from({ length: 30 }, (_, at) => ({
        key: `shared-${at}`,
        title: 'Shared',
        kind: 'http' as const,
        url: `${url}/shared-${at}`,
        intervalSeconds: 1,
      })),
    );
    await syncChecks(more.system);
    const asked = new Map<string, number>();
    answer = (req, res) => {
      asked.set(req.url ?? '', (asked.get(req.url ?? '') ?? 0) + 1);
      res.end();
    };
    const loops = [1, 2].map(() =>
      startCheckLoop(more, (error) => {
        throw error;
      }),
    );
    await new Promise((resolve) => setTimeout(resolve, 3_500));
    await Promise.all(loops.map((loop) => loop.stop()));
    const rows = await app.system.db.$queryRaw<{ key: string; count: number }[]>`
      SELECT key, count(*)::int AS count FROM check_result JOIN monitor_check ON id = check_id
      WHERE key LIKE 'shared-%' GROUP BY key`;
    expect(rows).toHaveLength(30);
    for (const { key, count } of rows) {
      expect(count, key).toBeGreaterThanOrEqual(3);
      expect(asked.get(`/${key}`), key).toBe(count);
    }
    await syncChecks(app.system);
    await more.close();
  });

  it('looks more often as soon as enhanced monitoring is on', async () => {
    answer = (_req, res) => res.end();
    const loop = startCheckLoop(app, (error) => {
      throw error;
    });
    await eventually(async () => expect((await standing('home'))?.lastOutcome).toBe('ok'));
    const place = { service: 'shop', environment: 'production' };
    await enableEnhancedMonitoring(await app.asRole('responder'), {
      ...place,
      reason: 'A release is out',
      minutes: 5,
      intervalSeconds: 1,
    });
    const since = new Date();
    await eventually(async () => {
      const rows = await app.system.db.$queryRaw<{ count: number }[]>`
        SELECT count(*)::int AS count FROM check_result JOIN monitor_check ON id = check_id
        WHERE key = 'home' AND ended_at > ${since}`;
      expect(rows[0]?.count).toBeGreaterThanOrEqual(3);
    }, 7_000);
    await loop.stop();
  });
});

it('partitions lie ahead, and those that are old go', async () => {
  const dropped = await keepCheckPartitions(app.system);
  expect(dropped).toEqual([]);
  const rows = await app.system.db.$queryRaw<{ name: string }[]>`
    SELECT relname AS name FROM pg_class WHERE relispartition AND relkind = 'r' AND relname LIKE 'check_result_%'`;
  expect(rows.length).toBeGreaterThanOrEqual(5);
});
