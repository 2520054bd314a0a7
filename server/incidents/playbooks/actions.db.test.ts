import { describe, expect, it } from 'vitest';
import { createEventRegistry } from '#server/bootstrap';
import { changeIncidentState } from '#server/incidents/commands/change-incident';
import { declareIncident } from '#server/incidents/commands/declare-incident';
import { mergeIncident } from '#server/incidents/commands/merge-incidents';
import { assessDamage } from '#server/incidents/playbooks/commands/emergency';
import { addPlaybookStep } from '#server/incidents/playbooks/commands/manage-steps';
import { runIncidentAction } from '#server/incidents/playbooks/commands/run-action';
import {
  noteWorkaround,
  scheduleIncidentFix,
  settleIncidentStep,
} from '#server/incidents/playbooks/commands/settle-step';
import { getIncident } from '#server/incidents/queries';
import { disableEnhancedMonitoring } from '#server/maintenance/commands/monitoring-mode';
import { endExpiredToggles } from '#server/maintenance/keep-toggles';
import { enhancedIntervalSeconds } from '#server/maintenance/queries';
import { createPostmortem } from '#server/postmortems/commands/write-postmortem';
import { listActionItems } from '#server/postmortems/queries';
import { createTestApp } from '#server/testing/context';
import { METRICS_CONFIG, putSamples } from '#server/testing/metrics';
import { failureOf } from '#server/testing/people';
import {
  app,
  clock,
  commander,
  declare,
  deliver,
  PLACE,
  playbookOf,
  responder,
  stepOf,
  textsOf,
  timelineOf,
  withPlaybooks,
} from '#server/testing/playbooks';
import { addAlert } from '#server/testing/rules';
import { withAdmin } from '#server/testing/server';

const MINUTE = 60_000;

withPlaybooks();

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
    const counter = (route: string, status: string, last: number) => ({
      name: 'http_requests_total',
      kind: 'counter' as const,
      labels: { route, status },
      samples: [
        [now - 2 * MINUTE, 0],
        [now - 1_000, last],
      ] as [number, number][],
    });
    await putSamples(app.system, [
      counter('/shop', '2xx', 80),
      counter('/checkout', '2xx', 10),
      counter('/checkout', '5xx', 10),
    ]);
    clock.set(new Date());
    const { damage, steps } = await runIncidentAction(responder, { number, action: 'assess-damage' });
    const [place] = damage?.facts.places ?? [];
    expect(place).toMatchObject({
      ...PLACE,
      health: 'failed',
      checksFailing: 1,
      errorPercent: 10,
      latencyP95Ms: null,
      endpoints: [{ route: '/checkout', errorPercent: 50, requestsPerSecond: expect.any(Number) }],
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
    expect(entry?.text).toContain('Errors by endpoint: /checkout 50 %.');
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

describe('a merge', () => {
  it('has done what was done in the one that was merged, and calls nobody once more', async () => {
    const [mild, grave] = [await declare(4), await declare(1)];
    await deliver();
    expect(await stepOf(grave.number, 'alert-critical')).toMatchObject({ state: 'done' });
    const { number, version } = grave;
    await mergeIncident(responder, { number, version, into: mild.number, reason: 'The same' });
    await deliver();
    expect(await stepOf(mild.number, 'alert-critical')).toMatchObject({
      state: 'done',
      byName: 'The console',
    });
    const calls = (await textsOf(mild.number)).filter((text) => text.startsWith('CRITICAL is told'));
    expect(calls).toHaveLength(1);
  });

  it('shows steps that only the merged one had, as they were settled, and what was found in it', async () => {
    await addPlaybookStep(commander, { level: 4, title: 'Ring the florist' });
    const [mild, grave] = [await declare(4), await declare(3)];
    await deliver();
    const own = (await playbookOf(mild.number)).steps.find(({ title }) => title === 'Ring the florist');
    if (!own) throw new Error('The step was not copied');
    const { key, version } = own;
    await settleIncidentStep(responder, { number: mild.number, key, version, state: 'done', note: 'Rang' });
    await runIncidentAction(responder, { number: mild.number, action: 'assess-damage' });
    const before = await playbookOf(grave.number);
    expect(before.damage).toBeNull();
    await mergeIncident(responder, {
      number: mild.number,
      version: (await getIncident(responder, { number: mild.number })).version,
      into: grave.number,
      reason: 'The same',
    });
    const after = await playbookOf(grave.number);
    expect(after.steps.at(-1)).toMatchObject({
      key,
      state: 'done',
      note: 'Rang',
      byName: 'Test responder',
      level: 4,
    });
    expect(after.steps).toHaveLength(before.steps.length + 1);
    expect(after.damage).toMatchObject({ byName: 'Test responder' });
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

  it('that comes too late has failed, and can be asked for again', async () => {
    const { number } = await declare(2);
    await runIncidentAction(responder, { number, action: 'enhanced-monitoring', minutes: 1 });
    clock.advance(2 * MINUTE);
    await deliver();
    expect(await stepOf(number, 'enhanced-monitoring')).toMatchObject({
      state: 'failed',
      note: 'Its time was over before it could begin.',
    });
    expect((await textsOf(number)).filter((text) => text.startsWith('Failed: '))).toHaveLength(1);
    await runIncidentAction(responder, { number, action: 'enhanced-monitoring', minutes: 30 });
    await deliver();
    expect(await stepOf(number, 'enhanced-monitoring')).toMatchObject({ state: 'done' });
    await disableEnhancedMonitoring(responder, { ...PLACE, reason: 'All is well' });
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
  it('are written down and tick their steps; a fix is an action item, also of a post-mortem that is made later', async () => {
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
    const by = { ownerName: 'Test responder', priority: 'high', createdByName: 'Test responder' };
    const items = rows.filter((each) => each.incidentNumber === number);
    expect(items.sort((a, b) => a.title.localeCompare(b.title))).toMatchObject([
      { ...by, title: 'A second provider' },
      { ...by, title: 'Another provider', dueOn: '2099-12-24' },
    ]);
  });

  it('at the moment in which the post-mortem begins: a fix is there once', async () => {
    for (let round = 0; round < 5; round += 1) {
      const { number } = await declare(3);
      await changeIncidentState(responder, { number, version: 1, state: 'resolved' });
      await Promise.all([
        createPostmortem(commander, { number }),
        scheduleIncidentFix(responder, { number, text: 'At once' }),
        scheduleIncidentFix(commander, { number, text: 'As well' }),
      ]);
      await deliver();
      const { rows } = await listActionItems(responder, { pageSize: 100 });
      const titles = rows.filter((each) => each.incidentNumber === number).map(({ title }) => title);
      expect(titles.sort()).toEqual(['As well', 'At once']);
    }
  });
});
