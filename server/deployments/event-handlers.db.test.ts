import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import * as z from 'zod/mini';
import { deployEnded } from '#server/deployments/contract';
import { rollBackFailedValidation } from '#server/deployments/event-handlers';
import { deliverEvents, pauseBeforeAttempt } from '#server/platform/event-delivery';
import { EventRegistry, publish } from '#server/platform/events';
import { defineEvent } from '#server/platform/events-contract';
import { getRun } from '#server/runs/queries';
import { createTestApp, type TestApp } from '#server/testing/context';
import { eventually } from '#server/testing/eventually';
import { createFixtureConsole, type FixtureConsole } from '#server/testing/fixture-console';

const noted = defineEvent('test.noted', z.object({ text: z.string() }));

describe('the delivery of events', () => {
  let app: TestApp;
  let seen: string[] = [];
  let failing = 0;
  /** Holds a handler in the middle of its work. */
  let hold: Promise<void> | null = null;
  beforeAll(async () => {
    const events = new EventRegistry();
    events.on(noted, 'test.first', async (_ctx, payload) => {
      if (hold) await hold;
      if (failing > 0) {
        failing -= 1;
        throw new Error('the other side is down');
      }
      seen.push(`first ${payload.text}`);
    });
    events.on(noted, 'test.second', async (_ctx, payload) => void seen.push(`second ${payload.text}`));
    app = await createTestApp({ events, env: { EVENT_LEASE_MS: '300' } });
  });
  beforeEach(async () => {
    seen = [];
    failing = 0;
    hold = null;
    await app.system.db.$executeRaw`UPDATE event_delivery SET status = 'delivered' WHERE status = 'pending'`;
  });
  afterAll(() => app.close());

  const say = (text: string) => app.system.transaction((tx) => publish(tx, noted, { text }));
  const deliver = () => deliverEvents(app, app.ids.uuid());
  const rows = async () =>
    app.system.db.eventDelivery.findMany({
      where: { handler: 'test.first' },
      orderBy: { id: 'desc' },
      take: 1,
    });
  const makeDue = () =>
    app.system.db.$executeRaw`UPDATE event_delivery SET next_attempt_at = now() WHERE status = 'pending'`;

  it('brings each event to each handler once, in order, whoever delivers', async () => {
    for (const text of ['a', 'b', 'c']) await say(text);
    expect(
      await Promise.all([deliver(), deliver(), deliver()]).then((counts) =>
        counts.reduce((sum, n) => sum + n, 0),
      ),
    ).toBe(6);
    expect(await deliver()).toBe(0);
    expect(seen.filter((line) => line.startsWith('first')).sort()).toEqual(['first a', 'first b', 'first c']);
    expect(seen.filter((line) => line.startsWith('second')).sort()).toEqual([
      'second a',
      'second b',
      'second c',
    ]);
  });

  it('writes nothing when the change that caused the event is rolled back', async () => {
    const before = await app.system.db.event.count();
    await expect(
      app.system.transaction(async (tx) => {
        await publish(tx, noted, { text: 'never' });
        throw new Error('something else went wrong');
      }),
    ).rejects.toThrow('something else');
    expect(await app.system.db.event.count()).toBe(before);
    await expect(publish(app.system, noted, { text: 'loose' })).rejects.toThrow('outside a transaction');
  });

  it('tries again after a growing pause, without holding up other handlers', async () => {
    failing = 2;
    await say('d');
    await deliver();
    expect(seen).toEqual(['second d']);
    const [first] = await rows();
    expect(first).toMatchObject({
      status: 'pending',
      attempts: 1,
      lastError: 'the other side is down',
      leaseUntil: null,
    });
    const [due] = await app.system.db.$queryRaw<{ ms: number }[]>`
      SELECT (extract(epoch FROM next_attempt_at - clock_timestamp()) * 1000)::float8 AS ms FROM event_delivery WHERE id = ${first?.id}`;
    expect(due?.ms).toBeGreaterThan(500);
    expect(await deliver()).toBe(0);
    await makeDue();
    await deliver();
    expect((await rows())[0]).toMatchObject({ status: 'pending', attempts: 2 });
    await makeDue();
    await deliver();
    expect((await rows())[0]).toMatchObject({ status: 'delivered', attempts: 3, lastError: null });
    expect(seen).toEqual(['second d', 'first d']);
    expect([1, 2, 3, 30].map(pauseBeforeAttempt)).toEqual([1_000, 2_000, 4_000, 3_600_000]);
  });

  it('waits for a person after its last attempt', async () => {
    failing = Number.POSITIVE_INFINITY;
    await say('e');
    for (let attempt = 0; attempt < 25; attempt += 1) {
      await makeDue();
      await deliver();
    }
    expect((await rows())[0]).toMatchObject({
      status: 'failed',
      attempts: 20,
      lastError: 'the other side is down',
    });
  });

  it('is made by another worker when the first dies in the middle of it', async () => {
    // The first worker never comes back from the handler; its lease ends.
    hold = new Promise(() => undefined);
    await say('f');
    void deliver();
    await eventually(async () => expect((await rows())[0]?.leaseUntil).toBeInstanceOf(Date));
    hold = null;
    expect(await deliver()).toBeLessThanOrEqual(1);
    await eventually(async () => {
      await deliver();
      expect(seen).toContain('first f');
    }, 5_000);
    expect((await rows())[0]).toMatchObject({ status: 'delivered', attempts: 2 });
  });

  it('comes from a worker that starts after a crash between the commit and the delivery', async () => {
    await say('g');
    // Nobody delivered: the process that committed is gone. A new one knows nothing but the database.
    const later = await createTestApp({ events: app.events, database: app.testDatabase });
    await deliverEvents(later, later.ids.uuid());
    await later.close();
    expect(seen).toEqual(['first g', 'second g']);
  });
});

