import fc from 'fast-check';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import {
  enqueueNotification,
  muteChannel,
  retryDelivery,
  setMention,
  testChannel,
  unmuteChannel,
} from '#server/notifications/commands';
import type { DeliverySummary, NotificationInput } from '#server/notifications/contract';
import { getDelivery, listChannels, listDeliveries } from '#server/notifications/queries';
import { type NotificationSender, startNotificationSender } from '#server/notifications/sender';
import type { Ctx } from '#server/platform/context';
import { findFreePort } from '#server/platform/free-port';
import { createTestApp, type TestApp } from '#server/testing/context';
import { eventually } from '#server/testing/eventually';
import { QUIET_CHANNEL, type SlackServer, startSlackServer } from '#server/testing/slack-server';

let slack: SlackServer;
let app: TestApp;
/** The same with less patience for an answer. */
let hasty: TestApp;
let admin: Ctx;
const senders: NotificationSender[] = [];
let count = 0;

beforeAll(async () => {
  slack = await startSlackServer();
  app = await createTestApp({
    env: { ...slack.env, PUBLIC_URL: 'https://ops.example', RUN_LEASE_MS: '10000' },
  });
  hasty = await createTestApp({
    database: app.testDatabase,
    env: { ...slack.env, SLACK_TIMEOUT_MS: '500', NOTIFICATION_LEASE_MS: '5000', RUN_LEASE_MS: '10000' },
  });
  admin = await app.asRole('admin');
});
afterAll(async () => {
  await hasty.close();
  await app.close();
  await slack.close();
});
beforeEach(async () => {
  slack.behave('ok');
  slack.seen.length = 0;
  await app.database.client.notificationChannel.updateMany({ data: QUIET_CHANNEL });
});
afterEach(async () => {
  await Promise.all(senders.splice(0).map((sender) => sender.stop()));
});

function start(howMany = 1, which: TestApp = app): void {
  for (let each = 0; each < howMany; each += 1)
    senders.push(startNotificationSender(which, which.ids.uuid()));
}

async function enqueue(groupKey: string, more: Partial<NotificationInput> = {}): Promise<string> {
  count += 1;
  const dedupKey = more.dedupKey ?? `${groupKey}/${count}`;
  await app.system.transaction((tx) =>
    enqueueNotification(tx, {
      channel: 'ALERTS',
      kind: 'alert.fired',
      subject: `Notice ${count}`,
      text: 'Something is as it should not be.',
      groupKey,
      ...more,
      dedupKey,
    }),
  );
  return dedupKey;
}

async function find(dedupKey: string): Promise<DeliverySummary> {
  const { id } = await app.database.client.notification.findUniqueOrThrow({
    where: { idempotencyKey: dedupKey },
  });
  return getDelivery(admin, { notificationId: id });
}

async function ended(keys: readonly string[], states: readonly string[] = ['sent']): Promise<void> {
  await eventually(async () => {
    const rows = await app.database.client.notification.findMany({
      where: { idempotencyKey: { in: [...keys] } },
      include: { delivery: true },
    });
    const open = rows.filter(({ delivery }) => !states.includes(delivery?.state ?? ''));
    if (rows.length !== keys.length || open.length > 0)
      throw new Error(`${open.length} of ${rows.length} are open`);
  }, 30_000);
}

/** The keys that Slack took; where the sender may have lost patience with a slow machine, repeats in a row count once. */
function takenOnce(mayRepeat: boolean): string[] {
  const taken = slack.taken();
  return mayRepeat ? taken.filter((key, at) => taken.indexOf(key) === at) : taken;
}

