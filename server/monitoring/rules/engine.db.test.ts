import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { acknowledgeAlert, resolveAlert } from '#server/monitoring/alerts/commands';
import { keepAlerts } from '#server/monitoring/alerts/keep-alerts';
import { getAlert, listAlerts } from '#server/monitoring/alerts/queries';
import { type RuleDefinition, ruleDefinition } from '#server/monitoring/rules/contract';
import { evaluateDueRules } from '#server/monitoring/rules/engine';
import { settleRules } from '#server/monitoring/rules/settle';
import { storeSecurityEvents } from '#server/monitoring/security-events/store';
import type { Ctx } from '#server/platform/context';
import { claimDueTasks } from '#server/platform/leased-tasks';
import { createTestApp, type TestApp } from '#server/testing/context';
import { FakeClock } from '#server/testing/fake-clock';
import { METRICS_CONFIG, putSamples } from '#server/testing/metrics';

const PLACE = { service: 'shop', environment: 'production' };
const SECOND = 1_000;

let app: TestApp;
let other: TestApp;
let responder: Ctx;
let commander: Ctx;
const clock = new FakeClock();

beforeAll(async () => {
  const env = {
    RULE_LEASE_MS: '400',
    ALERT_GROUP_SECONDS: '0.3',
    RULE_UNKNOWN_SECONDS: '20',
    ALERT_FLAP_TURNS: '4',
  };
  app = await createTestApp({ config: METRICS_CONFIG, clock, env });
  other = await createTestApp({ config: METRICS_CONFIG, clock, env, database: app.testDatabase });
  [responder, commander] = await Promise.all([app.asRole('responder'), app.asRole('commander')]);
});
afterAll(async () => {
  await other.close();
  await app.close();
});

beforeEach(async () => {
  await app.system.db.$executeRaw`UPDATE alert_rule SET enabled = false`;
  await settleRules(app.system);
  // Nothing of the last test is recent.
  await app.system.db.$executeRaw`UPDATE alert SET noticed_at = noticed_at - interval '1 hour'`;
  clock.set(new Date(Math.floor(Date.now() / SECOND) * SECOND));
});

let counter = 0;

/** A rule over a counter of its own. */
async function addRule(
  change: Partial<RuleDefinition> = {},
): Promise<{ id: string; key: string; metric: string }> {
  counter += 1;
  const metric = `requests_${counter}_total`;
  const key = `rule-${counter}`;
  const rule = ruleDefinition.parse({
    title: `Errors of ${counter}`,
    source: {
      type: 'metric',
      windowSeconds: 10,
      measure: { kind: 'ratio', numerator: { metric, labels: { status: '5xx' } }, denominator: { metric } },
    },
    comparison: '>',
    threshold: 5,
    forSeconds: 20,
    minimumTraffic: 20,
    severity: 'critical',
    channel: 'CRITICAL',
    mentions: ['tech-lead'],
    intervalSeconds: 1,
    ...change,
  });
  const id = app.ids.uuid();
  await app.system.db.alertRule.create({ data: { ...rule, id, key, updatedByName: 'Test' } as never });
  await settleRules(app.system);
  return { id, key, metric };
}

/** A request a tenth of a second for `seconds` before now, of which some fail in the stretches given in seconds. */
async function visit(
  metric: string,
  seconds: number,
  bad: readonly (readonly [number, number])[],
): Promise<void> {
  const startMs = clock.now().getTime();
  let [good, failed] = [0, 0];
  const samples: { good: [number, number][]; failed: [number, number][] } = { good: [], failed: [] };
  for (let second = 0; second <= seconds; second += 1) {
    if (second > 0) {
      const isBad = bad.some(([from, to]) => second > from && second <= to);
      failed += isBad ? 3 : 0;
      good += isBad ? 7 : 10;
    }
    samples.good.push([startMs + second * SECOND, good]);
    samples.failed.push([startMs + second * SECOND, failed]);
  }
  await putSamples(app.system, [
    { name: metric, kind: 'counter', labels: { status: '2xx' }, samples: samples.good },
    { name: metric, kind: 'counter', labels: { status: '5xx' }, samples: samples.failed },
  ]);
}

/** Looks at every rule, by both engines at once, at a second after the start. */
async function look(startedAt: Date, second: number): Promise<void> {
  clock.set(new Date(startedAt.getTime() + second * SECOND));
  await app.system.db.$executeRaw`UPDATE rule_state SET next_at = clock_timestamp(), lease_until = NULL`;
  await Promise.all([evaluateDueRules(app), evaluateDueRules(other)]);
}

async function alertsOf(key: string) {
  return (await listAlerts(responder, { rule: key })).rows;
}

