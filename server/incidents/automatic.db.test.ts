import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createEventRegistry } from '#server/bootstrap';
import { automaticRollbackDecided, deployEnded } from '#server/deployments/contract';
import { changeIncidentLevel, changeIncidentState } from '#server/incidents/commands/change-incident';
import { declareIncident } from '#server/incidents/commands/declare-incident';
import { mergeIncident } from '#server/incidents/commands/merge-incidents';
import { getIncident, listIncidents, listTimeline } from '#server/incidents/queries';
import { toggleChanged } from '#server/maintenance/contract';
import { alertFired, alertResolved } from '#server/monitoring/alerts/contract';
import type { Ctx } from '#server/platform/context';
import { deliverEvents } from '#server/platform/event-delivery';
import { publish } from '#server/platform/events';
import { createTestApp, type TestApp } from '#server/testing/context';
import { METRICS_CONFIG } from '#server/testing/metrics';
import { failureOf } from '#server/testing/people';

let app: TestApp;
let responder: Ctx;

beforeAll(async () => {
  const env = { RUN_LEASE_MS: '10000', EVENT_LEASE_MS: '20000' };
  app = await createTestApp({ config: METRICS_CONFIG, events: createEventRegistry(), env });
  responder = await app.asRole('responder');
});
afterAll(() => app.close());
beforeEach(async () => {
  for (const { number, version } of await open())
    await changeIncidentState(responder, { number, version, state: 'resolved' });
});

const PLACE = { service: 'shop', environment: 'production' };
const BREACH = new Date(Date.now() - 90_000).toISOString();

async function open() {
  return (await listIncidents(responder, { state: 'open' })).rows;
}

const timelineOf = async (number: number | undefined, more: Record<string, unknown> = {}) =>
  (await listTimeline(responder, { number, order: 'oldest', ...more })).rows;

const factOf = (alertId: string) => ({
  ...PLACE,
  alertId,
  ruleKey: 'error-rate-critical',
  title: 'Error rate above 5 %',
  cause: 'breach' as const,
  severity: 'critical' as const,
});

const fired = (alertId: string, change: { severity?: 'warning'; environment?: string } = {}) =>
  app.system.transaction((tx) =>
    publish(tx, alertFired, {
      ...factOf(alertId),
      explanation: 'Errors: 30 %, above the limit of 5 %.',
      breachSince: BREACH,
      openedAt: new Date().toISOString(),
      ...change,
    }),
  );
const resolved = (alertId: string) =>
  app.system.transaction((tx) =>
    publish(tx, alertResolved, {
      ...factOf(alertId),
      resolvedAt: new Date().toISOString(),
      byName: 'The rule',
      reason: 'Well again.',
    }),
  );
const rolledBack = (alertId: string, runId: string, outcome: 'started' | 'refused' = 'started') =>
  app.system.transaction((tx) =>
    publish(tx, automaticRollbackDecided, {
      ...PLACE,
      alertId,
      outcome,
      words: 'The console rolls it back: v1.1.0 goes back to v1.0.0.',
      runId: outcome === 'started' ? runId : null,
    }),
  );

/** Two workers deliver what is due, and then all of it is told once more, as after a crash. */
async function deliver(): Promise<void> {
  const worker = app.ids.uuid();
  await Promise.all([deliverEvents(app, worker), deliverEvents(app, worker)]);
  await app.system.db.$executeRaw`
    UPDATE event_delivery SET status = 'pending', delivered_at = NULL, next_attempt_at = clock_timestamp()
    WHERE handler LIKE 'incidents.%'`;
  await Promise.all([deliverEvents(app, worker), deliverEvents(app, worker)]);
  const [failed] = await app.system.db.eventDelivery.findMany({ where: { lastError: { not: null } } });
  expect(failed?.lastError).toBeUndefined();
}

