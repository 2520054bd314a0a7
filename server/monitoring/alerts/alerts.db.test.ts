import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { acknowledgeAlert, resolveAlert } from '#server/monitoring/alerts/commands';
import { keepAlerts } from '#server/monitoring/alerts/keep-alerts';
import { getAlert } from '#server/monitoring/alerts/queries';
import { createRuleHarness, type RuleHarness } from '#server/testing/rules';

let harness: RuleHarness;
let app: RuleHarness['app'];
let other: RuleHarness['other'];
let clock: RuleHarness['clock'];
let responder: RuleHarness['responder'];
let commander: RuleHarness['commander'];

beforeAll(async () => {
  harness = await createRuleHarness();
  ({ app, other, clock, responder, commander } = harness);
});
afterAll(() => harness.close());
beforeEach(() => harness.reset());

const addRule: RuleHarness['addRule'] = (change) => harness.addRule(change);
const visit: RuleHarness['visit'] = (...args) => harness.visit(...args);
const look: RuleHarness['look'] = (...args) => harness.look(...args);
const alertsOf: RuleHarness['alertsOf'] = (key) => harness.alertsOf(key);

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

  it('who resolve what is unknown are told again while data stay away', async () => {
    const { key, metric } = await addRule();
    const start = clock.now();
    await visit(metric, 10, []);
    for (let second = 5; second <= 45; second += 2) await look(start, second);
    const [alert] = await alertsOf(key);
    expect(alert).toMatchObject({ cause: 'no_data', state: 'firing' });
    await resolveAlert(commander, { alertId: alert?.id, reason: 'I know' });
    // The moment of the resolution by the clock of the data.
    await app.system.db.$executeRaw`UPDATE rule_state SET missing_since = ${clock.now()}`;
    for (let second = 46; second <= 64; second += 2) await look(start, second);
    expect(await alertsOf(key)).toHaveLength(1);
    await look(start, 66);
    expect((await alertsOf(key)).map(({ state, cause }) => [state, cause])).toEqual([
      ['firing', 'no_data'],
      ['resolved', 'no_data'],
    ]);
  });

  it('who resolve what goes on see it fire again when it has lasted once more', async () => {
    const { alertId, key, start } = await fire();
    await resolveAlert(commander, { alertId, reason: 'I think it is over' });
    // The moment of the resolution by the clock of the data.
    await app.system.db.$executeRaw`UPDATE rule_state SET counts_from = ${clock.now()}`;
    await look(start, 59);
    expect(await alertsOf(key)).toHaveLength(1);
    await look(start, 61);
    const alerts = await alertsOf(key);
    expect(alerts.map(({ state }) => state)).toEqual(['firing', 'resolved']);
    // It has not begun anew: what went live in between is not its cause.
    expect(alerts.map(({ breachSince }) => breachSince)).toEqual(
      alerts.map(() => new Date(start.getTime() + 10_000).toISOString()),
    );
  });
});