describe('the event of a failed deploy', { timeout: 60_000 }, () => {
  let made: FixtureConsole;
  let runId = '';
  beforeAll(async () => {
    made = await createFixtureConsole();
    made.work();
    await made.shop.addRelease('v1.4.0-errors', 'failing');
    await made.deployed('v1.0.0');
    runId = (await made.askDeploy('v1.4.0-errors')).runId;
    await made.ended(runId);
  }, 60_000);
  afterAll(() => made.close(), 60_000);

  const event = () => ({
    runId,
    service: 'shop',
    environment: 'production',
    direction: 'deploy' as const,
    status: 'failed',
    failedStepKey: 'validate',
    error: null,
  });

  it('was written with the end of the run', async () => {
    const [written] = await made.app.system.db.$queryRaw<{ event: string; run: string; payload: unknown }[]>`
      SELECT e.xmin::text AS event, r.xmin::text AS run, e.payload FROM event e JOIN run r ON r.id = (e.payload ->> 'runId')::uuid
      WHERE e.type = ${deployEnded.name} AND r.id = ${runId}::uuid`;
    expect(written?.event).toBe(written?.run);
    expect(written?.payload).toMatchObject({
      status: 'failed',
      failedStepKey: 'validate',
      direction: 'deploy',
    });
  });

  it('changes nothing when the failure was another one', async () => {
    const handlerCtx = made.app.system;
    const before = await made.app.system.db.run.count();
    await rollBackFailedValidation(handlerCtx, { ...event(), failedStepKey: 'gate' });
    await rollBackFailedValidation(handlerCtx, { ...event(), status: 'cancelled' });
    await rollBackFailedValidation(handlerCtx, { ...event(), direction: 'rollback' });
    expect(await made.app.system.db.run.count()).toBe(before);
  });

  it('leads to one rollback, however often and by however many it is delivered', async () => {
    await Promise.all([1, 2, 3].map(() => rollBackFailedValidation(made.app.system, event())));
    await made.deliver();
    const { followUps } = await getRun(made.responder, { runId });
    expect(followUps).toHaveLength(1);
    await made.ended(followUps[0]?.id as string);
    await rollBackFailedValidation(made.app.system, event());
    expect((await getRun(made.responder, { runId })).followUps).toHaveLength(1);
    const rollbacks = await made.app.system.db.run.count({ where: { procedure: 'deployments.rollback' } });
    expect(rollbacks).toBe(1);
  });
});
