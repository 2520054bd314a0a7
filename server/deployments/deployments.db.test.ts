import { readdirSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { liftLock, markRelease } from '#server/deployments/commands/manage-environments';
import { requestDeploy } from '#server/deployments/commands/request-runs';
import { getEnvironmentState } from '#server/deployments/queries/environments';
import { previewDeploy, previewRollback } from '#server/deployments/queries/previews';
import { listReleases } from '#server/deployments/queries/releases';
import {
  auditAfter,
  createFixtureConsole,
  type FixtureConsole,
  lastAudit,
  PLACE,
} from '#server/testing/fixture-console';
import { ask, sendVisitors } from '#server/testing/visitors';

async function served(made: FixtureConsole): Promise<string> {
  return (await ask(new URL(made.url))).release;
}

async function statuses(made: FixtureConsole): Promise<string[]> {
  const rows = await made.app.system.db.deployment.findMany({
    orderBy: { sequence: 'asc' },
    include: { release: true },
  });
  return rows.map((row) => `${row.direction} ${row.release.tag} ${row.status}`);
}

describe('deploying', { timeout: 60_000 }, () => {
  let made: FixtureConsole;
  beforeAll(async () => {
    made = await createFixtureConsole({ keepReleases: 2, health: { intervalMs: 20, deadlineSeconds: 3 } });
    made.work();
  }, 60_000);
  afterAll(() => made.close(), 60_000);

  it('brings the first release to visitors, step by step, and says who asked for it', async () => {
    const before = await lastAudit(made.app);
    expect(await getEnvironmentState(made.responder, PLACE)).toMatchObject({
      live: null,
      rollbackTarget: null,
      noRollbackReason: 'Nothing has been deployed here yet.',
    });
    const run = await made.deployed('v1.0.0');
    expect(run.steps.map(({ key, status }) => `${key} ${status}`)).toEqual([
      'checkout succeeded',
      'migrate succeeded',
      'build succeeded',
      'start succeeded',
      'gate succeeded',
      'switch succeeded',
      'validate succeeded',
      'retire succeeded',
    ]);
    expect(await served(made)).toBe('v1.0.0');
    expect(await getEnvironmentState(made.responder, PLACE)).toMatchObject({
      live: { tag: 'v1.0.0', validated: true, direction: 'deploy' },
      rollbackTarget: null,
      noRollbackReason: expect.stringContaining('no known-good release yet'),
      activeRun: null,
    });
    expect(
      (await auditAfter(made.app, before)).map(({ action, actorName, runId }) => ({
        action,
        actorName,
        runId,
      })),
    ).toEqual([
      { action: 'deployments.deploy.requested', actorName: made.responder.actor.name, runId: run.id },
    ]);
  });

  it('has nothing to roll back to after one deploy, and says why', async () => {
    await expect(previewRollback(made.responder, PLACE)).rejects.toMatchObject({
      kind: 'conflict',
      message: expect.stringContaining('There is no known-good release yet'),
    });
  });

  it('plans the same twice, and another thing once something else is live', async () => {
    const first = await previewDeploy(made.responder, { ...PLACE, tag: 'v1.1.0' });
    const again = await previewDeploy(made.responder, { ...PLACE, tag: 'v1.1.0' });
    expect(again.planHash).toBe(first.planHash);
    expect(first.plan).toMatchObject({ from: { tag: 'v1.0.0' }, to: { tag: 'v1.1.0' } });
    expect(first.commits.map(({ title }) => title)).toEqual(['Release v1.1.0']);
    expect(first.blockedBy).toBeNull();
  });

  it('puts a second release in the place of the first without a failed request', async () => {
    const { planHash } = await previewDeploy(made.responder, { ...PLACE, tag: 'v1.1.0' });
    const visitors = sendVisitors(made.url, { keepAlive: 4, oneShot: 4, pauseMs: 5 });
    await made.deployed('v1.1.0');
    const report = await visitors.stop();
    expect(report.failures).toEqual([]);
    expect(Object.keys(report.byRelease).sort()).toEqual(['v1.0.0', 'v1.1.0']);
    expect(await statuses(made)).toEqual(['deploy v1.0.0 replaced', 'deploy v1.1.0 live']);
    expect((await made.observe()).instances.map(({ tag }) => tag)).toEqual(['v1.1.0']);
    const count = await made.app.system.db.run.count();
    await expect(requestDeploy(made.responder, { ...PLACE, tag: 'v1.1.0', planHash })).rejects.toMatchObject({
      kind: 'stale_plan',
      status: 409,
    });
    expect(await made.app.system.db.run.count()).toBe(count);
  });

  it('stops at the gate when the release ends at its start: its words are in the log, visitors notice nothing', async () => {
    const visitors = sendVisitors(made.url, { keepAlive: 2, oneShot: 2, pauseMs: 5 });
    const run = await made.ended((await made.askDeploy('v1.2.0-crash')).runId);
    const report = await visitors.stop();
    expect(run.status).toBe('failed');
    expect(['start', 'gate']).toContain(run.steps.find(({ status }) => status === 'failed')?.key);
    expect(run.error).toContain('FATAL: the price list is missing');
    const log = (await made.lines(run.id)).join('\n');
    expect(log).toContain('FATAL: the price list is missing');
    expect(log).not.toContain('correct-horse-battery');
    expect(report.failures).toEqual([]);
    expect(report.byRelease).toEqual({ 'v1.1.0': expect.any(Number) });
    expect(await statuses(made)).toEqual([
      'deploy v1.0.0 replaced',
      'deploy v1.1.0 live',
      'deploy v1.2.0-crash failed',
    ]);
    expect((await made.observe()).instances).toHaveLength(1);
  });

  it('never removes a release that a rollback may need, however many failed after it', async () => {
    for (let index = 0; index < 3; index += 1) {
      await made.shop.addRelease(`v1.3.${index}-crash`, 'crashing');
      await made.ended((await made.askDeploy(`v1.3.${index}-crash`)).runId);
    }
    await made.shop.addRelease('v1.4.0', 'good');
    const run = await made.deployed('v1.4.0');
    const kept = readdirSync(path.join(made.shop.folder, 'production', 'releases')).map((name) =>
      name.replace(/-[0-9a-f]{12}$/, ''),
    );
    expect(kept).toEqual(expect.arrayContaining(['v1.1.0', 'v1.4.0']));
    expect(kept).not.toContain('v1.0.0');
    expect(kept).not.toContain('v1.3.0-crash');
    expect(run.steps.at(-1)?.facts['checkouts removed']).toContain('v1.0.0');
    const builds = made.shop.builds().length;
    await made.rolledBack();
    expect(await served(made)).toBe('v1.1.0');
    // Built before: a rollback starts what is there.
    expect(made.shop.builds()).toHaveLength(builds);
  });
});

describe('rolling back', { timeout: 60_000 }, () => {
  let made: FixtureConsole;
  beforeAll(async () => {
    made = await createFixtureConsole();
    made.work();
    await made.shop.addRelease('v1.3.0', 'good');
    for (const tag of ['v1.0.0', 'v1.1.0', 'v1.3.0']) await made.deployed(tag);
  }, 60_000);
  afterAll(() => made.close(), 60_000);

  it('goes to the release before, locks the environment and marks what it left, all in one transaction', async () => {
    const before = await lastAudit(made.app);
    const preview = await previewRollback(made.responder, PLACE);
    expect(preview).toMatchObject({ target: { tag: 'v1.1.0' }, breakGlass: null, blockedBy: null });
    expect(preview.alternatives.map(({ tag }) => tag)).toEqual(['v1.0.0']);
    const visitors = sendVisitors(made.url, { keepAlive: 4, oneShot: 4, pauseMs: 5 });
    const run = await made.rolledBack({ reason: 'checkout fails' });
    expect((await visitors.stop()).failures).toEqual([]);
    expect(await served(made)).toBe('v1.1.0');
    const why = `Rolled back from v1.3.0 to v1.1.0 in run #${run.number}: checkout fails`;
    const state = await getEnvironmentState(made.responder, PLACE);
    expect(state.lock).toMatchObject({ reason: why, runId: run.id });
    expect(state.live).toMatchObject({ tag: 'v1.1.0', direction: 'rollback', validated: true });
    const left = (await listReleases(made.responder, PLACE)).find(({ tag }) => tag === 'v1.3.0');
    expect(left).toMatchObject({ verdict: 'faulty', verdictReason: why });
    expect(
      (await auditAfter(made.app, before)).map(({ action, reason, runId }) => ({ action, reason, runId })),
    ).toEqual([
      { action: 'deployments.rollback.requested', reason: 'checkout fails', runId: run.id },
      { action: 'releases.mark', reason: why, runId: run.id },
      { action: 'environments.lock', reason: why, runId: run.id },
    ]);
    const writers = await made.app.system.db.$queryRaw<{ what: string; xmin: string }[]>`
      SELECT 'mark' AS what, xmin::text FROM release_mark WHERE run_id = ${run.id}::uuid
      UNION ALL SELECT 'lock', xmin::text FROM environment_lock WHERE run_id = ${run.id}::uuid
      UNION ALL SELECT action, xmin::text FROM audit_entry WHERE run_id = ${run.id}::uuid AND id > ${before} AND action <> 'deployments.rollback.requested'
      UNION ALL SELECT 'step', xmin::text FROM run_step WHERE run_id = ${run.id}::uuid AND key = 'switch'`;
    expect(writers.map(({ what }) => what).sort()).toEqual([
      'environments.lock',
      'lock',
      'mark',
      'releases.mark',
      'step',
    ]);
    expect(new Set(writers.map(({ xmin }) => xmin)).size).toBe(1);
  });

  it('refuses deploys while the environment is locked', async () => {
    const preview = await previewDeploy(made.responder, { ...PLACE, tag: 'v1.0.0' });
    expect(preview.blockedBy).toContain('locked');
    await expect(made.askDeploy('v1.0.0')).rejects.toMatchObject({ kind: 'locked', status: 423 });
  });

  it('goes further back the second time, never forward, although it is locked', async () => {
    const preview = await previewRollback(made.responder, PLACE);
    expect(preview.target.tag).toBe('v1.0.0');
    await expect(made.askRollback({ tag: 'v1.3.0' })).rejects.toMatchObject({
      kind: 'conflict',
      message: expect.stringContaining('v1.3.0 is not a known-good release'),
    });
    await made.rolledBack();
    expect(await served(made)).toBe('v1.0.0');
    await expect(made.askRollback()).rejects.toMatchObject({ kind: 'conflict' });
    const history = await statuses(made);
    expect(history.slice(-2)).toEqual(['rollback v1.1.0 replaced', 'rollback v1.0.0 live']);
  });

  it('lets one of two people lift the lock, and tells the other', async () => {
    const lock = (await getEnvironmentState(made.responder, PLACE)).lock;
    if (!lock) throw new Error('not locked');
    await expect(
      liftLock(made.responder, { ...PLACE, lockId: lock.id, reason: 'all well' }),
    ).rejects.toMatchObject({
      kind: 'forbidden',
    });
    const people = await Promise.all([made.app.asRole('commander'), made.app.asRole('commander')]);
    const results = await Promise.allSettled(
      people.map((person) => liftLock(person, { ...PLACE, lockId: lock.id, reason: 'all well' })),
    );
    expect(results.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    const refused = results.find((result) => result.status === 'rejected');
    expect(refused?.reason).toMatchObject({
      kind: 'conflict',
      message: expect.stringContaining('Nothing was changed'),
    });
    expect((await getEnvironmentState(made.responder, PLACE)).lock).toBeNull();
    const entries = await made.app.system.db.auditEntry.findMany({
      where: { action: 'environments.lift-lock' },
    });
    expect(entries).toHaveLength(1);
  });

  it('refuses to deploy what is marked faulty until the mark is taken off', async () => {
    await expect(made.askDeploy('v1.3.0')).rejects.toMatchObject({
      kind: 'conflict',
      message: expect.stringContaining('v1.3.0 is marked faulty'),
    });
    await markRelease(made.responder, {
      service: 'shop',
      tag: 'v1.3.0',
      verdict: 'none',
      reason: 'the bank was down',
    });
    await made.deployed('v1.3.0');
    expect(await served(made)).toBe('v1.3.0');
  });

  it('makes one run of two rollbacks pressed at the same instant', async () => {
    const other = await made.app.asRole('responder');
    const before = await made.app.system.db.run.count();
    const [a, b] = await Promise.all([made.askRollback(), made.askRollback({}, other)]);
    expect(a.runId).toBe(b.runId);
    expect([a.created, b.created].sort()).toEqual([false, true]);
    expect(await made.app.system.db.run.count()).toBe(before + 1);
    expect((await made.ended(a.runId)).status).toBe('succeeded');
    expect(await served(made)).toBe('v1.0.0');
  });
});

describe('a rollback over a change of the database', { timeout: 60_000 }, () => {
  let made: FixtureConsole;
  beforeAll(async () => {
    made = await createFixtureConsole();
    made.work();
    await made.shop.addRelease('v2.0.0', 'good', { version: 3, oldest: 3 });
    for (const tag of ['v1.0.0', 'v2.0.0']) await made.deployed(tag);
  }, 60_000);
  afterAll(() => made.close(), 60_000);

  it('asks for a typed reason, changes nothing without it, and records it', async () => {
    const preview = await previewRollback(made.responder, PLACE);
    expect(preview.breakGlass).toContain('schema 1');
    for (const breakGlassReason of [undefined, 'too short']) {
      await expect(made.askRollback({ breakGlassReason })).rejects.toMatchObject({
        kind: 'unprocessable',
        fields: { breakGlassReason: [expect.any(String)] },
      });
    }
    expect(await served(made)).toBe('v2.0.0');
    const run = await made.rolledBack({ breakGlassReason: 'v2 charges twice, nothing else helps' });
    expect(run.plan.params).toMatchObject({ breakGlassReason: null });
    expect(await served(made)).toBe('v1.0.0');
    const entry = await made.app.system.db.auditEntry.findFirst({
      where: { action: 'deployments.rollback.break-glass' },
    });
    expect(entry).toMatchObject({ runId: run.id, reason: 'v2 charges twice, nothing else helps' });
  });
});
