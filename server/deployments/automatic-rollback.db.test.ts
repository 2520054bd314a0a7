import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { rollBackForAlert } from '#server/deployments/automatic-rollback';
import { getAlert } from '#server/monitoring/alerts/queries';
import { openAlert } from '#server/monitoring/alerts/records';
import { toRule } from '#server/monitoring/rules/records';
import { createFixtureConsole, type FixtureConsole, PLACE } from '#server/testing/fixture-console';

let made: FixtureConsole;

beforeAll(async () => {
  made = await createFixtureConsole(
    {
      automaticRollback: { attributionMinutes: 60, cooldownMinutes: 0 },
      validation: { endpoints: [{ path: '/api/health' }] },
    },
    // No worker dies here: a slow machine ends no transaction.
    { RUN_LEASE_MS: '20000' },
  );
  made.work();
  await made.shop.addRelease('v1.5.0', 'good');
  await made.shop.addRelease('v1.6.0', 'good');
}, 60_000);
afterAll(() => made.close(), 60_000);

/** Opens an alert of the error rate with its action, as the rules do. */
async function fire(breachSince: Date, change: { dryRun?: boolean; key?: string } = {}): Promise<string> {
  const row = await made.app.system.db.alertRule.findUniqueOrThrow({
    where: { key: change.key ?? 'error-rate-critical' },
  });
  const rule = { ...toRule(row), dryRun: change.dryRun ?? false };
  // One open alert of a key: the one before is over.
  await made.app.system.db.$executeRaw`
    UPDATE alert SET state = 'resolved', resolved_at = clock_timestamp(), resolved_by_name = 'test' WHERE state <> 'resolved'`;
  const alert = await made.app.system.transaction((tx) =>
    openAlert(tx, {
      ...PLACE,
      rule,
      cause: 'breach',
      breachSince,
      value: 30,
      traffic: 100,
      explanation: 'It is bad.',
      chart: null,
    }),
  );
  return alert?.id as string;
}

async function decisions(alertId: string) {
  const { history } = await getAlert(made.responder, { alertId });
  return history.filter(({ kind }) => kind === 'decision');
}

/** What the alert's channel was told of them. */
function tellings(alertId: string) {
  return made.app.system.db.notification.findMany({
    where: { kind: 'alert.decision', idempotencyKey: { startsWith: `alert:${alertId}:` } },
  });
}

async function payloadOf(alertId: string) {
  const { payload } = await made.app.system.db.event.findFirstOrThrow({
    where: { type: 'monitoring.automatic-action-requested', payload: { path: ['alertId'], equals: alertId } },
  });
  return payload as never;
}

async function live(): Promise<string | undefined> {
  const row = await made.app.system.db.deployment.findFirst({
    where: { ...PLACE, status: { in: ['switched', 'live'] } },
    orderBy: { sequence: 'desc' },
    include: { release: true },
  });
  return row?.release.tag;
}