describe('the rules of the operating procedures', () => {
  it('are there from the start, and each is one that people could have written', async () => {
    const rows = await app.system.db.alertRule.findMany({
      where: { updatedByName: 'The operating procedures' },
    });
    expect(rows.map(({ key }) => key).sort()).toEqual([
      'error-rate-alert',
      'error-rate-critical',
      'health-alert',
      'health-critical',
      'payment-failures',
      'response-time-critical',
      'security-alert',
      'security-breach',
    ]);
    for (const row of rows) expect(ruleDefinition.safeParse(row).error?.issues).toBeUndefined();
    const acting = rows
      .filter(({ action }) => action !== 'none')
      .map(({ key, action, forSeconds, threshold }) => [key, action, threshold, forSeconds]);
    expect(acting.sort()).toEqual([
      ['error-rate-critical', 'rollback', 5, 120],
      ['health-critical', 'rollback', 3, 0],
      ['response-time-critical', 'rollback', 3000, 300],
      ['security-breach', 'rollback_and_lockdown', 10, 0],
    ]);
  });
});

describe('a rule over metrics', () => {
  it('fires once when two engines see it, with history, notice, events and the chart; and resolves', async () => {
    const { key, metric } = await addRule({ action: 'rollback' });
    const start = clock.now();
    await visit(metric, 80, [[30, 60]]);
    for (let second = 20; second <= 49; second += 1) await look(start, second);
    expect(await alertsOf(key)).toEqual([]);
    await look(start, 51);
    await look(start, 52);
    const [alert, ...more] = await alertsOf(key);
    expect(more).toEqual([]);
    expect(alert).toMatchObject({ ...PLACE, state: 'firing', cause: 'breach', severity: 'critical' });
    expect(alert?.breachSince).toBe(new Date(start.getTime() + 30 * SECOND).toISOString());
    expect(alert?.value).toBeCloseTo(30);
    const events = await app.system.db.event.findMany({ orderBy: { id: 'desc' }, take: 2 });
    expect(events.map(({ type }) => type)).toEqual([
      'monitoring.automatic-action-requested',
      'monitoring.alert-fired',
    ]);
    expect(events[0]?.payload).toMatchObject({
      alertId: alert?.id,
      action: 'rollback',
      dryRun: false,
      breachedSince: alert?.breachSince,
    });
    for (let second = 53; second <= 75; second += 1) await look(start, second);
    const detail = await getAlert(responder, { alertId: alert?.id });
    expect(detail.state).toBe('resolved');
    expect(detail.history.map(({ kind }) => kind)).toEqual([
      'fired',
      'action',
      'notice',
      'resolved',
      'notice',
    ]);
    expect(detail.explanation).toMatch(/30 %, above the limit of 5 %.*for 21 s/);
    expect(detail.chart?.points.some(({ value }) => value !== null && value > 20)).toBe(true);
    expect(detail.deliveries.map(({ isResolved, sequence }) => [isResolved, sequence])).toEqual([
      [false, 1],
      [true, 2],
    ]);
  });

  it('does nothing for a spike that is one second shorter than its time, though its window still breaches', async () => {
    const { key, metric } = await addRule();
    const start = clock.now();
    await visit(metric, 80, [[30, 49]]);
    for (let second = 25; second <= 75; second += 1) await look(start, second);
    expect(await alertsOf(key)).toEqual([]);
  });

  it('needs its minimum of traffic', async () => {
    const { key, metric } = await addRule({ minimumTraffic: 100_000 });
    const start = clock.now();
    await visit(metric, 60, [[10, 60]]);
    for (let second = 20; second <= 60; second += 5) await look(start, second);
    expect(await alertsOf(key)).toEqual([]);
    const [state] = await app.system.db.ruleState.findMany();
    expect(state?.state).toBe('pending');
  });

  it('is looked at by another engine when the first dies with the lease', async () => {
    const { key, metric } = await addRule();
    const start = clock.now();
    await visit(metric, 60, [[10, 60]]);
    clock.set(new Date(start.getTime() + 50 * SECOND));
    await app.system.db.$executeRaw`UPDATE rule_state SET next_at = clock_timestamp()`;
    expect(await claimDueTasks(app.system, 'rule_state', { limit: 10, leaseMs: 400 })).toHaveLength(1);
    expect(await evaluateDueRules(other)).toBe(0);
    await new Promise((resolve) => setTimeout(resolve, 450));
    expect(await evaluateDueRules(other)).toBe(1);
    expect(await alertsOf(key)).toHaveLength(1);
  });

  it('is unknown, and pages, when data stay away; what acts by itself does not', async () => {
    const { key, metric } = await addRule({ action: 'rollback' });
    const start = clock.now();
    await visit(metric, 20, []);
    const before = await app.system.db.event.count({
      where: { type: 'monitoring.automatic-action-requested' },
    });
    for (let second = 15; second <= 60; second += 1) await look(start, second);
    const [alert, ...more] = await alertsOf(key);
    expect(more).toEqual([]);
    expect(alert).toMatchObject({ cause: 'no_data', state: 'firing' });
    expect(
      await app.system.db.event.count({ where: { type: 'monitoring.automatic-action-requested' } }),
    ).toBe(before);
    clock.set(new Date(start.getTime() + 61 * SECOND));
    await visit(metric, 20, []);
    await look(start, 75);
    expect((await alertsOf(key))[0]).toMatchObject({
      state: 'resolved',
      resolveReason: 'It is measured again.',
    });
  });

  it('that goes on and off stays open and quiet', async () => {
    const { key, metric } = await addRule({ forSeconds: 0, intervalSeconds: 1 });
    const start = clock.now();
    await visit(metric, 120, [
      [10, 20],
      [40, 50],
      [70, 80],
      [100, 110],
    ]);
    for (let second = 10; second <= 120; second += 1) await look(start, second);
    const rows = await alertsOf(key);
    expect(rows.map(({ state, isFlapping }) => [state, isFlapping])).toEqual([
      ['firing', true],
      ['resolved', false],
    ]);
    const { history } = await getAlert(responder, { alertId: rows[0]?.id });
    expect(history.map(({ kind }) => kind)).toEqual(['fired', 'notice', 'flapping']);
  });
});

