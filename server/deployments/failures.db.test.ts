import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { getEnvironmentState } from '#server/deployments/queries/environments';
import { cancelRun, resumeRun } from '#server/runs/commands';
import type { RunMoment } from '#server/runs/engine';
import { getRun } from '#server/runs/queries';
import type { RunLoop } from '#server/runs/run-loop';
import { eventually } from '#server/testing/eventually';
import { createFixtureConsole, type FixtureConsole, PLACE } from '#server/testing/fixture-console';
import { ask, sendVisitors } from '#server/testing/visitors';

async function served(made: FixtureConsole): Promise<string> {
  return (await ask(new URL(made.url))).release;
}

function deferred(): { promise: Promise<void>; resolve: () => void } {
  let resolve: () => void = () => undefined;
  const promise = new Promise<void>((done) => {
    resolve = done;
  });
  return { promise, resolve };
}

async function deploymentOf(made: FixtureConsole, runId: string) {
  return made.app.system.db.deployment.findUniqueOrThrow({ where: { runId } });
}

describe('a release that answers visitors with errors', { timeout: 60_000 }, () => {
  let made: FixtureConsole;
  afterEach(() => made.close(), 60_000);

  async function worldWith(onFailure: 'rollback' | 'hold' | 'ask'): Promise<string> {
    made = await createFixtureConsole({
      validation: { endpoints: [{ path: '/' }], samples: 5, holdSeconds: 0, onFailure },
    });
    made.work();
    await made.shop.addRelease('v1.4.0-errors', 'failing');
    await made.deployed('v1.0.0');
    return (await made.askDeploy('v1.4.0-errors')).runId;
  }

  it('is rolled back by policy, by a run that says what caused it', async () => {
    const runId = await worldWith('rollback');
    const deploy = await made.ended(runId);
    expect(deploy).toMatchObject({ status: 'failed', error: expect.stringContaining('status 500') });
    expect(await deploymentOf(made, runId)).toMatchObject({ status: 'invalid' });
    expect(await served(made)).toBe('v1.4.0-errors');
    await made.deliver();
    const { followUps } = await getRun(made.responder, { runId });
    expect(followUps).toHaveLength(1);
    const rollback = await made.ended(followUps[0]?.id as string);
    expect(rollback).toMatchObject({
      status: 'succeeded',
      procedure: 'deployments.rollback',
      requestedByType: 'system',
      causedBy: { id: runId },
      reason: expect.stringContaining('Validation of v1.4.0-errors failed'),
    });
    expect(await served(made)).toBe('v1.0.0');
    expect((await getEnvironmentState(made.responder, PLACE)).lock?.reason).toContain(
      'Rolled back from v1.4.0-errors',
    );
  });

  it('stays and locks the environment where the policy is to hold', async () => {
    const runId = await worldWith('hold');
    const deploy = await made.ended(runId);
    expect(deploy.status).toBe('failed');
    await made.deliver();
    expect((await getRun(made.responder, { runId })).followUps).toEqual([]);
    expect(await served(made)).toBe('v1.4.0-errors');
    expect((await getEnvironmentState(made.responder, PLACE)).lock).toMatchObject({
      runId,
      reason: expect.stringContaining(`Validation of v1.4.0-errors failed in run #${deploy.number}`),
    });
  });

  it('waits for a person where the policy is to ask, and is validated again when resumed', async () => {
    const runId = await worldWith('ask');
    const asked = await made.ended(runId);
    expect(asked).toMatchObject({
      status: 'needs_attention',
      error: expect.stringContaining('Decide: roll back, or resume'),
    });
    await made.deliver();
    expect(await deploymentOf(made, runId)).toMatchObject({ status: 'invalid' });
    made.shop.heal();
    await resumeRun(made.responder, { runId });
    expect(await made.ended(runId)).toMatchObject({ status: 'succeeded' });
    expect(await deploymentOf(made, runId)).toMatchObject({ status: 'live', validatedAt: expect.any(Date) });
  });
});

describe('a failed validation with nothing to go back to', { timeout: 60_000 }, () => {
  it('locks the environment with both reasons', async () => {
    const made = await createFixtureConsole();
    try {
      made.work();
      await made.shop.addRelease('v1.4.0-errors', 'failing');
      const { runId } = await made.askDeploy('v1.4.0-errors');
      expect((await made.ended(runId)).status).toBe('failed');
      await made.deliver();
      expect((await getRun(made.responder, { runId })).followUps).toEqual([]);
      expect((await getEnvironmentState(made.responder, PLACE)).lock?.reason).toMatch(
        /Validation of v1\.4\.0-errors failed in run #\d+, and it could not be rolled back: There is no known-good release/,
      );
    } finally {
      await made.close();
    }
  });
});

