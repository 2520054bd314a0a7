import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { getAlert } from '#server/monitoring/alerts/queries';
import { ruleDefinition } from '#server/monitoring/rules/contract';
import { evaluateDueRules } from '#server/monitoring/rules/engine';
import { storeSecurityEvents } from '#server/monitoring/security-events/store';
import { claimDueTasks } from '#server/platform/leased-tasks';
import { createRuleHarness, type RuleHarness } from '#server/testing/rules';

const PLACE = { service: 'shop', environment: 'production' };
const SECOND = 1_000;

/** Rules of this key cannot be read. */
const unreadable = vi.hoisted(() => ({ key: '' }));
vi.mock('#server/monitoring/rules/readings', async (load) => {
  const real = await load<typeof import('#server/monitoring/rules/readings')>();
  const readSubjects: typeof real.readSubjects = async (...args) => {
    if (args[1].some(({ rule }) => 'key' in rule && rule.key === unreadable.key))
      throw new Error('too large');
    return real.readSubjects(...args);
  };
  return { ...real, readSubjects };
});

let harness: RuleHarness;
let app: RuleHarness['app'];
let other: RuleHarness['other'];
let clock: RuleHarness['clock'];
let responder: RuleHarness['responder'];

beforeAll(async () => {
  harness = await createRuleHarness();
  ({ app, other, clock, responder } = harness);
});
afterAll(() => harness.close());
beforeEach(() => harness.reset());

const addRule: RuleHarness['addRule'] = (change) => harness.addRule(change);
const visit: RuleHarness['visit'] = (...args) => harness.visit(...args);
const look: RuleHarness['look'] = (...args) => harness.look(...args);
const alertsOf: RuleHarness['alertsOf'] = (key) => harness.alertsOf(key);

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

  it('keeps the date of a breach that is older than what is looked through', async () => {
    const { id, key, metric } = await addRule({ minimumTraffic: 100_000, action: 'rollback' });
    const start = clock.now();
    await visit(metric, 120, [[10, 120]]);
    for (let second = 15; second <= 100; second += 5) await look(start, second);
    expect(await alertsOf(key)).toEqual([]);
    await app.system.db.$executeRaw`UPDATE alert_rule SET minimum_traffic = 20 WHERE id = ${id}::uuid`;
    await look(start, 105);
    const breachSince = new Date(start.getTime() + 10 * SECOND).toISOString();
    expect(await alertsOf(key)).toMatchObject([{ state: 'firing', breachSince }]);
    const { payload } = await app.system.db.event.findFirstOrThrow({
      where: { type: 'monitoring.automatic-action-requested' },
      orderBy: { id: 'desc' },
    });
    expect(payload).toMatchObject({ ruleKey: key, breachedSince: breachSince });
  });

  it('is looked at by another engine when the first dies with the lease', async () => {
    const { key, metric } = await addRule();
    const start = clock.now();
    await visit(metric, 60, [[10, 60]]);
    clock.set(new Date(start.getTime() + 50 * SECOND));
    await app.system.db
      .$executeRaw`UPDATE rule_state SET next_at = clock_timestamp() - interval '1 millisecond'`;
    expect(await claimDueTasks(app.system, 'rule_state', { limit: 10, leaseMs: 400 })).toHaveLength(1);
    expect(await evaluateDueRules(other, clock.now())).toBe(0);
    await new Promise((resolve) => setTimeout(resolve, 450));
    expect(await evaluateDueRules(other, clock.now())).toBe(1);
    expect(await alertsOf(key)).toHaveLength(1);
  });

  it('is judged even when another one cannot be read', async () => {
    const [bad, good] = [await addRule(), await addRule()];
    const start = clock.now();
    await visit(good.metric, 60, [[10, 60]]);
    unreadable.key = bad.key;
    await look(start, 50);
    unreadable.key = '';
    expect(await alertsOf(good.key)).toMatchObject([{ state: 'firing' }]);
    const rows = await app.system.db.ruleState.findMany({ where: { ruleId: bad.id } });
    expect(rows).toMatchObject([{ evaluatedAt: null }]);
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

interface Attack {
  count: number;
  from: number;
  every?: number;
  kind?: 'sql_injection' | 'path_traversal';
}

/** Hostile requests, one every few seconds from a second after the start. */
function attack(
  key: string,
  start: Date,
  { count, from, every = 1, kind = 'sql_injection' }: Attack,
): Promise<unknown> {
  return storeSecurityEvents(
    app.system,
    Array.from({ length: count }, (_, index) => ({
      ...PLACE,
      kind,
      source: 'test',
      at: new Date(start.getTime() + (from + index * every) * SECOND),
      sourceIp: null,
      method: null,
      path: null,
      evidence: null,
      dedupKey: `${key}-${from}-${index}`,
    })),
  );
}

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
    await attack(key, start, { count: 9, from: 0 });
    await look(start, 30);
    expect(await alertsOf(key)).toEqual([]);
    await attack(key, start, { count: 2, from: 40 });
    await look(start, 45);
    const [alert] = await alertsOf(key);
    expect(alert).toMatchObject({ state: 'firing', value: 11 });
    expect(alert?.breachSince).toBe(new Date(start.getTime() + 40 * SECOND).toISOString());
  });

  it('hostile requests that go on for as long as they must, though the window moves on', async () => {
    const { key } = await addRule({
      source: { type: 'events', eventKind: 'path_traversal', windowSeconds: 30 },
      comparison: '>=',
      threshold: 3,
      minimumTraffic: 0,
      forSeconds: 60,
    });
    const start = clock.now();
    await attack(key, start, { count: 25, from: 0, every: 5, kind: 'path_traversal' });
    for (let second = 15; second <= 65; second += 5) await look(start, second);
    expect(await alertsOf(key)).toEqual([]);
    await look(start, 71);
    const breachSince = new Date(start.getTime() + 10 * SECOND).toISOString();
    expect(await alertsOf(key)).toMatchObject([{ state: 'firing', breachSince }]);
  });
});
