import { describe, expect, it } from 'vitest';
import { automaticRollbackDecided } from '#server/deployments/contract';
import { changeIncidentLevel, changeIncidentState } from '#server/incidents/commands/change-incident';
import {
  addPlaybookStep,
  changePlaybookStep,
  movePlaybookStep,
} from '#server/incidents/playbooks/commands/manage-steps';
import { runIncidentAction } from '#server/incidents/playbooks/commands/run-action';
import { settleIncidentStep } from '#server/incidents/playbooks/commands/settle-step';
import { listPlaybooks } from '#server/incidents/playbooks/queries';
import { listIncidents } from '#server/incidents/queries';
import { alertFired } from '#server/monitoring/alerts/contract';
import type { Ctx } from '#server/platform/context';
import { publish } from '#server/platform/events';
import { failureOf } from '#server/testing/people';
import {
  app,
  commander,
  declare,
  deliver,
  keysOf,
  onlyOpen,
  PLACE,
  playbookOf,
  responder,
  stepOf,
  textsOf,
  withPlaybooks,
} from '#server/testing/playbooks';

const _MINUTE = 60_000;

const LEVEL_1 = [
  'alert-critical',
  'start',
  'assess-damage',
  'restore-service',
  'status-page',
  'enhanced-monitoring',
];

withPlaybooks();

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
