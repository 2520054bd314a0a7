import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { lockEnvironment, markRelease } from '#server/deployments/commands/manage-environments';
import {
  requestChecklist,
  requestDeploy,
  requestRollback,
  requestValidation,
} from '#server/deployments/commands/request-runs';
import {
  previewChecklist,
  previewDeploy,
  previewRollback,
  previewValidation,
} from '#server/deployments/queries/previews';
import { ANONYMOUS, type Ctx } from '#server/platform/context';
import { cancelRun } from '#server/runs/commands';
import { createFixtureConsole, type FixtureConsole, PLACE } from '#server/testing/fixture-console';

let made: FixtureConsole;
beforeAll(async () => {
  made = await createFixtureConsole({
    checklist: [
      {
        phase: 'Tests',
        checks: [{ key: 'test-unit', title: 'Unit tests', run: 'node -e "process.exit(0)"' }],
      },
    ],
  });
  const loop = made.work();
  for (const tag of ['v1.0.0', 'v1.1.0']) await made.deployed(tag);
  // From here on nothing runs: what is queued stays queued.
  await loop.stop();
}, 60_000);
afterAll(() => made.close(), 60_000);

/** Everything that a request could change: rows of every table that it may write, and what visitors reach. */
async function everything(): Promise<string> {
  const { db } = made.app.system;
  const rows = await db.$queryRaw<{ rows: string }[]>`
    SELECT concat(
      (SELECT jsonb_agg(r ORDER BY r.id) FROM run r), (SELECT count(*) FROM run_step), (SELECT jsonb_agg(d ORDER BY d.id) FROM deployment d),
      (SELECT jsonb_agg(r ORDER BY r.id) FROM release r), (SELECT count(*) FROM release_mark),
      (SELECT jsonb_agg(l ORDER BY l.id) FROM environment_lock l), (SELECT count(*) FROM audit_entry), (SELECT count(*) FROM event)
    ) AS rows`;
  return `${rows[0]?.rows} ${JSON.stringify(await made.observe())}`;
}

/** The call is refused as described, and nothing is different afterwards. */
async function refused(call: () => Promise<unknown>, error: Record<string, unknown>): Promise<void> {
  const before = await everything();
  await expect(call()).rejects.toMatchObject(error);
  expect(await everything()).toBe(before);
}

const HASH = '0'.repeat(64);

