import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { readTiles } from '#server/monitoring/board/queries';
import {
  changeCheck,
  createCheck,
  pauseCheck,
  removeCheck,
  resumeCheck,
  runCheckNow,
} from '#server/monitoring/checks/commands';
import { keepAsMany } from '#server/monitoring/checks/loop';
import { ensureCheckPartitions } from '#server/monitoring/checks/partitions';
import {
  getCheck,
  getServiceHealth,
  listCheckResults,
  listChecks,
  readCheckResultBatch,
} from '#server/monitoring/checks/queries/checks';
import { readCheckStates } from '#server/monitoring/checks/queries/read-check-states';
import { uptime } from '#server/monitoring/checks/queries/uptime';
import { BEGIN_AFRESH } from '#server/monitoring/checks/records';
import { type ClaimedCheck, claimDueChecks, keepResults } from '#server/monitoring/checks/store';
import { syncChecks } from '#server/monitoring/checks/sync';
import { whyNotWell } from '#server/monitoring/checks/words/contract';
import type { Ctx } from '#server/platform/context';
import { createTestApp, type TestApp } from '#server/testing/context';
import { metricsConfig } from '#server/testing/metrics';

const PLACE = { service: 'shop', environment: 'production' };
const URL_HERE = 'http://127.0.0.1:9';

let app: TestApp;
let commander: Ctx;
let viewer: Ctx;

beforeAll(async () => {
  app = await createTestApp({ config: metricsConfig(URL_HERE) });
  commander = await app.asRole('commander');
  viewer = await app.asRole('viewer');
  await ensureCheckPartitions(app.system);
});
afterAll(() => app.close());
beforeEach(async () => {
  await app.system.db.$executeRaw`
    UPDATE monitor_check SET removed_at = clock_timestamp(), next_at = NULL, lease_until = NULL, lease_token = NULL,
      paused_at = NULL, paused_by_name = NULL, pause_reason = NULL, ${BEGIN_AFRESH}
    WHERE removed_at IS NULL`;
  await syncChecks(app.system);
});

const http = (over: object = {}) => ({
  ...PLACE,
  key: 'cart',
  title: 'Cart',
  kind: 'http',
  url: `${URL_HERE}/cart`,
  ...over,
});

const LIMITS = { limit: 100, perTarget: 100, busy: new Map(), leaseMs: 5_000, paces: [] };
const FAILED = {
  outcome: 'failed' as const,
  durationMs: 1,
  statusCode: null,
  message: null,
  subChecks: null,
};

/** Claims everything that is due and brings the outcome for it. */
async function takeAll(outcome: 'ok' | 'failed'): Promise<string[]> {
  const claimed = await claimDueChecks(app.system, LIMITS);
  const result = { outcome, durationMs: 20, statusCode: 200, message: null };
  return keepResults(
    app.system,
    claimed.map((check) => ({
      check,
      endedAt: new Date(),
      result: {
        ...result,
        subChecks: check.kind === 'health' ? [{ name: 'cache', status: 'ok' as const, durationMs: 1 }] : null,
      },
    })),
  );
}

