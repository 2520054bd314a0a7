import { afterAll, beforeAll, expect, it } from 'vitest';
import { enqueueNotification } from '#server/notifications/commands';
import { claimDelivery, settleDelivery } from '#server/notifications/outbox';
import { listChannels } from '#server/notifications/queries';
import { createTestApp, type TestApp } from '#server/testing/context';

let app: TestApp;

beforeAll(async () => {
  app = await createTestApp();
});
afterAll(() => app.close());

async function enqueue(groupKey: string): Promise<void> {
  await app.system.transaction((tx) =>
    enqueueNotification(tx, {
      channel: 'ALERTS',
      kind: 'alert.fired',
      subject: 'A notice',
      text: 'Something is as it should not be.',
      groupKey,
      dedupKey: groupKey,
    }),
  );
}

it('waits as long as Slack asks to, whatever a message that was under way is answered', async () => {
  await enqueue('asked');
  await enqueue('under-way');
  const workers = [app.ids.uuid(), app.ids.uuid()] as const;
  const asked = await claimDelivery(app.system, workers[0], 'ALERTS');
  const underWay = await claimDelivery(app.system, workers[1], 'ALERTS');
  if (!asked || !underWay) throw new Error('One of the two was not due');
  await settleDelivery(app.system, workers[0], asked, {
    outcome: 'wait',
    status: 429,
    waitMs: 60_000,
  });
  await settleDelivery(app.system, workers[1], underWay, { outcome: 'sent', status: 200 });
  const { state } = await app.database.client.notificationDelivery.findUniqueOrThrow({
    where: { notificationId: underWay.notificationId },
  });
  expect(state).toBe('sent');
  const channels = await listChannels(await app.asRole('admin'), {});
  expect(channels.find(({ channel }) => channel === 'ALERTS')?.hold?.reason).toMatch(
    /^Slack asks to wait until/,
  );
  await enqueue('behind');
  expect(await claimDelivery(app.system, workers[1], 'ALERTS')).toBeNull();
});
