import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { lockDownForBreach } from '#server/maintenance/lock-down-for-breach';
import { getAlert } from '#server/monitoring/alerts/queries';
import { openAlert } from '#server/monitoring/alerts/records';
import { toRule } from '#server/monitoring/rules/records';
import { type ControlledShop, startControlledShop } from '#server/testing/controlled-shop';
import { createFixtureConsole, type FixtureConsole, PLACE } from '#server/testing/fixture-console';

let made: FixtureConsole;
let shop: ControlledShop;

beforeAll(async () => {
  shop = await startControlledShop();
  made = await createFixtureConsole({ url: shop.url, control: { token: shop.token, timeoutMs: 5_000 } });
  made.work();
}, 60_000);
afterAll(async () => {
  await made.close();
  await shop.close();
}, 60_000);

/** Opens an alert of a breach of security, as the rules do, and gives what it asks for. */
async function fire(): Promise<{ alertId: string; payload: Parameters<typeof lockDownForBreach>[1] }> {
  const { db } = made.app.system;
  const row = await db.alertRule.findUniqueOrThrow({ where: { key: 'security-breach' } });
  await db.$executeRaw`
    UPDATE alert SET state = 'resolved', resolved_at = clock_timestamp(), resolved_by_name = 'test' WHERE state <> 'resolved'`;
  const alert = await made.app.system.transaction((tx) =>
    openAlert(tx, {
      ...PLACE,
      rule: toRule(row),
      cause: 'breach',
      breachSince: new Date(),
      value: 12,
      traffic: null,
      explanation: 'It is bad.',
      chart: null,
    }),
  );
  const { payload } = await db.event.findFirstOrThrow({
    where: { type: 'monitoring.automatic-action-requested' },
    orderBy: { id: 'desc' },
  });
  return { alertId: alert?.id as string, payload: payload as never };
}

/** What was decided about a lockdown, in the alert's history and in its channel. */
async function told(alertId: string) {
  const { history } = await getAlert(made.responder, { alertId });
  const notifications = await made.app.system.db.notification.count({
    where: { kind: 'alert.decision', idempotencyKey: { startsWith: `alert:${alertId}:lockdown:` } },
  });
  const decisions = history.filter(({ kind, text }) => kind === 'decision' && /lock/i.test(text));
  return { notifications, decisions: decisions.map(({ text, runId }) => ({ text, runId })) };
}

describe('a breach of security', { timeout: 60_000 }, () => {
  it('that is over before it could be decided locks nothing down', async () => {
    const { alertId } = await fire();
    await made.app.system.db.$executeRaw`
      UPDATE alert SET state = 'resolved', resolved_at = clock_timestamp(), resolved_by_name = 'test'
      WHERE id = ${alertId}::uuid`;
    await made.deliver();
    await made.deliver();
    expect(await told(alertId)).toEqual({
      notifications: 1,
      decisions: [{ text: 'Not locked down: the alert was over before it could be decided.', runId: null }],
    });
    expect(shop.lockdown.enabled).toBe(false);
  });

  it('locks down once and says so once, however often it is told', async () => {
    const { alertId, payload } = await fire();
    await Promise.all([1, 2, 3].map(() => lockDownForBreach(made.app.system, payload)));
    await made.deliver();
    const run = await made.app.system.db.run.findFirstOrThrow({
      where: { requestedByName: 'Automatic lockdown' },
    });
    expect(await made.ended(run.id)).toMatchObject({ status: 'succeeded' });
    expect(shop.lockdown.enabled).toBe(true);
    // After the end as well.
    await lockDownForBreach(made.app.system, payload);
    await made.deliver();
    expect(await told(alertId)).toEqual({
      notifications: 1,
      decisions: [{ text: 'Locked down by the console. A person lifts it.', runId: run.id }],
    });
    expect(await made.app.system.db.run.count({ where: { requestedByName: 'Automatic lockdown' } })).toBe(1);
  });
});