describe('a deploy that does not come to its end', { timeout: 60_000 }, () => {
  let made: FixtureConsole;
  let loop: RunLoop;
  /** Awaited by the worker at each moment of each step. */
  let at: (moment: RunMoment, key: string | null) => void | Promise<void> = () => undefined;
  beforeAll(async () => {
    made = await createFixtureConsole({
      health: { intervalMs: 20, deadlineSeconds: 2 },
      checklist: [
        {
          phase: 'Tests',
          checks: [{ key: 'slow', title: 'Slow', run: 'test "$RELEASE" != v1.6.0 || sleep 30' }],
        },
      ],
    });
    loop = made.work({ at: (moment, _procedure, key) => at(moment, key) });
    await made.shop.addRelease('v1.5.0-sick', 'sick');
    await made.shop.addRelease('v1.6.0', 'good');
    await made.shop.addRelease('v1.7.0', 'good');
    for (const tag of ['v1.0.0', 'v1.1.0']) await made.deployed(tag);
  }, 60_000);
  afterEach(() => {
    at = () => undefined;
  });
  afterAll(() => made.close(), 60_000);

  it('is stopped by a rollback, which begins when it has ended and its children are gone', async () => {
    const visitors = sendVisitors(made.url, { keepAlive: 2, oneShot: 2, pauseMs: 5 });
    const deploy = await made.askDeploy('v1.6.0');
    await eventually(async () =>
      expect((await getRun(made.responder, { runId: deploy.runId })).currentStep).toBe('Slow'),
    );
    const rollback = await made.askRollback();
    loop.wake();
    expect((await made.ended(rollback.runId)).status).toBe('succeeded');
    const superseded = await getRun(made.responder, { runId: deploy.runId });
    expect(superseded).toMatchObject({ status: 'cancelled', supersededBy: { id: rollback.runId } });
    const begun = await getRun(made.responder, { runId: rollback.runId });
    expect(Date.parse(begun.startedAt as string)).toBeGreaterThanOrEqual(
      Date.parse(superseded.endedAt as string),
    );
    expect((await visitors.stop()).failures).toEqual([]);
    expect(await served(made)).toBe('v1.0.0');
    expect(await deploymentOf(made, deploy.runId)).toMatchObject({ status: 'failed' });
    await made.app.system.db.$executeRaw`
      UPDATE environment_lock SET lifted_at = now(), lifted_by_name = 'test', lift_reason = 'test' WHERE lifted_at IS NULL`;
  });

  it('leaves no process behind when it never becomes healthy, and starts it again when resumed', async () => {
    const { runId } = await made.askDeploy('v1.5.0-sick');
    const failed = await made.ended(runId);
    expect(failed).toMatchObject({
      status: 'failed',
      error: expect.stringContaining('status 503, unhealthy: database'),
    });
    expect((await made.observe()).instances.map(({ tag }) => tag)).toEqual(['v1.0.0']);
    expect(await deploymentOf(made, runId)).toMatchObject({ status: 'failed' });
    made.shop.heal();
    await resumeRun(made.responder, { runId });
    const done = await made.ended(runId);
    expect(done, done.error ?? '').toMatchObject({ status: 'succeeded' });
    expect(await served(made)).toBe('v1.5.0-sick');
    expect((await made.observe()).instances).toHaveLength(1);
    expect(await deploymentOf(made, runId)).toMatchObject({ status: 'live' });
  });

  it('leaves no process behind when it is cancelled between two steps', async () => {
    const reached = deferred();
    const goOn = deferred();
    at = async (moment, key) => {
      if (moment !== 'after-step' || key !== 'start') return;
      reached.resolve();
      await goOn.promise;
    };
    const { runId } = await made.askDeploy('v1.7.0');
    await reached.promise;
    await cancelRun(made.responder, { runId, reason: 'wrong one' });
    loop.wake();
    await delay(200);
    goOn.resolve();
    expect((await made.ended(runId)).status).toBe('cancelled');
    expect((await made.observe()).instances.map(({ tag }) => tag)).toEqual(['v1.5.0-sick']);
  });
});

describe('a rollback whose target does not become healthy', { timeout: 60_000 }, () => {
  it('leaves visitors where they are and no process behind', async () => {
    const made = await createFixtureConsole({ health: { intervalMs: 20, deadlineSeconds: 1 } });
    try {
      made.work();
      await made.shop.addRelease('v1.5.0-sick', 'sick');
      await made.shop.addRelease('v1.6.0', 'good');
      made.shop.heal();
      for (const tag of ['v1.5.0-sick', 'v1.6.0']) await made.deployed(tag);
      made.shop.hurt();
      const { runId } = await made.askRollback();
      expect(await made.ended(runId)).toMatchObject({ status: 'failed', toTag: 'v1.5.0-sick' });
      expect(await served(made)).toBe('v1.6.0');
      expect((await made.observe()).instances.map(({ tag }) => tag)).toEqual(['v1.6.0']);
      expect(await getEnvironmentState(made.responder, PLACE)).toMatchObject({
        live: { tag: 'v1.6.0', verdict: 'none' },
        lock: null,
      });
    } finally {
      await made.close();
    }
  });
});
