import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createEventRegistry } from '#server/bootstrap';
import { automaticRollbackDecided } from '#server/deployments/contract';
import { changeIncidentLevel, changeIncidentState } from '#server/incidents/commands/change-incident';
import { declareIncident } from '#server/incidents/commands/declare-incident';
import { assessDamage } from '#server/incidents/playbooks/commands/emergency';
import {
  addPlaybookStep,
  changePlaybookStep,
  movePlaybookStep,
} from '#server/incidents/playbooks/commands/manage-steps';
import { runIncidentAction } from '#server/incidents/playbooks/commands/run-action';
import {
  noteWorkaround,
  scheduleIncidentFix,
  settleIncidentStep,
} from '#server/incidents/playbooks/commands/settle-step';
import { getPlaybook, listPlaybooks } from '#server/incidents/playbooks/queries';
import { listIncidents, listTimeline } from '#server/incidents/queries';
import { disableEnhancedMonitoring } from '#server/maintenance/commands/monitoring-mode';
import { endExpiredToggles } from '#server/maintenance/keep-toggles';
import { enhancedIntervalSeconds } from '#server/maintenance/queries';
import { alertFired } from '#server/monitoring/alerts/contract';
import { syncChecks } from '#server/monitoring/checks/sync';
import type { Ctx } from '#server/platform/context';
import { deliverEvents } from '#server/platform/event-delivery';
import { publish } from '#server/platform/events';
import { createPostmortem } from '#server/postmortems/commands/write-postmortem';
import { listActionItems } from '#server/postmortems/queries';
import { createTestApp, type TestApp } from '#server/testing/context';
import { FakeClock } from '#server/testing/fake-clock';
import { METRICS_CONFIG, putSamples } from '#server/testing/metrics';
import { failureOf } from '#server/testing/people';
import { addAlert } from '#server/testing/rules';
import { withAdmin } from '#server/testing/server';

const PLACE = { service: 'shop', environment: 'production' };
const MINUTE = 60_000;

let app: TestApp;
let responder: Ctx;
let commander: Ctx;
const clock = new FakeClock(new Date().toISOString());

beforeAll(async () => {
  const env = { RUN_LEASE_MS: '10000', EVENT_LEASE_MS: '20000' };
  app = await createTestApp({ config: METRICS_CONFIG, events: createEventRegistry(), env, clock });
  [responder, commander] = await Promise.all([app.asRole('responder'), app.asRole('commander')]);
  await syncChecks(app.system);
});
afterAll(() => app.close());
beforeEach(async () => {
  clock.set(new Date());
  const { rows } = await listIncidents(responder, { state: 'open', pageSize: 100 });
  for (const { number, version } of rows)
    await changeIncidentState(responder, { number, version, state: 'resolved' });
  await deliver();
});

/** Delivers all there is, and what comes of it; then all once more, as after a crash. */
async function deliver(): Promise<void> {
  const worker = app.ids.uuid();
  for (let round = 0; round < 3; round += 1) await deliverEvents(app, worker);
  await app.system.db.$executeRaw`
    UPDATE event_delivery SET status = 'pending', delivered_at = NULL, next_attempt_at = clock_timestamp()
    WHERE handler IN ('incidents.begin-steps', 'incidents.note-watch', 'maintenance.watch-for-incident',
      'postmortems.add-scheduled-fix')`;
  await Promise.all([deliverEvents(app, worker), deliverEvents(app, app.ids.uuid())]);
  const [failed] = await app.system.db.eventDelivery.findMany({ where: { lastError: { not: null } } });
  expect(failed?.lastError).toBeUndefined();
}

const declare = (level: number, more: Record<string, unknown> = {}) =>
  declareIncident(responder, { title: 'Checkout fails', level, ...PLACE, ...more });
const playbookOf = (number: number) => getPlaybook(responder, { number });
const keysOf = async (number: number) => (await playbookOf(number)).steps.map(({ key }) => key);
const stepOf = async (number: number, key: string) => {
  const step = (await playbookOf(number)).steps.find((each) => each.key === key);
  if (!step) throw new Error(`There is no step ${key}`);
  return step;
};
const timelineOf = async (number: number) =>
  (await listTimeline(responder, { number, order: 'oldest', pageSize: 100 })).rows;