describe('other sources', () => {
  it('hostile requests are counted, with the moment of the one that was too many', async () => {
    const { key } = await addRule({
      source: { type: 'events', eventKind: 'sql_injection', windowSeconds: 600 },
      comparison: '>=',
      threshold: 10,
      minimumTraffic: 0,
      forSeconds: 0,
      action: 'rollback_and_lockdown',
    });
    const start = clock.now();
    const attack = (count: number, from: number) =>
      storeSecurityEvents(
        app.system,
        Array.from({ length: count }, (_, index) => ({
          ...PLACE,
          kind: 'sql_injection' as const,
          source: 'test',
          at: new Date(start.getTime() + (from + index) * SECOND),
          sourceIp: null,
          method: null,
          path: null,
          evidence: null,
          dedupKey: `${key}-${from}-${index}`,
        })),
      );
    await attack(9, 0);
    await look(start, 30);
    expect(await alertsOf(key)).toEqual([]);
    await attack(2, 40);
    await look(start, 45);
    const [alert] = await alertsOf(key);
    expect(alert).toMatchObject({ state: 'firing', value: 11 });
    expect(alert?.breachSince).toBe(new Date(start.getTime() + 40 * SECOND).toISOString());
  });

  it('a check counts its failures in a row; one that could not run says nothing', async () => {
    const check = {
      id: app.ids.uuid(),
      ...PLACE,
      key: 'health',
      title: 'Health',
      source: 'config',
      kind: 'health',
      url: 'http://127.0.0.1:9/',
    };
    await app.system.db.monitorCheck.create({
      data: {
        ...check,
        intervalMs: 1_000,
        timeoutMs: 500,
        target: '127.0.0.1:9',
        phase: 0,
        createdByName: 'Test',
      },
      select: { id: true },
    });
    const { key } = await addRule({
      source: { type: 'check', checkKey: 'health' },
      comparison: '>=',
      threshold: 3,
      minimumTraffic: 0,
      forSeconds: 0,
    });
    const start = clock.now();
    const say = (lastOutcome: string, consecutiveFailures: number) =>
      app.system.db.monitorCheck.update({
        where: { id: check.id },
        data: {
          lastOutcome,
          consecutiveFailures,
          lastAt: clock.now(),
          failingSince: consecutiveFailures > 0 ? start : null,
        },
        select: { id: true },
      });
    await say('ok', 0);
    await look(start, 1);
    await say('failed', 3);
    await look(start, 1.5);
    expect(await alertsOf(key)).toEqual([]);
    // Where nothing was live, nothing fails.
    await app.system.db.$executeRaw`
      INSERT INTO release (id, service, tag, commit_sha, title, committed_at, schema_version, oldest_compatible_schema_version)
      VALUES (${check.id}::uuid, 'shop', 'v1', 'abc', 'First', now(), 1, 1)`;
    await app.system.db.$executeRaw`
      INSERT INTO deployment (id, service, environment, release_id, direction, run_id, status, switched_at)
      VALUES (${check.id}::uuid, 'shop', 'production', ${check.id}::uuid, 'deploy', ${check.id}::uuid, 'live', ${start})`;
    await say('failed', 2);
    await look(start, 2);
    await say('not_run', 5);
    await look(start, 3);
    expect(await alertsOf(key)).toEqual([]);
    await say('failed', 3);
    await look(start, 4);
    expect(await alertsOf(key)).toMatchObject([
      { state: 'firing', value: 3, breachSince: start.toISOString() },
    ]);
    await say('ok', 0);
    await look(start, 5);
    expect(await alertsOf(key)).toMatchObject([{ state: 'resolved' }]);
  });
});

