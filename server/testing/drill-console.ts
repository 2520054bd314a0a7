import { afterAll, afterEach, beforeAll, beforeEach, expect } from 'vitest';
import { requestDrill } from '#server/deployments/drills/commands';
import { leadDrillsOn } from '#server/deployments/drills/follow';
import type { Ctx } from '#server/platform/context';
import type { RunLoop } from '#server/runs/run-loop';
import { eventually } from '#server/testing/eventually';
import { createFixtureConsole, type FixtureConsole, PLACE } from '#server/testing/fixture-console';
import { ask } from '#server/testing/visitors';

/**
 * A console with one practice environment, two good releases in it and a worker, for every test of a file. Each test
 * begins and ends with the environment free and v1.1.0 live.
 */
export function drillConsole() {
  let made: FixtureConsole;
  let loop: RunLoop | null = null;
  let viewer: Ctx;
  const db = () => made.app.system.db;
  const drillOf = (id: string) => db().drill.findUniqueOrThrow({ where: { id } });
  const settings = () => {
    const environment = made.config.services.shop?.environments.production;
    if (!environment) throw new Error('The fixture has no environment');
    return environment;
  };

  beforeAll(async () => {
    made = await createFixtureConsole({
      practice: true,
      validation: { endpoints: [{ path: '/' }], onFailure: 'hold' },
      health: { intervalMs: 20, deadlineSeconds: 5 },
    });
    viewer = await made.app.asRole('viewer');
    loop = made.work();
    await made.deployed('v1.0.0');
    await expect(requestDrill(made.responder, PLACE)).rejects.toMatchObject({
      kind: 'conflict',
      message: expect.stringContaining('There is no second good release'),
    });
    await made.deployed('v1.1.0');
  }, 60_000);
  afterAll(() => made.close(), 60_000);

  beforeEach(() => {
    loop ??= made.work();
  });
  afterEach(async () => {
    settings().practice = true;
    // What a test left under way ends here, so that the next one finds the environment free.
    loop ??= made.work();
    await eventually(async () => {
      await made.deliver();
      await leadDrillsOn(made.app.system);
      expect(await db().drill.count({ where: { endedAt: null } })).toBe(0);
      expect(await db().run.count({ where: { status: { in: ['queued', 'running'] } } })).toBe(0);
    }, 30_000);
    expect((await ask(new URL(made.url))).release).toBe('v1.1.0');
  }, 60_000);

  return {
    get made() {
      return made;
    },
    get viewer() {
      return viewer;
    },
    db,
    drillOf,
    settings,
    /** Runs that are asked for from now on stay queued. */
    async holdRuns(): Promise<void> {
      await loop?.stop();
      loop = null;
    },
    /** Runs are taken again. */
    work(): void {
      loop ??= made.work();
    },
    /** Leads the drill to its end as a worker does: by the events of its runs. */
    finished(id: string) {
      return eventually(async () => {
        await made.deliver();
        const drill = await drillOf(id);
        if (!drill.endedAt) throw new Error(`The drill is still ${drill.status}`);
        return drill;
      }, 30_000);
    },
    /** The drill with its deploy over and nothing told to anybody yet. */
    async deployedDrill(): Promise<{ drillId: string; runId: string }> {
      const { drillId, runId } = await requestDrill(made.responder, PLACE);
      await made.ended(runId);
      return { drillId, runId };
    },
  };
}