describe('a check of one’s own', () => {
  it('is added with the defaults of its kind and runs at once', async () => {
    const check = await createCheck(commander, http({ expectStatus: '', bodyIncludes: '', host: 'ignored' }));
    expect(check).toMatchObject({
      state: 'waiting',
      source: 'own',
      expectStatus: 200,
      bodyIncludes: null,
      intervalSeconds: 60,
      timeoutMs: 5_000,
      createdByName: 'Test commander',
    });
    expect(await takeAll('ok')).toContain(check.id);
    expect(await getCheck(viewer, { checkId: check.id })).toMatchObject({ state: 'ok', uptimeDay: 100 });
    const entry = await app.system.db.auditEntry.findFirst({ where: { action: 'checks.create' } });
    expect(entry).toMatchObject({ targetLabel: 'Cart', actorName: 'Test commander' });
  });

  it.each([
    [{ kind: 'http', url: undefined }, 'invalid_input', 'url'],
    [{ kind: 'tcp', url: undefined, host: '127.0.0.1' }, 'invalid_input', 'port'],
    [{ url: 'ftp://127.0.0.1/' }, 'invalid_input', 'url'],
    [{ url: 'http://169.254.169.254/latest' }, 'unprocessable', 'url'],
    [{ url: 'http://user:secret@127.0.0.1/' }, 'unprocessable', 'url'],
    [{ kind: 'tcp', host: 'elsewhere.example', port: 5_432 }, 'unprocessable', 'host'],
    [{ key: 'health' }, 'conflict', 'key'],
    [{ intervalSeconds: 0.5 }, 'invalid_input', 'intervalSeconds'],
  ])('is refused with words, and nothing is added: %j', async (over, kind, field) => {
    const before = await listChecks(viewer, {});
    const refusal = await createCheck(commander, http(over)).catch((error: unknown) => error);
    expect(refusal).toMatchObject({ kind, fields: { [field]: [expect.any(String)] } });
    expect((await listChecks(viewer, {})).total).toBe(before.total);
  });

  it('is changed as asked and no further, and what is nothing new is refused', async () => {
    const { id: checkId } = await createCheck(commander, http({ bodyIncludes: 'Cart', intervalSeconds: 5 }));
    const changed = await changeCheck(commander, { checkId, title: 'The cart', bodyIncludes: '' });
    expect(changed).toMatchObject({ title: 'The cart', bodyIncludes: null, intervalSeconds: 5 });
    await expect(changeCheck(commander, { checkId, title: 'The cart' })).rejects.toMatchObject({
      kind: 'conflict',
    });
    const away = { checkId, url: 'http://elsewhere.example/' };
    await expect(changeCheck(commander, away)).rejects.toMatchObject({ kind: 'unprocessable' });
    expect(await getCheck(viewer, { checkId })).toMatchObject({ target: `${URL_HERE}/cart` });
  });

  it('that is changed while it is under way keeps no result of before, begins afresh, and runs at once', async () => {
    const { id: checkId } = await createCheck(commander, http());
    await takeAll('failed');
    const asIs = await changeCheck(commander, { checkId, title: 'The cart' });
    expect(asIs).toMatchObject({ state: 'failed', consecutiveFailures: 1 });
    const claimed = await claimDueChecks(app.system, LIMITS);
    const check = claimed.find((each) => each.id === checkId);
    if (!check) throw new Error('The check was not due');
    const moved = await changeCheck(commander, { checkId, url: `${URL_HERE}/basket` });
    expect(moved).toMatchObject({ state: 'waiting', consecutiveFailures: 0, failingSince: null });
    expect(await keepResults(app.system, [{ check, endedAt: new Date(), result: FAILED }])).toEqual([]);
    expect(await takeAll('ok')).toContain(checkId);
    expect(await getCheck(viewer, { checkId })).toMatchObject({ state: 'ok' });
  });

  it('is taken away with its key, which is free again then', async () => {
    const { id: checkId } = await createCheck(commander, http());
    await removeCheck(commander, { checkId });
    await expect(getCheck(viewer, { checkId })).rejects.toMatchObject({ kind: 'not_found' });
    const again = await createCheck(commander, http());
    expect(again.id).not.toBe(checkId);
  });
});