describe('an alert whose rule rolls back', { timeout: 60_000 }, () => {
  it('leads to one rollback, however often it is told, and its history says which', async () => {
    await made.deployed('v1.0.0');
    await made.deployed('v1.5.0');
    const alertId = await fire(new Date());
    const payload = await payloadOf(alertId);
    await Promise.all([1, 2, 3].map(() => rollBackForAlert(made.app.system, payload)));
    await made.deliver();
    const told = await decisions(alertId);
    expect(told).toHaveLength(1);
    expect(await tellings(alertId)).toHaveLength(1);
    expect(told[0]?.text).toBe('The console rolls it back: v1.5.0 goes back to v1.0.0.');
    const run = await made.ended(told[0]?.runId as string);
    expect(run).toMatchObject({ status: 'succeeded', requestedByName: 'Automatic rollback' });
    expect(await live()).toBe('v1.0.0');
    // After the end as well.
    await rollBackForAlert(made.app.system, payload);
    await made.deliver();
    expect(await decisions(alertId)).toHaveLength(1);
    expect(await tellings(alertId)).toHaveLength(1);
    expect(await made.app.system.db.run.count({ where: { procedure: 'deployments.rollback' } })).toBe(1);
    expect(await made.app.system.db.automaticRollbackAttempt.findMany()).toMatchObject([
      { releaseTag: 'v1.5.0', alertId, runId: run.id, refusal: null },
    ]);
  });

  it('never goes on from a rollback, and gives a release one attempt', async () => {
    const again = await fire(new Date());
    await made.deliver();
    expect(await decisions(again)).toMatchObject([
      { text: expect.stringContaining('came here by a rollback'), runId: null },
    ]);
    await made.app.system.db.$executeRaw`
      UPDATE environment_lock SET lifted_at = clock_timestamp(), lifted_by_name = 'test', lift_reason = 'test' WHERE lifted_at IS NULL`;
    await made.app.system.db.$executeRaw`
      INSERT INTO release_mark (release_id, verdict, reason, by_type, by_name)
      SELECT id, 'none', 'test', 'system', 'test' FROM release WHERE tag = 'v1.5.0'`;
    await made.deployed('v1.5.0');
    const third = await fire(new Date());
    await made.deliver();
    expect(await decisions(third)).toMatchObject([
      { text: expect.stringContaining('each release gets one attempt'), runId: null },
    ]);
    expect(await live()).toBe('v1.5.0');
  });

  it('leaves a release alone that was well when it began, and a dry run leaves everything alone', async () => {
    const before = new Date(Date.now() - 60_000);
    await made.deployed('v1.6.0');
    const early = await fire(before);
    await made.deliver();
    expect((await decisions(early))[0]?.text).toMatch(
      /^Not rolled back: it began at .*, before v1.6.0 went live/,
    );
    const dry = await fire(new Date(), { dryRun: true });
    await made.deliver();
    expect((await decisions(dry))[0]?.text).toBe('Dry run, nothing is done: v1.6.0 goes back to v1.5.0.');
    expect(await live()).toBe('v1.6.0');
  });

  it('comes too late for an alert that is over', async () => {
    const alertId = await fire(new Date());
    const payload = await payloadOf(alertId);
    await made.app.system.db.$executeRaw`
      UPDATE alert SET state = 'resolved', resolved_at = clock_timestamp(), resolved_by_name = 'test'
      WHERE id = ${alertId}::uuid`;
    await Promise.all([made.deliver(), rollBackForAlert(made.app.system, payload)]);
    await made.deliver();
    expect((await decisions(alertId)).map(({ text }) => text)).toEqual([
      'Not rolled back: the alert was over before it could be decided.',
    ]);
    expect(await tellings(alertId)).toHaveLength(1);
    expect(await live()).toBe('v1.6.0');
  });

  it('for a breach locks down as well, and says when it cannot; an attempt that started nothing counts for none', async () => {
    const { id: earlier } = await made.app.system.db.alert.findFirstOrThrow({ select: { id: true } });
    await made.app.system.db.$executeRaw`
      INSERT INTO automatic_rollback_attempt (service, environment, release_id, release_tag, alert_id, refusal)
      SELECT service, 'production', id, tag, ${earlier}::uuid, 'It was no use.' FROM release WHERE tag = 'v1.6.0'`;
    const alertId = await fire(new Date(), { key: 'security-breach' });
    await made.deliver();
    const told = (await decisions(alertId)).map(({ text }) => text);
    expect(told[0]).toMatch(/^Not locked down: The configuration of shop\/production does not say/);
    expect(told[1]).toBe('The console rolls it back: v1.6.0 goes back to v1.5.0.');
    const { deliveries } = await getAlert(made.responder, { alertId });
    expect(deliveries[0]).toMatchObject({ channel: 'SECURITY' });
    const run = (await decisions(alertId))[1]?.runId as string;
    expect((await made.ended(run)).status).toBe('succeeded');
    expect(await live()).toBe('v1.5.0');
    const attempts = await made.app.system.db.automaticRollbackAttempt.findMany({
      where: { releaseTag: 'v1.6.0' },
    });
    expect(attempts).toMatchObject([{ alertId, runId: run, refusal: null }]);
  });
});
