import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { requestChecklist } from '#server/deployments/commands/request-runs';
import { setUpPractice } from '#server/deployments/drills/set-up';
import { previewChecklist } from '#server/deployments/queries/previews';
import { cancelRun } from '#server/runs/commands';
import { createFixtureConsole, type FixtureConsole, PLACE } from '#server/testing/fixture-console';

let made: FixtureConsole;
const runs = () =>
  made.app.system.db.run.findMany({
    orderBy: { number: 'asc' },
    select: { title: true, status: true, requestedByType: true },
  });
const schedules = () =>
  made.app.system.db.schedule.findMany({
    select: { key: true, job: true, cron: true, timeZone: true, environment: true },
  });

beforeAll(async () => {
  // No run is worked on here, so no lease has to be short; transactions may take as long as a busy machine needs.
  const env = { RUN_LEASE_MS: '30000' };
  made = await createFixtureConsole({ practice: true, firstRelease: 'v1.0.0' }, env);
}, 60_000);
afterAll(() => made.close(), 60_000);

describe('setting practice up', { timeout: 60_000 }, () => {
  it('leaves environments that are not for practice alone', async () => {
    const environment = made.config.services.shop?.environments.production;
    if (!environment) throw new Error('The fixture has no environment');
    environment.practice = false;
    await setUpPractice(made.app.system);
    expect(await schedules()).toEqual([]);
    expect(await runs()).toEqual([]);
    environment.practice = true;
  });

  it('gives it a weekly drill once, and its first release only when nothing runs', async () => {
    const { planHash } = await previewChecklist(made.responder, { ...PLACE, tag: 'v1.1.0' });
    const { runId } = await requestChecklist(made.responder, { ...PLACE, tag: 'v1.1.0', planHash });
    await setUpPractice(made.app.system);
    expect(await schedules()).toEqual([
      {
        key: 'deployments.drill:shop/production',
        job: 'deployments.drill',
        cron: '0 10 * * 1',
        timeZone: 'Europe/Paris',
        environment: 'production',
      },
    ]);
    expect(await runs()).toHaveLength(1);
    await cancelRun(made.responder, { runId, reason: 'Make room' });

    await setUpPractice(made.app.system);
    await setUpPractice(made.app.system);
    expect((await runs()).slice(1)).toEqual([
      { title: 'Deploy v1.0.0 to production', status: 'queued', requestedByType: 'system' },
    ]);
  });

  it('leaves a schedule as people have left it', async () => {
    await setUpPractice(made.app.system);
    await made.app.system.db.schedule.updateMany({ data: { cron: '0 11 * * 2' } });
    await setUpPractice(made.app.system);
    expect((await schedules()).map(({ cron }) => cron)).toEqual(['0 11 * * 2']);
  });
});