describe('what the console sees', () => {
  it('opens one incident with alert and rollback in its timeline, however often it is told', async () => {
    const [alertId, runId] = [app.ids.uuid(), app.ids.uuid()];
    await Promise.all([fired(alertId), rolledBack(alertId, runId)]);
    await deliver();
    await resolved(alertId);
    await deliver();
    const [incident, ...more] = await open();
    expect(more).toEqual([]);
    expect(incident).toMatchObject({ ...PLACE, level: 1, commanderName: null, state: 'investigating' });
    const entries = await timelineOf(incident?.number);
    // Four facts, and the two steps of its playbook that begin by themselves.
    expect(entries.map(({ kind }) => kind)).toEqual(Array(6).fill('system'));
    expect(entries.map(({ authorName }) => authorName)).toEqual(Array(6).fill('The console'));
    expect(entries.filter((each) => each.runId === runId).map(({ text }) => text)).toEqual([
      expect.stringContaining('rolls it back'),
    ]);
    expect(entries.filter((each) => each.alertId === alertId)).toHaveLength(3);
    expect(await timelineOf(incident?.number, { system: 'hide' })).toEqual([]);
    const audit = await app.system.db.auditEntry.findMany({ where: { action: 'incidents.declare' } });
    expect(audit.filter(({ targetLabel }) => targetLabel?.startsWith(`${incident?.name} `))).toHaveLength(1);
  });

  it('begins with the breach, and is opened by nothing less than a critical alert or a started rollback', async () => {
    await fired(app.ids.uuid(), { severity: 'warning' });
    await rolledBack(app.ids.uuid(), app.ids.uuid(), 'refused');
    await deliver();
    expect(await open()).toEqual([]);
    const alertId = app.ids.uuid();
    await fired(alertId);
    await deliver();
    expect(await open()).toMatchObject([{ startedAt: BREACH, cause: 'alert', causeId: alertId }]);
  });

  it('joins what a person has opened, of the environment before that of the whole service', async () => {
    const whole = await declareIncident(responder, { title: 'All is slow', service: 'shop' });
    const [first, second] = [app.ids.uuid(), app.ids.uuid()];
    await fired(first);
    await deliver();
    const own = await declareIncident(responder, { title: 'Checkout', ...PLACE });
    await fired(second);
    await fired(app.ids.uuid(), { environment: 'elsewhere' });
    await deliver();
    expect((await timelineOf(whole.number)).flatMap(({ alertId }) => alertId ?? [])).toContain(first);
    expect((await timelineOf(own.number)).map(({ alertId }) => alertId)).toContain(second);
    expect(await open()).toHaveLength(2);
  });

  it('raises what it joins to its own level, with the steps of that, unless a person has chosen the level', async () => {
    const mild = await declareIncident(responder, { title: 'A little slow', level: 4, ...PLACE });
    await fired(app.ids.uuid());
    await deliver();
    const raised = await getIncident(responder, { number: mild.number });
    expect(raised).toMatchObject({ level: 1, needsPostMortem: true });
    const levels = async () =>
      (await timelineOf(mild.number))
        .filter(({ kind }) => kind === 'level')
        .map(({ authorName }) => authorName);
    expect(await levels()).toEqual(['The console']);
    const { number, version } = raised;
    await changeIncidentLevel(responder, { number, version, level: 3, reason: 'Few are affected' });
    await fired(app.ids.uuid());
    await deliver();
    expect(await getIncident(responder, { number })).toMatchObject({ level: 3 });
    expect(await levels()).toEqual(['The console', 'Test responder']);
  });

  it('tells the open incident what was deployed, rolled back and switched, once each', async () => {
    const { number } = await declareIncident(responder, { title: 'Checkout', ...PLACE });
    const runId = app.ids.uuid();
    await app.system.db.run.create({
      data: {
        ...PLACE,
        id: runId,
        procedure: 'deployments.rollback',
        title: 'Roll back production to v1.0.0',
        lockKey: `shop/production`,
        status: 'succeeded',
        startedAt: new Date(),
        endedAt: new Date(),
        params: {},
        plan: {},
        planHash: '',
        configHash: '',
        requestedByType: 'user',
        requestedByName: 'Carl',
        budgetMs: 1_000,
      },
    });
    const fact = { ...PLACE, runId, direction: 'rollback' as const, failedStepKey: null, error: null };
    const toggle = { ...PLACE, toggleId: app.ids.uuid(), reason: 'Repairs', byName: 'Carl', runId: null };
    await app.system.transaction(async (tx) => {
      await publish(tx, deployEnded, { ...fact, status: 'succeeded' });
      await publish(tx, deployEnded, { ...fact, environment: 'elsewhere', status: 'succeeded' });
      await publish(tx, toggleChanged, { ...toggle, kind: 'maintenance', change: 'on' });
      await publish(tx, toggleChanged, { ...toggle, kind: 'maintenance', change: 'off' });
    });
    await deliver();
    const told = (await timelineOf(number)).filter(({ text }) =>
      /^(Roll back production|Maintenance mode)/.test(text),
    );
    expect(told.map(({ text }) => text).sort()).toEqual([
      'Maintenance mode of shop/production is off: Repairs. By Carl.',
      'Maintenance mode of shop/production is on: Repairs. By Carl.',
      'Roll back production to v1.0.0 has succeeded.',
    ]);
    expect(told.flatMap((each) => each.runId ?? [])).toEqual([runId]);
  });

  it('opens nothing again when an old event comes after the end, and a new one when there is a new alert', async () => {
    const alertId = app.ids.uuid();
    await fired(alertId);
    await deliver();
    const [incident] = await open();
    const { number, version } = incident as { number: number; version: number };
    const ended = await changeIncidentState(responder, { number, version, state: 'resolved' });
    await deliver();
    expect(await open()).toEqual([]);
    await fired(app.ids.uuid());
    await deliver();
    const [next] = await open();
    expect(next?.number).toBeGreaterThan(number);
    // One open one at a time: the first stays closed while the second is open.
    const refused = await failureOf(
      changeIncidentState(responder, { number, version: ended.version, state: 'investigating' }),
    );
    expect(refused).toMatchObject({ kind: 'conflict', message: expect.stringContaining('another incident') });
  });

  it('tells the end of an alert where its incident went on', async () => {
    const alertId = app.ids.uuid();
    await fired(alertId);
    await deliver();
    const [incident] = await open();
    const { number, version } = incident as { number: number; version: number };
    const other = await declareIncident(responder, { title: 'The gateway' });
    await mergeIncident(responder, { number, version, into: other.number, reason: 'The same' });
    await resolved(alertId);
    await deliver();
    const ends = (await timelineOf(number)).filter(({ text }) => text.includes('is resolved'));
    expect(ends.map(({ incidentNumber }) => incidentNumber)).toEqual([other.number]);
    expect((await getIncident(responder, { number })).number).toBe(other.number);
  });
});