describe('the outbox', () => {
  it('holds a notification exactly when the change that it tells of was made', async () => {
    await expect(
      enqueueNotification(app.system, {
        channel: 'ALERTS',
        kind: 'x',
        subject: 'x',
        text: '',
        groupKey: 'g',
        dedupKey: 'outside',
      }),
    ).rejects.toThrow('outside a transaction');
    await expect(
      app.system.transaction(async (tx) => {
        await enqueueNotification(tx, {
          channel: 'ALERTS',
          kind: 'x',
          subject: 'x',
          text: '',
          groupKey: 'g',
          dedupKey: 'rolled-back',
        });
        throw new Error('the change failed');
      }),
    ).rejects.toThrow('the change failed');
    expect(await app.database.client.notification.count()).toBe(0);
  });

  it('takes the same key once, also from many at the same moment, and numbers a group without gap', async () => {
    await Promise.all(Array.from({ length: 8 }, () => enqueue('once', { dedupKey: 'once/same' })));
    await Promise.all(Array.from({ length: 8 }, () => enqueue('once')));
    const rows = await app.database.client.notification.findMany({
      where: { groupKey: 'once' },
      orderBy: { sequence: 'asc' },
    });
    expect(rows.map(({ sequence }) => sequence)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9]);
    start();
    await ended(rows.map(({ idempotencyKey }) => idempotencyKey));
    expect(slack.taken()).toEqual(rows.map(({ idempotencyKey }) => idempotencyKey));
  });

  it('refuses in the database what is out of order: two of a group on their way at once', async () => {
    await enqueue('twice');
    await enqueue('twice');
    await expect(
      app.database.client.$executeRaw`
        UPDATE notification_delivery SET state = 'sending', lease_until = clock_timestamp(),
          worker_id = '00000000-0000-7000-8000-000000000000' WHERE group_key = 'twice'`,
    ).rejects.toThrow();
    start();
    await eventually(async () => expect(slack.taken()).toHaveLength(2));
  });

  it('keeps texts that nobody could store or Slack would refuse', async () => {
    const key = await enqueue('odd', {
      subject: `${'x'.repeat(400)}\0`,
      text: `<!channel> & \uD800 ${'y'.repeat(12_000)}`,
      fields: Array.from({ length: 12 }, (_each, at) => ({ name: `f${at}`, value: '' })),
      link: '/alerts/1?a=1&b=2',
      mentions: ['Tech-Lead', '@devops', 'devops'],
      resolved: true,
    });
    await setMention(admin, { handle: '@devops', slackId: 's012ab' });
    start();
    await ended([key]);
    const { body } = slack.seen[0] ?? {};
    expect(body?.blocks.map(({ type }) => type)).toEqual([
      'header',
      'section',
      'section',
      'section',
      'section',
      'section',
      'context',
    ]);
    expect([...(body?.blocks[0]?.text?.text ?? '')]).toHaveLength(150);
    expect(body?.blocks[0]?.text?.text).toMatch(/^Resolved: x+…$/);
    expect(body?.blocks[1]?.text?.text).toBe('@tech-lead <!subteam^S012AB>');
    expect(body?.blocks[2]?.text?.text).toMatch(/^&lt;!channel&gt; &amp; \uFFFD y+…$/);
    expect(body?.blocks[2]?.text?.text.length).toBe(3_000);
    expect(body?.blocks[4]?.fields).toHaveLength(2);
    expect(body?.blocks[5]?.text?.text).toBe(
      '<https://ops.example/alerts/1?a=1&amp;b=2|Open in the console>',
    );
    expect(body?.blocks[6]?.elements?.[0]?.text).toContain(key);
    expect((await find(key)).unmapped).toEqual(['tech-lead']);
  });
});

describe('a channel that is quiet', () => {
  it('skips with a reason, and sends when a person asks again', async () => {
    await muteChannel(admin, { channel: 'ALERTS', reason: 'planned work', hours: '1' });
    const key = await enqueue('muted');
    start();
    await ended([key], ['skipped']);
    const skipped = await find(key);
    expect(skipped.reason).toBe('ALERTS is muted by Test admin: planned work');
    expect(slack.seen).toEqual([]);
    await unmuteChannel(admin, { channel: 'ALERTS' });
    await expect(unmuteChannel(admin, { channel: 'ALERTS' })).rejects.toThrow('is not muted');
    await retryDelivery(await app.asRole('responder'), { notificationId: skipped.notificationId });
    await ended([key]);
    expect(slack.taken()).toEqual([key]);
    await expect(retryDelivery(admin, { notificationId: skipped.notificationId })).rejects.toThrow(
      'has been sent',
    );
    const { history } = await getDelivery(admin, { notificationId: skipped.notificationId });
    expect(history.map(({ outcome }) => outcome)).toEqual(['skipped', 'sent']);
  });

  it('says which setting is missing, and shows nothing of those that are there', async () => {
    const bare = await createTestApp({ database: app.testDatabase });
    const { notificationId } = await testChannel(admin, { channel: 'CRITICAL' });
    const sender = startNotificationSender(bare, bare.ids.uuid());
    await eventually(async () => {
      expect((await getDelivery(admin, { notificationId })).reason).toBe(
        'No webhook for CRITICAL: set SLACK_WEBHOOK_CRITICAL.',
      );
    });
    await sender.stop();
    await bare.close();
    const channels = await listChannels(admin, {});
    expect(channels[0]?.webhook).toEqual({
      host: expect.stringMatching(/^127\.0\.0\.1:\d+$/),
      fingerprint: expect.stringMatching(/^[0-9a-f]{8}$/),
    });
    expect(new Set(channels.map(({ webhook }) => webhook?.fingerprint)).size).toBe(5);
    expect(JSON.stringify(channels)).not.toContain('xyzzy');
  });
});

