import { describe, expect, it } from 'vitest';
import { liftLock, markRelease } from '#server/deployments/commands/manage-environments';
import { requestRollback } from '#server/deployments/commands/request-runs';
import { requestDrill } from '#server/deployments/drills/commands';
import { followDrill, leadDrillsOn } from '#server/deployments/drills/follow';
import { listDrillPlaces, listDrills } from '#server/deployments/drills/queries';
import { DRIVERS } from '#server/deployments/drivers/driver';
import { prepareRollback } from '#server/deployments/plans';
import { getEnvironmentState } from '#server/deployments/queries/environments';
import { cancelRun } from '#server/runs/commands';
import { getRun } from '#server/runs/queries';
import { hashPlan } from '#server/runs/state';
import { drillConsole } from '#server/testing/drill-console';
import { auditAfter, lastAudit, PLACE } from '#server/testing/fixture-console';

const drills = drillConsole();

describe('a drill', { timeout: 60_000 }, () => {
  it('deploys a good release, rolls it back, and keeps the time that the rollback took', async () => {
    const before = await lastAudit(drills.made.app);
    const requested = await requestDrill(drills.made.responder, PLACE);
    expect(requested.created).toBe(true);
    const drill = await drills.finished(requested.drillId);
    expect(drill).toMatchObject({
      ...PLACE,
      status: 'succeeded',
      releaseTag: 'v1.0.0',
      restoredTag: 'v1.1.0',
      deployRunId: requested.runId,
      requestedByName: 'Test responder',
      budgetMs: 90_000,
      error: null,
    });
    const deploy = await getRun(drills.made.responder, { runId: drill.deployRunId });
    const rollback = await getRun(drills.made.responder, { runId: drill.rollbackRunId as string });
    expect(deploy).toMatchObject({ procedure: 'deployments.deploy', status: 'succeeded', toTag: 'v1.0.0' });
    expect(rollback).toMatchObject({
      procedure: 'deployments.rollback',
      status: 'succeeded',
      fromTag: 'v1.0.0',
      toTag: 'v1.1.0',
      causedBy: { id: deploy.id },
      requestedByType: 'system',
    });
    expect(rollback.plan.skips).toContain(
      'The faulty mark and the lock: this is a drill, and nothing is wrong with v1.0.0.',
    );
    expect(drill.rollbackMs).toBe(Date.parse(rollback.endedAt as string) - Date.parse(rollback.createdAt));
    expect((await drills.made.observe()).live?.tag).toBe('v1.1.0');
    const state = await getEnvironmentState(drills.made.responder, PLACE);
    expect(state).toMatchObject({
      lock: null,
      live: { tag: 'v1.1.0', direction: 'rollback', validated: true },
    });
    expect(await drills.db().releaseMark.count()).toBe(0);
    const actions = (await auditAfter(drills.made.app, before)).map(
      ({ actorName, action }) => `${actorName} ${action}`,
    );
    expect(actions).toEqual([
      'Test responder deployments.deploy.requested',
      'Test responder drills.requested',
      'Rollback drill deployments.rollback.requested',
      'Rollback drill drills.succeeded',
    ]);
  });

  it('asked for twice is one, also by its key, and another one has to wait', async () => {
    await drills.holdRuns();
    const input = { ...PLACE, idempotencyKey: 'the-same-request' };
    const [first, second] = [
      await requestDrill(drills.made.responder, input),
      await requestDrill(drills.made.responder, input),
    ];
    expect(second).toEqual({ ...first, created: false });
    expect(await requestDrill(drills.made.responder, PLACE)).toEqual({ ...first, created: false });
    expect(await drills.db().drill.count({ where: { endedAt: null } })).toBe(1);
    drills.work();
    await drills.made.ended(first.runId);
    // Between its two runs the environment is free, but the drill is not over.
    await expect(requestDrill(drills.made.responder, PLACE)).rejects.toMatchObject({ kind: 'conflict' });
    expect((await drills.finished(first.drillId)).status).toBe('succeeded');
  });

  it('leads to one rollback, however often and by however many its event is delivered', async () => {
    const { drillId, runId } = await drills.deployedDrill();
    const event = {
      ...PLACE,
      runId,
      direction: 'deploy' as const,
      status: 'succeeded',
      failedStepKey: null,
      error: null,
    };
    await Promise.all([1, 2, 3].map(() => followDrill(drills.made.app.system, event)));
    await drills.made.deliver();
    const { followUps } = await getRun(drills.made.responder, { runId });
    expect(followUps).toHaveLength(1);
    const drill = await drills.finished(drillId);
    await followDrill(drills.made.app.system, event);
    expect(await drills.drillOf(drillId)).toEqual(drill);
  });

  it('goes on without any event, and adopts a rollback that a dying worker had asked for', async () => {
    const { drillId, runId } = await drills.deployedDrill();
    await drills.db().$executeRaw`UPDATE event_delivery SET status = 'delivered' WHERE status = 'pending'`;
    await leadDrillsOn(drills.made.app.system);
    const asked = await drills.drillOf(drillId);
    expect(asked.status).toBe('rolling_back');
    await drills.made.ended(asked.rollbackRunId as string);
    await drills.db().$executeRaw`UPDATE event_delivery SET status = 'delivered' WHERE status = 'pending'`;
    // The worker died between the request and its own note of it.
    await drills.db().$executeRaw`
      UPDATE drill SET status = 'deploying', rollback_run_id = NULL WHERE id = ${drillId}::uuid`;
    await leadDrillsOn(drills.made.app.system);
    expect(await drills.drillOf(drillId)).toMatchObject({
      status: 'succeeded',
      rollbackRunId: asked.rollbackRunId,
    });
    expect((await getRun(drills.made.responder, { runId })).followUps).toHaveLength(1);
  });
});