const textsOf = async (number: number) => (await timelineOf(number)).map(({ text }) => text);
const onlyOpen = async () => (await listIncidents(responder, { state: 'open' })).rows[0]?.number ?? 0;

const LEVEL_1 = [
  'alert-critical',
  'start',
  'assess-damage',
  'restore-service',
  'status-page',
  'enhanced-monitoring',
];

describe('the steps of an incident', () => {
  it('are copied when a person declares it, and when an alert or a rollback opens it', async () => {
    const { number } = await declare(2);
    expect(await keysOf(number)).toEqual([
      'assess-damage',
      'workaround',
      'schedule-fix',
      'enhanced-monitoring',
    ]);
    expect(await keysOf((await declare(4)).number)).toEqual(['schedule-fix']);

    for (const tell of [fired, rolledBack]) {
      const { rows } = await listIncidents(responder, { state: 'open', pageSize: 100 });
      for (const { number: open, version } of rows)
        await changeIncidentState(responder, { number: open, version, state: 'resolved' });
      await tell();
      await deliver();
      expect(await keysOf(await onlyOpen())).toEqual(LEVEL_1);
    }
  });

  it('grow when the level is raised and keep what was done; a lowered level takes nothing away', async () => {
    const { number, version } = await declare(3);
    expect(await keysOf(number)).toEqual(['assess-damage', 'schedule-fix']);
    const { version: seen } = await stepOf(number, 'schedule-fix');
    await settleIncidentStep(responder, {
      number,
      key: 'schedule-fix',
      version: seen,
      state: 'done',
      note: 'Anna',
    });
    const raised = await changeIncidentLevel(responder, {
      number,
      version,
      level: 1,
      reason: 'Nobody can pay',
    });
    const keys = ['assess-damage', 'schedule-fix', ...LEVEL_1.filter((key) => key !== 'assess-damage')];
    expect(await keysOf(number)).toEqual(keys);
    expect(await stepOf(number, 'schedule-fix')).toMatchObject({
      state: 'done',
      byName: 'Test responder',
      note: 'Anna',
    });
    expect((await textsOf(number)).at(-1)).toContain('Its playbook adds: Alert the team, Take the lead');
    await changeIncidentLevel(responder, { number, version: raised.version, level: 4, reason: 'A mistake' });
    expect(await keysOf(number)).toEqual(keys);
  });

  it('are ticked by one of two who do so at once, and the other is told', async () => {
    const { number } = await declare(2);
    const { version } = await stepOf(number, 'workaround');
    const tick = (who: Ctx) =>
      settleIncidentStep(who, { number, key: 'workaround', version, state: 'done', note: who.actor.name });
    const results = await Promise.allSettled([tick(responder), tick(commander)]);
    const lost = results.filter((each) => each.status === 'rejected');
    expect(lost).toHaveLength(1);
    const { byName } = await stepOf(number, 'workaround');
    expect(lost[0]?.reason).toMatchObject({
      kind: 'conflict',
      message: `Somebody was quicker: "Work around it" was done by ${byName} now. Nothing was changed.`,
    });
    expect((await textsOf(number)).filter((text) => text.startsWith('Done: Work around it'))).toHaveLength(1);
  });

  it('are left out with a reason, and open again', async () => {
    const { number } = await declare(2);
    const about = { number, key: 'workaround' };
    const refused = await failureOf(
      settleIncidentStep(responder, { ...about, version: 1, state: 'skipped' }),
    );
    expect(refused).toMatchObject({ kind: 'invalid_input', fields: { note: ['Say why it is left out.'] } });
    const left = { ...about, version: 1, state: 'skipped', note: 'There is none' };
    expect((await settleIncidentStep(responder, left)).done).toBe(1);
    const again = await settleIncidentStep(responder, { ...about, version: 2, state: 'open' });
    expect(again.done).toBe(0);
    expect(again.steps[1]).toMatchObject({ state: 'open', byName: null, at: null, note: null, version: 3 });
    expect(
      await failureOf(settleIncidentStep(responder, { ...about, version: 3, state: 'open' })),
    ).toMatchObject({
      kind: 'unprocessable',
    });
    const audit = await app.system.db.auditEntry.count({ where: { action: 'incidents.settle-step' } });
    expect(audit).toBeGreaterThanOrEqual(2);
  });

  it('stay as they were copied when the playbook changes', async () => {
    const { number } = await declare(4);
    const added = await addPlaybookStep(commander, { level: 4, title: 'Call the customer' });
    expect(added).toMatchObject({ key: 'call-the-customer', action: null, version: 1 });
    const stale = { level: 4, key: 'schedule-fix', version: 1 };
    await changePlaybookStep(commander, { ...stale, title: 'Another title' });
    expect(await failureOf(changePlaybookStep(commander, { ...stale, title: 'Lost' }))).toMatchObject({
      kind: 'conflict',
    });
    await movePlaybookStep(commander, { level: 4, key: 'call-the-customer', version: 1, direction: 'up' });
    expect((await playbookOf(number)).steps).toMatchObject([{ key: 'schedule-fix', title: 'Note the fix' }]);
    const next = await declare(4);
    expect((await playbookOf(next.number)).steps.map(({ title }) => title)).toEqual([
      'Call the customer',
      'Another title',
    ]);
    const [first] = await listPlaybooks(commander, { level: 4 });
    const retired = { level: 4, key: 'call-the-customer', version: first?.version, isActive: false };
    await changePlaybookStep(commander, retired);
    expect(await keysOf((await declare(4)).number)).toEqual(['schedule-fix']);
    expect(await failureOf(addPlaybookStep(responder, { level: 4, title: 'No' }))).toMatchObject({
      kind: 'forbidden',
    });
    const itself = { level: 4, title: 'Watch', action: 'enhanced-monitoring', startsItself: true };
    expect(await failureOf(addPlaybookStep(commander, itself))).toMatchObject({ kind: 'unprocessable' });
  });
});