describe('Slack in trouble', { timeout: 40_000 }, () => {
  const TROUBLES = {
    'answers 500': { status: 500, body: 'server_error' },
    'takes the message and never answers': 'hang',
    'takes the message and hangs up': 'drop',
    'answers 429 without saying how long': { status: 429 },
    'has forgotten the webhook': { status: 404, body: 'no_service' },
    'is replaced by a page of somebody else': { status: 200, body: '<html>welcome</html>' },
    'sends elsewhere': { status: 302, headers: { Location: 'http://127.0.0.1:9/' } },
  } as const;
  it.each(Object.entries(TROUBLES))(
    '%s: every notice arrives once it is back, in order, none twice',
    async (_name, mood) => {
      slack.behave(mood);
      const keys: string[] = [];
      start(2, mood === 'hang' ? hasty : app);
      for (let each = 0; each < 6; each += 1) keys.push(await enqueue(`group-${each % 2}-${_name}`));
      await eventually(async () => expect(slack.seen.length).toBeGreaterThanOrEqual(2), 10_000);
      await eventually(async () => {
        const waiting = await Promise.all(keys.map(find));
        expect(waiting.map(({ state }) => state)).not.toContain('sent');
        for (const { state, reason } of waiting) if (state === 'pending') expect(reason).toBeTruthy();
      });
      slack.behave('ok');
      await ended(keys);
      expect([...takenOnce(mood === 'hang')].sort()).toEqual([...keys].sort());
      for (const group of [0, 1]) {
        const ofGroup = keys.filter((_key, at) => at % 2 === group);
        expect(takenOnce(mood === 'hang').filter((key) => ofGroup.includes(key))).toEqual(ofGroup);
      }
    },
  );

  it('is not reachable: the same', async () => {
    const port = await findFreePort(21_000 + Math.floor(Math.random() * 9_000));
    const away = await createTestApp({
      database: app.testDatabase,
      env: { SLACK_WEBHOOK_ALERTS: `http://127.0.0.1:${port}/services/x` },
    });
    const key = await enqueue('away');
    const lost = startNotificationSender(away, away.ids.uuid());
    await eventually(async () => {
      expect((await find(key)).reason).toBe(`127.0.0.1:${port} could not be reached (ECONNREFUSED).`);
    });
    await lost.stop();
    await away.close();
    start();
    await ended([key]);
    expect(slack.taken()).toEqual([key]);
  });

  it('asks to wait: nobody asks again before, and the reason says until when', async () => {
    slack.behave({ status: 429, headers: { 'Retry-After': '6' } });
    const keys = [await enqueue('wait'), await enqueue('wait'), await enqueue('wait-too')];
    start(2);
    await eventually(async () => {
      expect((await find(keys[0] as string)).reason).toMatch(
        /^Slack asks to wait until \d\d:\d\d:\d\d UTC\.$/,
      );
      expect((await find(keys[1] as string)).reason).toMatch(/number 1 of the same group/);
      const alerts = (await listChannels(admin, {})).find(({ channel }) => channel === 'ALERTS');
      expect(alerts?.hold?.reason).toMatch(/^Slack asks to wait until/);
    });
    slack.behave('ok');
    const toldAt = Math.max(...slack.seen.map(({ at }) => at));
    const asked = slack.seen.length;
    await ended(keys);
    const later = slack.seen.slice(asked);
    expect(Math.min(...later.map(({ at }) => at)) - toldAt).toBeGreaterThanOrEqual(6_000);
    expect(slack.taken()).toHaveLength(3);
  });

  it('refuses one message: that one fails at once with Slack’s word, and the next goes', async () => {
    slack.behave(({ key }) => (key === 'bad' ? { status: 400, body: 'invalid_blocks' } : 'ok'));
    await enqueue('refuse', { dedupKey: 'bad' });
    const next = await enqueue('refuse');
    start();
    await ended(['bad'], ['failed']);
    await ended([next]);
    expect(await find('bad')).toMatchObject({
      reason: 'Slack refused the message (400: invalid_blocks).',
      lastStatus: 400,
      attempts: 1,
    });
  });

  it('chokes on one message for ever: the others go on, and that one is given up with its reason', async () => {
    const impatient = await createTestApp({
      database: app.testDatabase,
      env: { ...slack.env, NOTIFICATION_GIVE_UP_HOURS: '0.0002' },
    });
    slack.behave(({ key }) => (key === 'poison' ? { status: 500 } : 'ok'));
    await enqueue('poison', { dedupKey: 'poison' });
    const behind = await enqueue('poison');
    const others = await Promise.all(Array.from({ length: 5 }, (_each, at) => enqueue(`other-${at}`)));
    const sender = startNotificationSender(impatient, impatient.ids.uuid());
    await ended(others);
    await ended([behind]);
    const given = await find('poison');
    expect(given).toMatchObject({ state: 'failed', reason: 'Given up after 0.0002 h. Slack answered 500.' });
    expect(given.attempts).toBeGreaterThan(1);
    expect(slack.seen.findLastIndex(({ key }) => key === 'poison')).toBeLessThan(
      slack.seen.findIndex(({ key }) => key === behind),
    );
    await sender.stop();
    await impatient.close();
  });

  it('never has its address in a log, a reason or a history', async () => {
    const rows = await app.database.client.$queryRaw<{ all: string }[]>`
      SELECT coalesce(string_agg(d::text, ''), '') || (SELECT coalesce(string_agg(a::text, ''), '') FROM notification_attempt a)
        || (SELECT coalesce(string_agg(c::text, ''), '') FROM notification_channel c)
        || (SELECT coalesce(string_agg(e::text, ''), '') FROM audit_entry e) AS all FROM notification_delivery d`;
    expect(rows[0]?.all.length).toBeGreaterThan(1_000);
    expect(rows[0]?.all).not.toContain('xyzzy');
  });
});

