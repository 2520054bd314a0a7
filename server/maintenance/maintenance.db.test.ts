import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import {
  disableEnhancedMonitoring,
  enableEnhancedMonitoring,
} from '#server/maintenance/commands/monitoring-mode';
import { runEmergencyCommand } from '#server/maintenance/commands/run-emergency';
import {
  disableMaintenance,
  enableMaintenance,
  requestLockdown,
  requestUnlock,
  switchByConsole,
} from '#server/maintenance/commands/switch-toggles';
import type { Direction, SwitchedKind } from '#server/maintenance/contract';
import { endExpiredToggles, verifyOpenToggles } from '#server/maintenance/keep-toggles';
import {
  enhancedIntervalSeconds,
  getPlaceToggles,
  listToggles,
  previewEmergency,
  previewToggle,
} from '#server/maintenance/queries';
import type { Ctx } from '#server/platform/context';
import { AppError } from '#server/platform/errors';
import { type ControlledShop, startControlledShop } from '#server/testing/controlled-shop';
import { createFixtureConsole, type FixtureConsole, PLACE } from '#server/testing/fixture-console';

let made: FixtureConsole;
let shop: ControlledShop;
let commander: Ctx;

beforeAll(async () => {
  shop = await startControlledShop();
  made = await createFixtureConsole({ url: shop.url, control: { token: shop.token, timeoutMs: 5_000 } });
  commander = made.app.for({ ...made.responder.actor, role: 'commander' });
  made.work();
}, 60_000);
afterEach(async () => {
  shop.mood = 'good';
  shop.maintenance.enabled = false;
  shop.lockdown.enabled = false;
  await made.app.system.db.$executeRaw`
    UPDATE toggle SET ended_at = clock_timestamp(), ended_by_name = 'test' WHERE ended_at IS NULL`;
});
afterAll(async () => {
  await made.close();
  await shop.close();
}, 60_000);

async function ask(kind: SwitchedKind, direction: Direction, more: object = {}, by = commander) {
  const { planHash } = await previewToggle(by, { ...PLACE, kind, direction });
  const input = { ...PLACE, planHash, reason: 'the test wants it', ...more };
  if (kind === 'maintenance') return (direction === 'on' ? enableMaintenance : disableMaintenance)(by, input);
  return (direction === 'on' ? requestLockdown : requestUnlock)(by, input);
}

async function open(kind: string) {
  const { toggles } = await getPlaceToggles(commander, PLACE);
  return toggles.find((toggle) => toggle.kind === kind) ?? null;
}

async function failureOf(work: Promise<unknown>): Promise<AppError> {
  const error = await work.then(
    () => null,
    (reason: unknown) => reason,
  );
  if (error instanceof AppError) return error;
  throw new Error(`It did not fail as expected: ${String(error)}`);
}