describe('what the console does by itself', () => {
  it('calls the team and assesses the damage of a new level 1, once', async () => {
    const { number } = await declare(1);
    await deliver();
    expect(await stepOf(number, 'alert-critical')).toMatchObject({ state: 'done', byName: 'The console' });
    expect(await stepOf(number, 'assess-damage')).toMatchObject({ state: 'done', byName: 'The console' });
    expect(await stepOf(number, 'restore-service')).toMatchObject({ state: 'open' });
    const told = await app.system.db.notification.findMany({
      where: { kind: 'incident.alert-critical', link: `/incidents/${number}` },
    });
    expect(told).toMatchObject([
      {
        channel: 'CRITICAL',
        subject: `INC-${number} · level 1: Checkout fails`,
        mentions: ['tech-lead', 'devops'],
      },
    ]);
    expect(await app.system.db.incidentAssessment.count({ where: { incident: { number } } })).toBe(1);
    expect(await failureOf(runIncidentAction(responder, { number, action: 'alert-critical' }))).toMatchObject(
      {
        kind: 'conflict',
        message: `CRITICAL was told of INC-${number} before. Nothing was sent.`,
      },
    );
  });

  it('leaves to people what they have dealt with', async () => {
    const { number } = await declare(1);
    const { version } = await stepOf(number, 'alert-critical');
    await settleIncidentStep(responder, {
      number,
      key: 'alert-critical',
      version,
      state: 'skipped',
      note: 'We are all here',
    });
    await deliver();
    expect(await stepOf(number, 'alert-critical')).toMatchObject({
      state: 'skipped',
      byName: 'Test responder',
    });
    expect(await app.system.db.notification.count({ where: { link: `/incidents/${number}` } })).toBe(0);
  });
});

