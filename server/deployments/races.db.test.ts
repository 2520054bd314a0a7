import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { lockEnvironment, markRelease } from '#server/deployments/commands/manage-environments';
import { requestDeploy, requestValidation } from '#server/deployments/commands/request-runs';
import { getEnvironmentState } from '#server/deployments/queries/environments';
import { previewDeploy, previewValidation } from '#server/deployments/queries/previews';
import { listReleases } from '#server/deployments/queries/releases';
import { cancelRun, resumeRun } from '#server/runs/commands';
import { getRun } from '#server/runs/queries';
import { eventually } from '#server/testing/eventually';
import { createFixtureConsole, type FixtureConsole, PLACE } from '#server/testing/fixture-console';

let made: FixtureConsole;
let gate: string;
beforeAll(async () => {
  made = await createFixtureConsole({
    checklist: [
      {
        phase: 'Tests',
        checks: [{ key: 'may-pass', title: 'May pass', run: 'test ! -e "$BUILD_LOG.block"' }],
      },
    ],
    validation: { endpoints: [{ path: '/' }], holdSeconds: 1.5 },
  });
  gate = path.join(made.shop.folder, 'build.log.block');
}, 60_000);
afterAll(() => made.close(), 60_000);

describe('a deploy that was superseded in its switch', { timeout: 60_000 }, () => {
  it('ends its switch, and the rollback that was confirmed for another release stops and says so', async () => {
    let release: () => void = () => undefined;
    let inSwitch = false;
    let armed = false;
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    const loop = made.work({
      at: async (moment, procedure, step) => {
        if (moment !== 'step-done' || step !== 'switch' || procedure !== 'deployments.deploy') return;
        if (!armed) return;
        inSwitch = true;
        await held;
      },
    });
    await made.deployed('v1.0.0');
    await made.deployed('v1.1.0');
    await made.shop.addRelease('v1.6.0', 'good');
    armed = true;
    const deploy = await made.askDeploy('v1.6.0');
    await eventually(async () => expect(inSwitch).toBe(true));
    const rollback = await made.askRollback();
    release();
    const ended = await made.ended(rollback.runId);
    expect(ended).toMatchObject({
      status: 'failed',
      error: expect.stringContaining('v1.6.0 went live while its deploy'),
    });
    expect((await made.ended(deploy.runId)).status).toBe('cancelled');
    const state = await getEnvironmentState(made.responder, PLACE);
    expect(state).toMatchObject({ live: { tag: 'v1.6.0' }, rollbackTarget: { tag: 'v1.1.0' }, lock: null });
    const verdicts = (await listReleases(made.responder, PLACE)).map((item) => item.verdict);
    expect(new Set(verdicts)).toEqual(new Set(['none']));
    await loop.stop();
  });
});

describe('a deploy that was stopped in its validation', { timeout: 60_000 }, () => {
  it('has shown no fault: it is not called invalid, and a later validation makes it known good', async () => {
    const loop = made.work();
    await made.shop.addRelease('v1.7.0', 'good');
    const { runId } = await made.askDeploy('v1.7.0');
    await eventually(
      async () => expect((await getRun(made.responder, { runId })).currentStep).toBe('Validate'),
      20_000,
    );
    await cancelRun(made.responder, { runId, reason: 'somebody needs the environment' });
    expect((await made.ended(runId)).status).toBe('cancelled');
    const { db } = made.app.system;
    expect((await db.deployment.findUniqueOrThrow({ where: { runId } })).status).toBe('switched');
    const { planHash } = await previewValidation(made.responder, PLACE);
    const validation = await requestValidation(made.responder, { ...PLACE, planHash });
    expect((await made.ended(validation.runId)).status).toBe('succeeded');
    expect((await db.deployment.findUniqueOrThrow({ where: { runId } })).status).toBe('live');
    await loop.stop();
  });
});

describe('a failed deploy that is resumed', { timeout: 60_000 }, () => {
  it('meets the lock and the faulty mark that came meanwhile', async () => {
    const loop = made.work();
    await made.shop.addRelease('v1.8.0', 'good');
    writeFileSync(gate, '');
    const { runId } = await made.askDeploy('v1.8.0');
    expect((await made.ended(runId)).status).toBe('failed');
    await markRelease(made.responder, {
      service: 'shop',
      tag: 'v1.8.0',
      verdict: 'faulty',
      reason: 'the prices are wrong',
    });
    await expect(resumeRun(made.responder, { runId })).rejects.toMatchObject({ kind: 'conflict' });
    await markRelease(made.responder, {
      service: 'shop',
      tag: 'v1.8.0',
      verdict: 'none',
      reason: 'they are right',
    });
    await lockEnvironment(made.responder, { ...PLACE, reason: 'the fair begins' });
    await expect(resumeRun(made.responder, { runId })).rejects.toMatchObject({ kind: 'locked' });
    expect((await getRun(made.responder, { runId })).status).toBe('failed');
    await loop.stop();
  });
});

describe('a request key', { timeout: 30_000 }, () => {
  it('belongs to its sender: another person’s equal key is another request', async () => {
    const { db } = made.app.system;
    await db.$executeRaw`UPDATE environment_lock SET lifted_at = now(), lifted_by_name = 'test' WHERE lifted_at IS NULL`;
    const { planHash } = await previewDeploy(made.responder, { ...PLACE, tag: 'v1.8.0' });
    const input = { ...PLACE, tag: 'v1.8.0', planHash, idempotencyKey: 'failed-validation:x' };
    const first = await requestDeploy(made.responder, input);
    expect(await requestDeploy(made.responder, input)).toEqual({ ...first, created: false });
    const keys = await db.run.findMany({ where: { idempotencyKey: { endsWith: 'failed-validation:x' } } });
    expect(keys.map((run) => run.idempotencyKey)).toEqual([
      `user:${made.responder.actor.id}:failed-validation:x`,
    ]);
  });
});
