import { beforeAll, describe, expect, it } from 'vitest';
import { liftLock, lockEnvironment } from '#server/deployments/commands/manage-environments';
import { drillJob } from '#server/deployments/drills/job';
import { listDrills } from '#server/deployments/drills/queries';
import { getEnvironmentState } from '#server/deployments/queries/environments';
import { runScheduleNow } from '#server/schedules/commands';
import { ensureSchedule } from '#server/schedules/ensure-schedule';
import { listSchedules, listTicks } from '#server/schedules/queries';
import { settleSchedules } from '#server/schedules/scheduler';
import { drillConsole } from '#server/testing/drill-console';
import { auditAfter, lastAudit, PLACE } from '#server/testing/fixture-console';

const drills = drillConsole();

describe('the schedule of a drill', { timeout: 60_000 }, () => {
  const KEY = 'deployments.drill:shop/production';
  const schedule = () => drills.db().schedule.findUniqueOrThrow({ where: { key: KEY } });

  beforeAll(async () => {
    const mondays = {
      key: KEY,
      job: drillJob.id,
      title: 'Weekly drill',
      ...PLACE,
      cron: '0 10 * * 1',
      timeZone: 'Europe/Paris',
      overlap: 'skip' as const,
      missed: 'skip' as const,
    };
    expect(await ensureSchedule(drills.made.app.system, mondays)).toBe(true);
    expect(await ensureSchedule(drills.made.app.system, { ...mondays, cron: '0 11 * * 1' })).toBe(false);
    expect((await schedule()).cron).toBe('0 10 * * 1');
  });

  /** The clock of a Monday of the year 2030, so many weeks after the first. */
  const lookOn = (week: number) => {
    const at = new Date(Date.UTC(2030, 0, 7 + week * 7, 9, 0, 10));
    return settleSchedules(drills.made.app, { now: async () => at });
  };

  it('starts it in its name, and skips it while one is going on', async () => {
    await drills.db().$executeRaw`UPDATE schedule SET settled_until = '2030-01-07T00:00:00Z'`;
    await lookOn(0);
    await lookOn(1);
    const { id } = await schedule();
    const { rows } = await listTicks(drills.viewer, { scheduleId: id });
    expect(rows.map(({ status, reason }) => [status, reason])).toEqual([
      ['skipped', 'The one before is still going on.'],
      ['started', null],
    ]);
    expect((await listSchedules(drills.viewer, {}))[0]).toMatchObject({ isGoingOn: true, canRunNow: false });
    const [drill] = (await listDrills(drills.viewer, {})).rows;
    expect(drill).toMatchObject({ requestedByName: 'Weekly drill', status: 'deploying' });
    expect(rows[1]?.runId).toBe(drill?.deployRun.id);
    expect((await drills.finished(drill?.id as string)).status).toBe('succeeded');
  });

  it('tells in its row why one could not start, and goes on', async () => {
    await lockEnvironment(drills.made.responder, { ...PLACE, reason: 'Stock-taking' });
    const count = await drills.db().drill.count();
    await lookOn(2);
    const { id } = await schedule();
    const { rows } = await listTicks(drills.viewer, { scheduleId: id });
    expect(rows[0]).toMatchObject({ status: 'failed', runId: null });
    expect(rows[0]?.reason).toContain('is locked: Stock-taking (Test responder)');
    expect(await drills.db().drill.count()).toBe(count);
    const { lock } = await getEnvironmentState(drills.made.responder, PLACE);
    const commander = await drills.made.app.asRole('commander');
    await liftLock(commander, { ...PLACE, lockId: lock?.id, reason: 'Over' });
  });

  it('can be started by hand by whoever may drill, once at a time', async () => {
    const { id } = await schedule();
    const before = await lastAudit(drills.made.app);
    const { runId } = await runScheduleNow(drills.made.responder, { scheduleId: id });
    await expect(runScheduleNow(drills.made.responder, { scheduleId: id })).rejects.toMatchObject({
      kind: 'conflict',
      message: expect.stringContaining('still going on'),
    });
    await expect(runScheduleNow(drills.viewer, { scheduleId: id })).rejects.toMatchObject({
      kind: 'forbidden',
    });
    expect((await auditAfter(drills.made.app, before)).map(({ action }) => action)).toEqual([
      'deployments.deploy.requested',
      'drills.requested',
      'schedules.run-now',
    ]);
    const drill = await drills.db().drill.findFirstOrThrow({ where: { deployRunId: runId as string } });
    expect(drill.requestedByName).toBe('Test responder');
    expect((await drills.finished(drill.id)).status).toBe('succeeded');
  });
});