describe('notices', () => {
  it('of what fires together go out together, the first at once', async () => {
    const rules = [await addRule(), await addRule(), await addRule()];
    const start = clock.now();
    for (const { metric } of rules) {
      clock.set(start);
      await visit(metric, 60, [[10, 60]]);
    }
    await look(start, 50);
    const details = await Promise.all(
      rules.map(async ({ key }) => getAlert(responder, { alertId: (await alertsOf(key))[0]?.id })),
    );
    expect(details.map(({ notice }) => notice).sort()).toEqual(['told', 'waiting', 'waiting']);
    await keepAlerts(app);
    await new Promise((resolve) => setTimeout(resolve, 350));
    await Promise.all([keepAlerts(app), keepAlerts(other)]);
    const after = await Promise.all(details.map(({ id }) => getAlert(responder, { alertId: id })));
    expect(after.map(({ notice }) => notice)).toEqual(['told', 'told', 'told']);
    const told = new Set(
      after.flatMap(({ deliveries }) => deliveries.map(({ notificationId }) => notificationId)),
    );
    expect(told.size).toBe(2);
  });
});

describe('people', () => {
  async function fire(): Promise<{ alertId: string; key: string; start: Date }> {
    const { key, metric } = await addRule();
    const start = clock.now();
    await visit(metric, 90, [[10, 90]]);
    await look(start, 40);
    return { alertId: (await alertsOf(key))[0]?.id as string, key, start };
  }

  it('acknowledge at once, with one outcome for all; a late one opens nothing again', async () => {
    const { alertId } = await fire();
    const done = await Promise.allSettled([
      acknowledgeAlert(responder, { alertId, note: 'On it' }),
      acknowledgeAlert(commander, { alertId }),
      resolveAlert(commander, { alertId, reason: 'A false alarm' }),
      resolveAlert(commander, { alertId, reason: 'A false alarm, too' }),
    ]);
    expect(done.slice(2).filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    const { state, history } = await getAlert(responder, { alertId });
    expect(state).toBe('resolved');
    expect(history.filter(({ kind }) => kind === 'resolved')).toHaveLength(1);
    await expect(acknowledgeAlert(responder, { alertId })).rejects.toMatchObject({ kind: 'conflict' });
    await expect(acknowledgeAlert(responder, { alertId: app.ids.uuid() })).rejects.toMatchObject({
      kind: 'not_found',
    });
    await expect(resolveAlert(responder, { alertId, reason: 'Not mine' })).rejects.toMatchObject({
      kind: 'forbidden',
    });
    expect((await getAlert(responder, { alertId })).state).toBe('resolved');
  });

  it('who acknowledge and then do nothing are reminded', async () => {
    const { alertId } = await fire();
    await acknowledgeAlert(responder, { alertId, note: 'On it', minutes: 5 });
    await keepAlerts(app);
    expect((await getAlert(responder, { alertId })).state).toBe('acknowledged');
    await app.system.db
      .$executeRaw`UPDATE alert SET acknowledged_until = clock_timestamp() - interval '1 second' WHERE id = ${alertId}::uuid`;
    await Promise.all([keepAlerts(app), keepAlerts(other)]);
    const { state, history, deliveries } = await getAlert(responder, { alertId });
    expect(state).toBe('firing');
    expect(history.map(({ kind }) => kind)).toEqual([
      'fired',
      'notice',
      'acknowledged',
      'ack_expired',
      'notice',
    ]);
    expect(deliveries).toHaveLength(2);
  });

  it('who resolve what goes on see it fire again when it has lasted once more', async () => {
    const { alertId, key, start } = await fire();
    await resolveAlert(commander, { alertId, reason: 'I think it is over' });
    // The moment of the resolution by the clock of the data.
    await app.system.db.$executeRaw`UPDATE rule_state SET counts_from = ${clock.now()}`;
    await look(start, 59);
    expect(await alertsOf(key)).toHaveLength(1);
    await look(start, 61);
    expect((await alertsOf(key)).map(({ state }) => state)).toEqual(['firing', 'resolved']);
  });
});