describe('a request that cannot be granted', { timeout: 60_000 }, () => {
  it('names an unknown release', async () => {
    await refused(() => previewDeploy(made.responder, { ...PLACE, tag: 'v9.9.9' }), {
      kind: 'unprocessable',
      status: 422,
    });
    await refused(() => requestDeploy(made.responder, { ...PLACE, tag: 'v9.9.9', planHash: HASH }), {
      kind: 'unprocessable',
      fields: { tag: ['This release does not exist.'] },
    });
    await refused(() => requestDeploy(made.responder, { ...PLACE, tag: '--upload-pack=x', planHash: HASH }), {
      kind: 'unprocessable',
    });
  });

  it('names a release that git has lost since the page was opened', async () => {
    await made.shop.addRelease('v1.5.0', 'good');
    const { planHash } = await previewDeploy(made.responder, { ...PLACE, tag: 'v1.5.0' });
    await made.shop.removeTag('v1.5.0');
    await refused(() => requestDeploy(made.responder, { ...PLACE, tag: 'v1.5.0', planHash }), {
      kind: 'unprocessable',
    });
  });

  it('names a service or an environment that does not exist', async () => {
    for (const place of [
      { ...PLACE, environment: 'staging' },
      { ...PLACE, service: 'till' },
      { ...PLACE, service: '__proto__' },
      { ...PLACE, environment: 'constructor' },
    ]) {
      await refused(() => requestDeploy(made.responder, { ...place, tag: 'v1.0.0', planHash: HASH }), {
        status: expect.toSatisfy((status: number) => status === 404 || status === 400),
      });
    }
  });

  it('lacks a field or brings a plan of another shape', async () => {
    await refused(() => requestDeploy(made.responder, { ...PLACE, planHash: HASH }), {
      kind: 'invalid_input',
    });
    await refused(() => requestDeploy(made.responder, { ...PLACE, tag: 'v1.0.0' }), {
      kind: 'invalid_input',
    });
    await refused(() => requestDeploy(made.responder, { ...PLACE, tag: 'v1.0.0', planHash: 'yes' }), {
      kind: 'invalid_input',
    });
    await refused(() => requestRollback(made.responder, { ...PLACE }), { kind: 'invalid_input' });
    await refused(() => requestDeploy(made.responder, null), { kind: 'invalid_input' });
  });

  it('confirms another plan than the present one', async () => {
    await refused(() => requestDeploy(made.responder, { ...PLACE, tag: 'v1.0.0', planHash: HASH }), {
      kind: 'stale_plan',
      status: 409,
    });
    await refused(() => requestRollback(made.responder, { ...PLACE, planHash: HASH }), {
      kind: 'stale_plan',
    });
    const { planHash } = await previewDeploy(made.responder, { ...PLACE, tag: 'v1.0.0' });
    await refused(() => requestDeploy(made.responder, { ...PLACE, tag: 'v1.2.0-crash', planHash }), {
      kind: 'stale_plan',
    });
  });

  it('comes from somebody who may not', async () => {
    const viewer = await made.app.asRole('viewer');
    const anybody = made.app.for(ANONYMOUS);
    const { planHash } = await previewDeploy(viewer, { ...PLACE, tag: 'v1.0.0' });
    const back = await previewRollback(viewer, PLACE);
    const calls: ((ctx: Ctx) => Promise<unknown>)[] = [
      (ctx) => requestDeploy(ctx, { ...PLACE, tag: 'v1.0.0', planHash }),
      (ctx) => requestRollback(ctx, { ...PLACE, planHash: back.planHash }),
      (ctx) => markRelease(ctx, { service: 'shop', tag: 'v1.0.0', verdict: 'faulty', reason: 'mischief' }),
      (ctx) => lockEnvironment(ctx, { ...PLACE, reason: 'mischief' }),
    ];
    for (const call of calls) {
      await refused(() => call(viewer), { kind: 'forbidden', status: 403 });
      await refused(() => call(anybody), { kind: 'unauthenticated', status: 401 });
    }
  });

  it('comes while another run holds the environment, unless it is a rollback', async () => {
    const check = await previewChecklist(made.responder, { ...PLACE, tag: 'v1.0.0' });
    const deploy = await previewDeploy(made.responder, { ...PLACE, tag: 'v1.0.0' });
    const { runId } = await requestChecklist(made.responder, {
      ...PLACE,
      tag: 'v1.0.0',
      planHash: check.planHash,
    });
    await refused(
      () => requestDeploy(made.responder, { ...PLACE, tag: 'v1.0.0', planHash: deploy.planHash }),
      {
        kind: 'conflict',
        message: expect.stringContaining('holds shop/production. Nothing was started.'),
      },
    );
    expect((await previewDeploy(made.responder, { ...PLACE, tag: 'v1.0.0' })).blockedBy).toContain(
      'holds this environment',
    );
    const back = await previewRollback(made.responder, PLACE);
    expect(back).toMatchObject({ blockedBy: null, supersedes: { id: runId } });
    const rollback = await made.askRollback();
    expect(await made.app.system.db.run.findUnique({ where: { id: runId } })).toMatchObject({
      status: 'cancelled',
      supersededByRunId: rollback.runId,
    });
    await cancelRun(made.responder, { runId: rollback.runId, reason: 'only a test' });
  });
});

describe('checks on their own', { timeout: 60_000 }, () => {
  it('run the checklist of a release and validate what is live, and change nothing that visitors see', async () => {
    const loop = made.work();
    const before = await made.observe();
    const check = await previewChecklist(made.responder, { ...PLACE, tag: 'v1.0.0' });
    const first = await requestChecklist(made.responder, {
      ...PLACE,
      tag: 'v1.0.0',
      planHash: check.planHash,
    });
    expect(await made.ended(first.runId)).toMatchObject({
      status: 'succeeded',
      steps: [{ key: 'checkout' }, { key: 'check:test-unit', exitCode: 0 }],
    });
    const validation = await previewValidation(made.responder, PLACE);
    const second = await requestValidation(made.responder, { ...PLACE, planHash: validation.planHash });
    expect(await made.ended(second.runId)).toMatchObject({
      status: 'succeeded',
      steps: [{ key: 'validate' }],
    });
    expect(await made.observe()).toEqual(before);
    await loop.stop();
  });
});