it('whatever Slack does, of many groups and with three workers: each arrives, in order, and twice only under its own key', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.integer({ min: 0, max: 3 }), { minLength: 4, maxLength: 10 }),
      fc.array(fc.constantFrom('ok', 'drop', 'hang', 500, 429), { minLength: 1, maxLength: 5 }),
      async (groups, moods) => {
        slack.seen.length = 0;
        count += 1;
        const round = count;
        let at = 0;
        slack.behave(() => {
          const mood = moods[at] ?? 'ok';
          at += 1;
          return typeof mood === 'number' ? { status: mood } : (mood as 'ok' | 'drop' | 'hang');
        });
        start(3, hasty);
        const keys = await Promise.all(groups.map((group) => enqueue(`${round}/${group}`)));
        await ended(keys);
        await Promise.all(senders.splice(0).map((sender) => sender.stop()));
        expect([...takenOnce(true)].sort()).toEqual([...keys].sort());
        for (const group of new Set(groups)) {
          const rows = await app.database.client.notification.findMany({
            where: { groupKey: `${round}/${group}` },
            orderBy: { sequence: 'asc' },
          });
          const inOrder = rows.map(({ idempotencyKey }) => idempotencyKey);
          expect(takenOnce(true).filter((key) => inOrder.includes(key))).toEqual(inOrder);
          // Also what was received and not answered: nothing later came before it, and it came again with its own key.
          const received = slack.seen.map(({ key }) => inOrder.indexOf(key)).filter((index) => index >= 0);
          expect(received).toEqual([...received].sort((a, b) => a - b));
        }
      },
    ),
    { numRuns: 6 },
  );
}, 120_000);

it('the list filters, searches and pages in its order', async () => {
  const page = await listDeliveries(admin, { channel: 'ALERTS', state: 'failed', pageSize: 5 });
  expect(page.rows.map(({ state }) => state)).toEqual(['failed', 'failed']);
  expect((await listDeliveries(admin, { search: 'invalid_blocks' })).rows).toHaveLength(1);
  expect((await listDeliveries(admin, { search: '100%' })).total).toBe(0);
  const asc = await listDeliveries(admin, { order: 'asc', pageSize: 200 });
  const desc = await listDeliveries(admin, { pageSize: 200 });
  expect(asc.rows.map((row) => row.notificationId)).toEqual(
    desc.rows.map((row) => row.notificationId).reverse(),
  );
});