describe('a drill fails', { timeout: 60_000 }, () => {
  it('when its rollback takes longer than it may', async () => {
    const { drillId } = await drills.deployedDrill();
    await drills.db().$executeRaw`UPDATE drill SET budget_ms = 1 WHERE id = ${drillId}::uuid`;
    const drill = await drills.finished(drillId);
    expect(drill.status).toBe('failed');
    expect(drill.error).toMatch(/^The rollback took \d+\.\d s, more than the 0\.0 s that it may take\.$/);
    expect(drill.rollbackMs).toBeGreaterThan(1);
  });

  it('when its deploy fails, and nothing is rolled back then', async () => {
    await markRelease(drills.made.responder, {
      service: 'shop',
      tag: 'v1.2.0-crash',
      verdict: 'stable',
      reason: 'To be practised with',
    });
    const { drillId, runId } = await requestDrill(drills.made.responder, PLACE);
    const drill = await drills.finished(drillId);
    await markRelease(drills.made.responder, {
      service: 'shop',
      tag: 'v1.2.0-crash',
      verdict: 'none',
      reason: 'Over',
    });
    expect(drill).toMatchObject({ status: 'failed', rollbackRunId: null, rollbackMs: null });
    expect(drill.error).toMatch(/^The deploy of v1\.2\.0-crash did not succeed \(run #\d+: failed\): /);
    expect((await getRun(drills.made.responder, { runId })).followUps).toEqual([]);
  });

  it('when somebody cancels its deploy', async () => {
    await drills.holdRuns();
    const { drillId, runId } = await requestDrill(drills.made.responder, PLACE);
    await cancelRun(drills.made.responder, { runId, reason: 'Not today' });
    const drill = await drills.finished(drillId);
    expect(drill.status).toBe('failed');
    expect(drill.error).toMatch(/: cancelled\): Not today$/);
  });

  it('when something else went live before the rollback', async () => {
    const { drillId } = await drills.deployedDrill();
    await drills.made.deployed('v1.1.0');
    const drill = await drills.finished(drillId);
    expect(drill).toMatchObject({
      status: 'failed',
      rollbackRunId: null,
      error: 'v1.1.0 went live before the rollback could be started.',
    });
  });

  it('when visitors reach something else than the records say', async () => {
    const { drillId } = await drills.deployedDrill();
    await leadDrillsOn(drills.made.app.system);
    await drills.made.ended((await drills.drillOf(drillId)).rollbackRunId as string);
    const drivers = drills.made.app.system.use(DRIVERS);
    drills.made.app.provided.set(DRIVERS, (service: string, environment: string) => ({
      ...drivers(service, environment),
      observe: async () => ({ live: null, instances: [] }),
    }));
    const drill = await drills
      .finished(drillId)
      .finally(() => drills.made.app.provided.set(DRIVERS, drivers));
    expect(drill).toMatchObject({
      status: 'failed',
      error: 'The records say that v1.1.0 is live, but visitors reach nothing.',
    });
  });

  it('when nobody could ask for its rollback for ten minutes, and until then it is tried again', async () => {
    const { drillId, runId } = await drills.deployedDrill();
    const drivers = drills.made.app.system.use(DRIVERS);
    drills.made.app.provided.set(DRIVERS, (service: string, environment: string) => {
      const driver = drivers(service, environment);
      const listReleases = async () => Promise.reject(new Error('The repository is away'));
      return { ...driver, source: { ...driver.source, listReleases } };
    });
    try {
      await leadDrillsOn(drills.made.app.system);
      expect((await drills.drillOf(drillId)).status).toBe('deploying');
      await drills.db().$executeRaw`
        UPDATE run SET ended_at = ended_at - interval '11 minutes' WHERE id = ${runId}::uuid`;
      await leadDrillsOn(drills.made.app.system);
    } finally {
      drills.made.app.provided.set(DRIVERS, drivers);
    }
    expect(await drills.drillOf(drillId)).toMatchObject({
      status: 'failed',
      error: 'The rollback could not be started: The repository is away',
    });
    await drills.made.deployed('v1.1.0');
  });
});

describe('outside practice environments', { timeout: 60_000 }, () => {
  it('there is no drill, and no rollback that spares what it leaves', async () => {
    const count = await drills.db().run.count();
    drills.settings().practice = false;
    const refusal = { kind: 'unprocessable', message: expect.stringContaining('is no practice environment') };
    await expect(requestDrill(drills.made.responder, PLACE)).rejects.toMatchObject(refusal);
    const { plan } = await prepareRollback(drills.made.app.system, PLACE, undefined, null);
    for (const by of [drills.made.responder, drills.made.app.system]) {
      await expect(
        requestRollback(by, { ...PLACE, planHash: hashPlan(plan), drill: true }),
      ).rejects.toMatchObject(refusal);
    }
    expect(await drills.db().run.count()).toBe(count);
    expect(await listDrillPlaces(drills.viewer, {})).toEqual([]);
  });

  it('a drill’s rollback that was planned before marks and locks like any other', async () => {
    const { drillId } = await drills.deployedDrill();
    await drills.holdRuns();
    await leadDrillsOn(drills.made.app.system);
    drills.settings().practice = false;
    drills.work();
    const drill = await drills.finished(drillId);
    expect(drill.status).toBe('succeeded');
    const state = await getEnvironmentState(drills.made.responder, PLACE);
    expect(state.lock?.reason).toContain('Rolled back from v1.0.0 to v1.1.0');
    expect(await drills.db().releaseMark.findFirst({ orderBy: { id: 'desc' } })).toMatchObject({
      verdict: 'faulty',
    });
    const commander = await drills.made.app.asRole('commander');
    await liftLock(commander, { ...PLACE, lockId: state.lock?.id, reason: 'Over' });
    await markRelease(drills.made.responder, {
      service: 'shop',
      tag: 'v1.0.0',
      verdict: 'none',
      reason: 'Over',
    });
  });
});

describe('all drills', () => {
  it('are seen with their history', async () => {
    const [place] = await listDrillPlaces(drills.viewer, {});
    const { total } = await listDrills(drills.viewer, {});
    expect(place).toMatchObject({
      ...PLACE,
      budgetMs: 90_000,
      open: null,
      next: { releaseTag: 'v1.0.0', restoredTag: 'v1.1.0' },
      blockedBy: null,
    });
    expect(place?.recent).toHaveLength(Math.min(total, 10));
    expect(total).toBeGreaterThan(3);
    expect(place?.succeeded).toBe(place?.recent.filter(({ status }) => status === 'succeeded').length);
    expect(place?.last?.id).toBe(place?.recent[0]?.id);
    const second = await listDrills(drills.viewer, { page: 2, pageSize: 10 });
    expect(second.rows).toHaveLength(Math.max(0, total - 10));
  });
});
