import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createRuleHarness, type RuleHarness } from '#server/testing/rules';

const PLACE = { service: 'shop', environment: 'production' };
const SECOND = 1_000;

let harness: RuleHarness;
let app: RuleHarness['app'];
let clock: RuleHarness['clock'];
let start: Date;

beforeAll(async () => {
  harness = await createRuleHarness();
  ({ app, clock } = harness);
});
afterAll(() => harness.close());
beforeEach(async () => {
  await harness.reset();
  start = clock.now();
});

const look = (second: number) => harness.look(start, second);
const alertsOf: RuleHarness['alertsOf'] = (key) => harness.alertsOf(key);

let counter = 0;
/** A check of its own, and a rule that fires after three failures in a row. */
async function addCheck(intervalMs = 1_000) {
  counter += 1;
  const [id, checkKey] = [app.ids.uuid(), `health-${counter}`];
  await app.system.db.monitorCheck.create({
    data: {
      id,
      ...PLACE,
      key: checkKey,
      title: 'Health',
      source: 'config',
      kind: 'health',
      url: 'http://127.0.0.1:9/',
      intervalMs,
      timeoutMs: 500,
      target: '127.0.0.1:9',
      phase: 0,
      createdByName: 'Test',
    },
    select: { id: true },
  });
  const { key } = await harness.addRule({
    source: { type: 'check', checkKey },
    comparison: '>=',
    threshold: 3,
    minimumTraffic: 0,
    forSeconds: 0,
  });
  const say = (lastOutcome: string, consecutiveFailures: number) =>
    app.system.db.monitorCheck.update({
      where: { id },
      data: {
        lastOutcome,
        consecutiveFailures,
        lastAt: clock.now(),
        failingSince: consecutiveFailures > 0 ? start : null,
      },
      select: { id: true },
    });
  const pause = (isPaused: boolean) =>
    app.system.db.monitorCheck.update({
      where: { id },
      data: isPaused
        ? { pausedAt: clock.now(), pausedByName: 'Test', pauseReason: 'A test', nextAt: null }
        : { pausedAt: null, pausedByName: null, pauseReason: null, nextAt: clock.now() },
      select: { id: true },
    });
  return { id, key, say, pause };
}

describe('a rule over a check', () => {
  it('fires where the console has not deployed yet, once the check has been well', async () => {
    const { key, say } = await addCheck();
    await say('ok', 0);
    await look(1);
    await say('failed', 3);
    await look(2);
    expect(await alertsOf(key)).toMatchObject([{ state: 'firing', cause: 'breach', value: 3 }]);
  });

  it('changes nothing while the check is paused, and misses nothing', async () => {
    const { key, say, pause } = await addCheck();
    await say('ok', 0);
    await look(1);
    await pause(true);
    for (let second = 2; second <= 90; second += 4) await look(second);
    expect(await alertsOf(key)).toEqual([]);
    await pause(false);
    await look(91);
    expect(await alertsOf(key)).toEqual([]);
    await say('failed', 3);
    await look(92);
    await pause(true);
    await look(93);
    expect(await alertsOf(key)).toMatchObject([{ state: 'firing', cause: 'breach' }]);
  });

  it('knows how often the check is made, and is unknown when it no longer is', async () => {
    const [often, seldom] = [await addCheck(1_000), await addCheck(900_000)];
    await often.say('ok', 0);
    await seldom.say('ok', 0);
    for (let second = 1; second <= 29; second += 4) await look(second);
    expect(await alertsOf(often.key)).toEqual([]);
    for (let second = 31; second <= 61; second += 4) await look(second);
    expect(await alertsOf(often.key)).toMatchObject([{ state: 'firing', cause: 'no_data' }]);
    clock.set(new Date(start.getTime() + 1_500 * SECOND));
    for (let second = 1_500; second <= 1_560; second += 4) await look(second);
    expect(await alertsOf(seldom.key)).toEqual([]);
  });

  it('counts its failures in a row; one that could not run says nothing', async () => {
    const { id, key, say } = await addCheck();
    await say('failed', 3);
    await look(1.5);
    // Where nothing was live and nothing was ever well, nothing fails.
    expect(await alertsOf(key)).toEqual([]);
    await app.system.db.$executeRaw`
      INSERT INTO release (id, service, tag, commit_sha, title, committed_at, schema_version, oldest_compatible_schema_version)
      VALUES (${id}::uuid, 'shop', 'v1', 'abc', 'First', now(), 1, 1)`;
    await app.system.db.$executeRaw`
      INSERT INTO deployment (id, service, environment, release_id, direction, run_id, status, switched_at)
      VALUES (${id}::uuid, 'shop', 'production', ${id}::uuid, 'deploy', ${id}::uuid, 'live', ${start})`;
    await say('failed', 2);
    await look(2);
    await say('not_run', 5);
    await look(3);
    expect(await alertsOf(key)).toEqual([]);
    await say('failed', 3);
    await look(4);
    expect(await alertsOf(key)).toMatchObject([
      { state: 'firing', value: 3, breachSince: start.toISOString() },
    ]);
    await say('ok', 0);
    await look(5);
    expect(await alertsOf(key)).toMatchObject([{ state: 'resolved' }]);
  });
});
