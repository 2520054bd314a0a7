import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { enqueueNotification } from '#server/notifications/commands';
import { getDelivery } from '#server/notifications/queries';
import { anyFreePort } from '#server/platform/free-port';
import { buildServer } from '#server/testing/chaos/build';
import { createWorkers, type Workers } from '#server/testing/chaos/workers';
import { createTestApp, type TestApp } from '#server/testing/context';
import { eventually } from '#server/testing/eventually';
import { createFixtureShop, type FixtureShop, fixtureConfig } from '#server/testing/fixture-shop';
import { type SlackServer, startSlackServer } from '#server/testing/slack-server';

/** Leases short enough for a test, long enough for a busy machine. */
const SHORT = { SLACK_TIMEOUT_MS: '3000', NOTIFICATION_LEASE_MS: '6000', NOTIFICATION_RETRY_MS: '50' };

/** A busy machine takes long to start a process. */
const PATIENCE_MS = 90_000;

let shop: FixtureShop;
let slack: SlackServer;
let app: TestApp;
let workers: Workers;

beforeAll(async () => {
  await buildServer();
  shop = await createFixtureShop();
  const { folder } = shop;
  slack = await startSlackServer();
  app = await createTestApp({ env: { ...slack.env, RUN_LEASE_MS: '20000' } });
  const config = path.join(folder, 'ops.config.mjs');
  writeFileSync(config, `export default ${JSON.stringify(fixtureConfig(shop, await anyFreePort()))};`);
  workers = createWorkers(folder, {
    NODE_ENV: 'test',
    DATABASE_URL: app.testDatabase.url,
    OPS_CONFIG: config,
    OPS_CHAOS_FILE: path.join(folder, 'orders.json'),
    ...slack.env,
    ...SHORT,
  });
}, 120_000);
afterAll(async () => {
  await workers?.killAll();
  await app?.close();
  await slack?.close();
  shop?.remove();
}, 60_000);

/** Begins to start a worker; what it does shows at Slack. */
function launch(): void {
  workers.start().catch(() => undefined);
}

async function enqueue(groupKey: string, numbers: readonly number[]): Promise<string[]> {
  const keys: string[] = [];
  for (const number of numbers) {
    const dedupKey = `${groupKey}/${number}`;
    await app.system.transaction((tx) =>
      enqueueNotification(tx, {
        channel: 'CRITICAL',
        kind: 'alert.fired',
        subject: `Notice ${number}`,
        text: 'The shop does not answer.',
        groupKey,
        dedupKey,
      }),
    );
    keys.push(dedupKey);
  }
  return keys;
}

async function allSent(keys: readonly string[]): Promise<void> {
  await eventually(async () => {
    const open = await app.database.client.notification.count({
      where: { idempotencyKey: { in: [...keys] }, delivery: { state: { not: 'sent' } } },
    });
    if (open > 0) throw new Error(`${open} are open\n${workers.log().slice(-1_500)}`);
  }, PATIENCE_MS);
}

const once = (keys: readonly string[]): string[] => keys.filter((key, at) => keys.indexOf(key) === at);

describe('kill -9 of a worker while Slack has its message and it has no answer', { timeout: 360_000 }, () => {
  it.each([
    ['Slack takes it', 'slow'],
    ['Slack does not take it', 'hang'],
  ] as const)(
    '%s: another worker sends it again under the same key, then the rest in order',
    async (_name, mood) => {
      slack.seen.length = 0;
      // The first message alone meets trouble: taken without an answer, or not taken at all.
      slack.behave(() => (slack.seen.length > 1 ? 'ok' : mood === 'slow' ? { slowMs: 800 } : 'hang'));
      launch();
      const keys = await enqueue(`crash-${mood}`, [1, 2, 3, 4]);
      await eventually(async () => expect(slack.seen).toHaveLength(1), PATIENCE_MS);
      await workers.killAll();
      // Slack's part of the first request is over before anybody else comes.
      if (mood === 'slow') await eventually(async () => expect(slack.taken()).toEqual([keys[0]]));
      launch();
      launch();
      await allSent(keys);
      await workers.killAll();
      expect(slack.seen.map(({ key }) => key)).toEqual([keys[0], ...keys]);
      expect(once(slack.taken())).toEqual(keys);
      const { id } = await app.database.client.notification.findUniqueOrThrow({
        where: { idempotencyKey: keys[0] as string },
      });
      const { history } = await getDelivery(app.system, { notificationId: id });
      // A worker that a busy machine keeps standing after its claim leaves the message to the next one, unsent.
      expect(new Set(history.slice(0, -1).map(({ outcome }) => outcome))).toEqual(new Set(['unknown']));
      expect(history.at(-1)?.outcome).toBe('sent');
      expect(history[0]?.reason).toContain('may have arrived');
    },
  );

  it('again and again, of many groups: each arrives, in order', async () => {
    slack.seen.length = 0;
    slack.behave({ slowMs: 60 });
    const groups = ['a', 'b', 'c'];
    launch();
    launch();
    const keys = (
      await Promise.all(
        groups.map((group) =>
          enqueue(
            group,
            Array.from({ length: 12 }, (_each, at) => at),
          ),
        ),
      )
    ).flat();
    for (let kill = 1; kill <= 3; kill += 1) {
      await eventually(
        async () => expect(slack.taken().length).toBeGreaterThanOrEqual(kill * 5),
        PATIENCE_MS,
      );
      workers.alive()[0]?.kill('SIGKILL');
      launch();
    }
    await allSent(keys);
    expect(once(slack.taken()).sort()).toEqual([...keys].sort());
    for (const group of groups) {
      const ofGroup = keys.filter((key) => key.startsWith(`${group}/`));
      const received = slack.seen.map(({ key }) => ofGroup.indexOf(key)).filter((at) => at >= 0);
      // Repeats stand beside their first: nothing later of the group was on its way before.
      expect(received).toEqual([...received].sort((left, right) => left - right));
    }
    // Each of the three deaths repeats at most what its worker had in hand.
    expect(slack.seen.length - keys.length).toBeLessThanOrEqual(3);
  });
});