describe('a check of the configuration', () => {
  it('can be paused and run, and nothing else', async () => {
    const [health] = (await listChecks(viewer, { kind: 'health' })).rows;
    const checkId = health?.id ?? '';
    await expect(changeCheck(commander, { checkId, title: 'X' })).rejects.toMatchObject({ kind: 'conflict' });
    await expect(removeCheck(commander, { checkId })).rejects.toMatchObject({ kind: 'conflict' });
    await takeAll('failed');
    const paused = await pauseCheck(commander, { checkId, reason: 'Being moved' });
    expect(paused).toMatchObject({ state: 'paused', pauseReason: 'Being moved', consecutiveFailures: 1 });
    const forRules = async () => (await readCheckStates(app.system)).find((each) => each.key === 'health');
    expect(await forRules()).toMatchObject({ isPaused: true, intervalMs: 10_000, timeoutMs: 5_000 });
    await syncChecks(app.system);
    expect(await getCheck(viewer, { checkId })).toMatchObject({ state: 'paused' });
    await expect(runCheckNow(commander, { checkId })).rejects.toMatchObject({ kind: 'conflict' });
    await expect(pauseCheck(commander, { checkId, reason: 'Again' })).rejects.toMatchObject({
      kind: 'conflict',
    });
    const resumed = await resumeCheck(commander, { checkId });
    expect(resumed).toMatchObject({ state: 'waiting', consecutiveFailures: 0, pauseReason: null });
    expect(await forRules()).toMatchObject({ isPaused: false, lastOutcome: null });
    expect(await takeAll('ok')).toContain(checkId);
    expect(await takeAll('ok')).toEqual([]);
    await runCheckNow(commander, { checkId });
    expect(await takeAll('ok')).toEqual([checkId]);
  });

  it('that is paused while it is under way keeps no result', async () => {
    const claimed = await claimDueChecks(app.system, LIMITS);
    const check = claimed.find((each) => each.kind === 'health');
    if (!check) throw new Error('The health check was not due');
    await pauseCheck(commander, { checkId: check.id, reason: 'Being moved' });
    expect(await keepResults(app.system, [{ check, endedAt: new Date(), result: FAILED }])).toEqual([]);
  });

  it('that the configuration gives another address keeps no result of the old one', async () => {
    await takeAll('failed');
    const { id } = await app.system.db.monitorCheck.findFirstOrThrow({
      where: { key: 'health', removedAt: null },
    });
    await runCheckNow(commander, { checkId: id });
    const [check] = await claimDueChecks(app.system, LIMITS);
    if (check?.id !== id) throw new Error('The health check was not due');
    const config = metricsConfig('http://127.0.0.1:10');
    const moved = await createTestApp({ config, database: app.testDatabase });
    await syncChecks(moved.system);
    expect(await keepResults(app.system, [{ check, endedAt: new Date(), result: FAILED }])).toEqual([]);
    expect(await getCheck(viewer, { checkId: id })).toMatchObject({
      state: 'waiting',
      consecutiveFailures: 0,
    });
    expect(await takeAll('ok')).toContain(id);
    await moved.close();
  });
});