describe('an assessment', () => {
  it('has what is measured, and names what is not with the reason', async () => {
    await app.system.db.$executeRaw`
      UPDATE monitor_check SET last_outcome = 'failed', last_at = clock_timestamp(), last_message = 'Answered with status 500',
        outcome_since = clock_timestamp() WHERE key = 'health'`;
    const now = Date.now();
    const alertId = await addAlert(app.system);
    const { number } = await declare(3);
    const before = await runIncidentAction(responder, { number, action: 'assess-damage' });
    expect(before.damage?.facts.places[0]?.notMeasured).toContain(
      'error rate: no metrics of it came in the last 5 minutes.',
    );
    const counter = (status: string, last: number) => ({
      name: 'http_requests_total',
      kind: 'counter' as const,
      labels: { status },
      samples: [
        [now - 2 * MINUTE, 0],
        [now - 1_000, last],
      ] as [number, number][],
    });
    await putSamples(app.system, [counter('2xx', 90), counter('5xx', 10)]);
    clock.set(new Date());
    const { damage, steps } = await runIncidentAction(responder, { number, action: 'assess-damage' });
    const [place] = damage?.facts.places ?? [];
    expect(place).toMatchObject({
      ...PLACE,
      health: 'failed',
      checksFailing: 1,
      errorPercent: 10,
      latencyP95Ms: null,
    });
    expect(place?.checks[0]).toMatchObject({
      title: 'Health',
      state: 'failed',
      message: 'Answered with status 500',
    });
    expect(place?.alerts.map((each) => each.alertId)).toEqual([alertId]);
    expect(place?.notMeasured).toContain('response time: no metrics of it came in the last 5 minutes.');
    expect(steps[0]).toMatchObject({ key: 'assess-damage', state: 'done', byName: 'Test responder' });
    const entry = (await timelineOf(number)).at(-1);
    expect(entry).toMatchObject({ kind: 'evidence', authorName: 'Test responder' });
    expect(entry?.text).toContain('checks fail: Health.');
    expect(entry?.text).toContain('errors 10 %');
    expect(entry?.text).toContain('Not measured: response time');
  });

  it('of an incident without a service says that it does not know where to look', async () => {
    const { number } = await declareIncident(responder, { title: 'Something', level: 3 });
    const { damage } = await runIncidentAction(responder, { number, action: 'assess-damage' });
    expect(damage?.facts).toMatchObject({
      places: [],
      notMeasured: [expect.stringContaining('names no service')],
    });
  });

  it('in an emergency goes into the open incident of the place, and is kept without one', async () => {
    const alone = await assessDamage(responder, PLACE);
    expect(alone).toMatchObject({ incidentNumber: null, byName: 'Test responder' });
    expect(
      await app.system.db.incidentAssessment.count({ where: { incidentId: null, kind: 'damage' } }),
    ).toBe(1);
    const { number } = await declare(3);
    expect(await assessDamage(responder, PLACE)).toMatchObject({ incidentNumber: number });
    expect(await stepOf(number, 'assess-damage')).toMatchObject({ state: 'done' });
    expect(await failureOf(assessDamage(responder, { service: 'nowhere' }))).toMatchObject({
      kind: 'not_found',
    });
  });

  it('is for good: the database refuses to change or delete it', async () => {
    for (const sql of [
      'UPDATE incident_assessment SET by_name = by_name',
      'DELETE FROM incident_assessment',
    ]) {
      await expect(app.system.db.$executeRawUnsafe(sql)).rejects.toThrow();
      await expect(withAdmin(app.testDatabase.adminUrl, (client) => client.query(sql))).rejects.toThrow(
        /append-only/,
      );
    }
  });
});