describe('maintenance mode', () => {
  it('is switched on the service, proved with requests, recorded, and switched off again', async () => {
    const on = await ask('maintenance', 'on', {
      minutes: 30,
      retryAfterSeconds: 120,
      allow: '10.0.0.1, 10.1.0.0/16',
    });
    expect(await made.ended(on.runId)).toMatchObject({
      status: 'succeeded',
      procedure: 'maintenance.enable',
    });
    expect(shop.maintenance).toMatchObject({ enabled: true, retryAfterSeconds: 120 });
    expect(await open('maintenance')).toMatchObject({
      reason: 'the test wants it',
      startedByName: commander.actor.name,
      verification: 'verified',
      verificationNote: expect.stringContaining('503, Retry-After 120 s'),
      allow: ['10.0.0.1', '10.1.0.0/16'],
      expiresAt: expect.any(String),
    });
    const off = await ask('maintenance', 'off');
    expect(await made.ended(off.runId)).toMatchObject({ status: 'succeeded' });
    expect(await open('maintenance')).toBeNull();
    const { rows } = await listToggles(commander, { kind: 'maintenance' });
    expect(rows[0]).toMatchObject({ endRunId: off.runId, endedByName: commander.actor.name });
  });

  it('that the service does not carry out is taken back, and the toggle ended', async () => {
    shop.mood = 'failing';
    const { runId } = await ask('maintenance', 'on');
    shop.mood = 'failing';
    const run = await made.ended(runId);
    expect(run).toMatchObject({ status: 'failed', error: expect.stringContaining('out of order') });
    // The taking back failed as well, so nobody knows: the toggle stays and says so.
    expect(await open('maintenance')).toMatchObject({ verification: 'unverified' });
  });

  it('that was certainly refused leaves nothing open', async () => {
    const token = shop.token;
    shop.token = 'another-token-of-the-shop';
    try {
      const { runId } = await ask('maintenance', 'on');
      expect(await made.ended(runId)).toMatchObject({
        status: 'failed',
        error: expect.stringContaining('refused the console'),
      });
    } finally {
      shop.token = token;
    }
  });

  it('that cannot be verified stays open and says so, until a later look bears it out', async () => {
    shop.mood = 'forgetful';
    const { runId } = await ask('maintenance', 'on');
    expect(await made.ended(runId)).toMatchObject({
      status: 'failed',
      error: expect.stringContaining('COULD NOT VERIFY'),
    });
    expect(await open('maintenance')).toMatchObject({ verification: 'unverified' });
    shop.mood = 'good';
    await made.app.system.db
      .$executeRaw`UPDATE toggle SET started_at = started_at - interval '1 hour' WHERE ended_at IS NULL`;
    await verifyOpenToggles(made.app.system);
    expect(await open('maintenance')).toMatchObject({ verification: 'verified' });
    shop.maintenance.enabled = false;
    await made.app.system.db
      .$executeRaw`UPDATE toggle SET verified_at = verified_at - interval '1 hour' WHERE ended_at IS NULL`;
    await verifyOpenToggles(made.app.system);
    expect(await open('maintenance')).toMatchObject({
      verification: 'unverified',
      verificationNote: expect.stringContaining('says that it is off'),
    });
  });

  it('whose time is over is ended by a run that proves it', async () => {
    await made.ended((await ask('maintenance', 'on', { minutes: 5 })).runId);
    await made.app.system.db.$executeRaw`
      UPDATE toggle SET started_at = started_at - interval '2 hours', expires_at = clock_timestamp() - interval '1 second'
      WHERE ended_at IS NULL`;
    await Promise.all([endExpiredToggles(made.app.system), endExpiredToggles(made.app.system)]);
    const runs = await made.app.system.db.run.findMany({
      where: { procedure: 'maintenance.disable', reason: 'Its time is over' },
    });
    expect(runs).toHaveLength(1);
    expect(await made.ended(runs[0]?.id as string)).toMatchObject({
      status: 'succeeded',
      requestedByType: 'system',
    });
    expect(shop.maintenance.enabled).toBe(false);
    expect(await open('maintenance')).toBeNull();
  });

  it('confirmed on a page that is out of date is refused', async () => {
    const { planHash } = await previewToggle(commander, { ...PLACE, kind: 'maintenance', direction: 'on' });
    await made.ended((await ask('maintenance', 'on')).runId);
    const late = enableMaintenance(commander, { ...PLACE, planHash, reason: 'too late' });
    expect((await failureOf(late)).kind).toBe('stale_plan');
  });
});

describe('a lockdown', () => {
  it('asks for the name of the environment and for the password', async () => {
    const wrong = await failureOf(ask('lockdown', 'on', { confirmEnvironment: 'staging' }));
    expect(wrong.fields?.confirmEnvironment).toBeDefined();
    const without = await failureOf(ask('lockdown', 'on', { confirmEnvironment: PLACE.environment }));
    expect(without.fields?.password).toBeDefined();
    expect(shop.orders).not.toContain('PUT /api/ops/lockdown');
    expect((await failureOf(ask('lockdown', 'on', {}, made.responder))).kind).toBe('forbidden');
  });

  it('by the console itself is proved, told once, and lifted', async () => {
    const wish = { ...PLACE, reason: '10 injection attempts in 10 minutes' };
    const started = await switchByConsole(made.app.system, 'lockdown', 'on', wish);
    expect(await made.ended(started?.runId as string)).toMatchObject({ status: 'succeeded' });
    expect(await open('lockdown')).toMatchObject({
      verification: 'verified',
      verificationNote: expect.stringContaining('/login 423'),
      expiresAt: null,
    });
    expect(await switchByConsole(made.app.system, 'lockdown', 'on', wish)).toBeNull();
    const off = await switchByConsole(made.app.system, 'lockdown', 'off', wish);
    expect(await made.ended(off?.runId as string)).toMatchObject({ status: 'succeeded' });
    expect(await open('lockdown')).toBeNull();
    const events = await made.app.system.db.event.findMany({
      where: { type: 'maintenance.toggle-changed' },
      orderBy: { id: 'desc' },
      take: 2,
    });
    expect(events.map(({ payload }) => (payload as { change: string }).change)).toEqual(['off', 'on']);
  });
});

it('an emergency command brings the figures of the service', async () => {
  const input = { ...PLACE, command: 'optimise' };
  const { planHash } = await previewEmergency(commander, input);
  const run = await made.ended((await runEmergencyCommand(commander, { ...input, planHash })).runId);
  expect(run.status).toBe('succeeded');
  expect(run.steps[1]?.facts).toEqual({ 'sessions removed': '2', 'total ms': '40' });
});

it('enhanced monitoring counts until its time, and one at a time', async () => {
  const input = { ...PLACE, reason: 'after the deploy', minutes: 10, intervalSeconds: 2 };
  await enableEnhancedMonitoring(commander, input);
  await enableEnhancedMonitoring(commander, { ...input, intervalSeconds: 1 });
  expect(await enhancedIntervalSeconds(commander, PLACE)).toBe(1);
  await disableEnhancedMonitoring(commander, { ...PLACE, reason: 'all is well' });
  expect(await enhancedIntervalSeconds(commander, PLACE)).toBeNull();
});