describe('what checks say', () => {
  it('is listed by state with counts of every state, and as the health of the service', async () => {
    await takeAll('ok');
    const { id: checkId } = await createCheck(commander, http());
    await takeAll('failed');
    const failing = await listChecks(viewer, { state: 'failed', range: 'quarter' });
    expect(failing).toMatchObject({
      total: 1,
      counts: { failed: 1, ok: 2, waiting: 0, not_run: 0, paused: 0 },
    });
    expect(failing.rows[0]).toMatchObject({
      id: checkId,
      uptimeDay: 0,
      bars: [{ okSeconds: 0, failedSeconds: 60 }],
    });
    expect(await getServiceHealth(viewer, PLACE)).toMatchObject({
      state: 'failed',
      subChecks: [{ name: 'cache', status: 'ok' }],
      checks: [{ kind: 'health' }, { kind: 'http' }, { kind: 'http' }],
    });
    const results = await listCheckResults(viewer, { checkId });
    expect(results).toMatchObject({
      total: 1,
      rows: [{ outcome: 'failed', durationMs: 20, statusCode: 200 }],
    });
    expect((await listCheckResults(viewer, { checkId, outcome: 'ok' })).total).toBe(0);
  });

  it('is kept whatever characters the target answers with, and what cannot be kept costs no other', async () => {
    const claimed = await claimDueChecks(app.system, LIMITS);
    const [health, home] = claimed.sort((a, b) => (a.kind < b.kind ? -1 : 1)) as [ClaimedCheck, ClaimedCheck];
    const message = `${'x'.repeat(298)}😀 \0 \uD800`;
    const subChecks = [{ name: 'cache \0\uDC00', status: 'failed' as const, durationMs: 1, message }];
    const endedAt = new Date();
    const odd = { check: health, endedAt, result: { ...FAILED, message, subChecks } };
    const impossible = { check: home, endedAt, result: { ...FAILED, durationMs: -1 } };
    const refused: unknown[] = [];
    await keepAsMany(app.system, [impossible, odd], (error) => refused.push(error));
    expect(refused).toHaveLength(2);
    expect((await getCheck(viewer, { checkId: home.id })).state).toBe('waiting');
    const kept = `${'x'.repeat(298)}\uFFFD…`;
    expect(await getCheck(viewer, { checkId: health.id })).toMatchObject({
      state: 'failed',
      lastMessage: kept,
      subChecks: [{ name: 'cache \uFFFD', status: 'failed', durationMs: 1, message: kept }],
    });
  });

  it('is not known once nobody has looked for long: filters, counts, health and what rows say agree', async () => {
    await takeAll('ok');
    const before = (await listChecks(viewer, {})).counts;
    await app.system.db.$executeRaw`
      UPDATE monitor_check SET last_at = '2026-03-02T09:05:07Z', next_at = clock_timestamp() + interval '1 hour'
      WHERE key = 'health' AND removed_at IS NULL`;
    const unknown = await listChecks(viewer, { state: 'not_run' });
    expect(unknown.counts).toEqual({ ...before, ok: before.ok - 1, not_run: 1 });
    expect(unknown.total).toBe(1);
    expect(unknown.rows).toMatchObject([
      {
        key: 'health',
        state: 'not_run',
        isOverdue: true,
        lastOutcome: 'ok',
        since: '2026-03-02T09:05:07.000Z',
      },
    ]);
    expect(unknown.rows.map(whyNotWell)).toEqual([
      'Not looked at since 2026-03-02 09:05:07 UTC. Does a worker run?',
    ]);
    expect((await listChecks(viewer, { state: 'ok' })).rows.map(({ key }) => key)).not.toContain('health');
    expect(await getServiceHealth(viewer, PLACE)).toMatchObject({ state: 'not_run', subChecks: [] });
    const [tile] = await readTiles(viewer, {});
    expect(tile?.health).toMatchObject({
      state: 'not_run',
      counts: { ok: before.ok - 1, not_run: 1 },
      overdueSince: '2026-03-02T09:05:07.000Z',
    });
    await app.system.db.$executeRaw`
      UPDATE monitor_check SET next_at = clock_timestamp() - interval '1 millisecond' WHERE key = 'health' AND removed_at IS NULL`;
    await takeAll('ok');
    expect((await listChecks(viewer, {})).counts).toEqual(before);
  });

  it('is exported whole and once each, whatever comes meanwhile', async () => {
    const { id: checkId } = await createCheck(commander, http());
    const add = (secondsAgo: number) => app.system.db.$executeRaw`
      INSERT INTO check_result (check_id, at, ended_at, outcome, duration_ms)
      SELECT ${checkId}::uuid, at, at, 'ok', 1 FROM
        (SELECT date_trunc('second', clock_timestamp()) - make_interval(secs => ${secondsAgo}::float8) AS at) AS due`;
    for (let count = 1; count <= 23; count += 1) await add(count);
    const seen: string[] = [];
    for (let before: string | undefined; ; before = seen.at(-1)) {
      const rows = await readCheckResultBatch(viewer, { checkId, before, limit: 10 });
      if (rows.length === 0) break;
      seen.push(...rows.map(({ at }) => at));
      await add(-seen.length);
    }
    expect(new Set(seen).size).toBe(23);
    expect(seen).toEqual([...seen].sort().reverse());
    expect(seen).toHaveLength(23);
    const page = await listCheckResults(viewer, { checkId, before: seen[9], page: 2, pageSize: 10 });
    expect(page).toMatchObject({ total: 13, rows: seen.slice(20).map((at) => ({ at })) });
  });

  it('adds up over hours and days, and says nothing of what was not looked at', async () => {
    const { id } = await createCheck(commander, http());
    const hour = (at: string, ok: number, failed: number) => app.system.db.$executeRaw`
      INSERT INTO check_hour VALUES (${id}::uuid, ${at}::timestamptz, 1, 1, 0, ${ok}, ${failed}, 0, 40)`;
    const day = new Date().toISOString().slice(0, 10);
    await hour(`${day}T00:00:00Z`, 3_000, 600);
    await hour(`${day}T01:00:00Z`, 3_600, 0);
    const question = { checkIds: [id], from: new Date(`${day}T00:30:00Z`), to: new Date(`${day}T23:59:00Z`) };
    const [hours] = await uptime(app.system, { ...question, bucket: 'hour' });
    expect(
      hours?.buckets.map((each) => [each.from.slice(11, 13), each.okSeconds, each.failedSeconds]),
    ).toEqual([
      ['00', 3_000, 600],
      ['01', 3_600, 0],
    ]);
    const [days] = await uptime(app.system, { ...question, bucket: 'day' });
    expect(days?.buckets).toEqual([
      { from: `${day}T00:00:00.000Z`, okSeconds: 6_600, failedSeconds: 600, notRunSeconds: 0, averageMs: 40 },
    ]);
    expect(days?.percent).toBeCloseTo(91.67, 1);
    const [none] = await uptime(app.system, { ...question, checkIds: [app.ids.uuid()], bucket: 'day' });
    expect(none).toMatchObject({ buckets: [], percent: null });
    expect(await uptime(app.system, { ...question, checkIds: [], bucket: 'day' })).toEqual([]);
  });
});