describe('enhanced monitoring', () => {
  it('is raised in the name of who asks, ends by the clock, also after a restart, and says so', async () => {
    const { number } = await declare(2);
    const asked = await runIncidentAction(responder, { number, action: 'enhanced-monitoring' });
    expect(asked.steps.at(-1)).toMatchObject({ state: 'running', watch: null });
    expect(
      await failureOf(runIncidentAction(commander, { number, action: 'enhanced-monitoring' })),
    ).toMatchObject({
      kind: 'conflict',
    });
    await deliver();
    const step = await stepOf(number, 'enhanced-monitoring');
    expect(step).toMatchObject({ state: 'done', byName: 'Test responder' });
    expect(step.watch).toMatchObject({ ...PLACE, intervalSeconds: 10, isOpen: true });
    expect(Date.parse(step.watch?.expiresAt ?? '')).toBe(clock.now().getTime() + 120 * MINUTE);
    expect(await enhancedIntervalSeconds(app.system, PLACE)).toBe(10);

    clock.advance(120 * MINUTE);
    expect(await enhancedIntervalSeconds(app.system, PLACE)).toBeNull();
    expect((await stepOf(number, 'enhanced-monitoring')).watch?.isOpen).toBe(false);
    // The database's clock judges when it is closed; another process does so.
    await app.system.db
      .$executeRaw`UPDATE toggle SET expires_at = started_at + interval '1 millisecond' WHERE ended_at IS NULL`;
    const restarted = await createTestApp({
      config: METRICS_CONFIG,
      events: createEventRegistry(),
      database: app.testDatabase,
    });
    try {
      await endExpiredToggles(restarted.system);
    } finally {
      await restarted.close();
    }
    await deliver();
    const texts = await textsOf(number);
    expect(
      texts.filter((text) => text.startsWith('shop/production is checked every 10 s until')),
    ).toHaveLength(1);
    expect(
      texts.filter((text) => text.includes('as often as every day again: Its time is over')),
    ).toHaveLength(1);
  });

  it('is ended early by a person, and asked for again', async () => {
    const { number } = await declare(2);
    const ask = { number, action: 'enhanced-monitoring', minutes: 30, intervalSeconds: 5 };
    await runIncidentAction(responder, ask);
    await deliver();
    await disableEnhancedMonitoring(responder, { ...PLACE, reason: 'All is well' });
    await deliver();
    expect((await textsOf(number)).at(-1)).toContain('All is well. By Test responder.');
    await runIncidentAction(responder, ask);
    await deliver();
    expect((await stepOf(number, 'enhanced-monitoring')).watch).toMatchObject({
      intervalSeconds: 5,
      isOpen: true,
    });
    await disableEnhancedMonitoring(responder, { ...PLACE, reason: 'Over' });
  });

  it('needs an environment, and the permission to switch it', async () => {
    const { number } = await declareIncident(responder, { title: 'Something' });
    expect(
      await failureOf(runIncidentAction(responder, { number, action: 'enhanced-monitoring' })),
    ).toMatchObject({
      kind: 'unprocessable',
    });
    const { actor } = responder;
    const narrow = app.for({
      ...actor,
      token: { id: app.ids.uuid(), name: 'narrow', scopes: ['incidents.manage'] },
    });
    expect(
      await failureOf(
        runIncidentAction(narrow, { number: (await declare(2)).number, action: 'enhanced-monitoring' }),
      ),
    ).toMatchObject({ kind: 'forbidden' });
  });
});

describe('workaround and fix', () => {
  it('are written down and tick their steps; with a post-mortem a fix is an action item', async () => {
    const { number } = await declare(2);
    await noteWorkaround(responder, { number, text: 'Pay by invoice' });
    expect(await stepOf(number, 'workaround')).toMatchObject({ state: 'done', note: 'Pay by invoice' });
    const first = await scheduleIncidentFix(responder, {
      number,
      text: 'Another provider',
      dueOn: '2099-12-24',
    });
    expect(first).toMatchObject({ hasActionItem: false });
    expect((await textsOf(number)).at(-1)).toBe(
      'The fix is scheduled: Another provider By Test responder, until 2099-12-24.',
    );
    await changeIncidentState(responder, { number, version: 1, state: 'resolved' });
    await deliver();
    await createPostmortem(commander, { number }).catch(() => undefined);
    const second = await scheduleIncidentFix(responder, { number, text: 'A second provider' });
    expect(second).toMatchObject({ hasActionItem: true });
    await deliver();
    const { rows } = await listActionItems(responder, { pageSize: 100 });
    expect(rows.filter((each) => each.incidentNumber === number)).toMatchObject([
      {
        title: 'A second provider',
        ownerName: 'Test responder',
        priority: 'high',
        createdByName: 'Test responder',
      },
    ]);
  });
});

function fired() {
  const alertId = app.ids.uuid();
  return app.system.transaction((tx) =>
    publish(tx, alertFired, {
      ...PLACE,
      alertId,
      ruleKey: 'error-rate-critical',
      title: 'Error rate above 5 %',
      cause: 'breach',
      severity: 'critical',
      explanation: 'Errors: 30 %, above the limit of 5 %.',
      breachSince: new Date(Date.now() - 90_000).toISOString(),
      openedAt: new Date().toISOString(),
    }),
  );
}

function rolledBack() {
  return app.system.transaction((tx) =>
    publish(tx, automaticRollbackDecided, {
      ...PLACE,
      alertId: app.ids.uuid(),
      outcome: 'started',
      words: 'The console rolls it back: v1.1.0 goes back to v1.0.0.',
      runId: app.ids.uuid(),
    }),
  );
}
