import { afterAll, describe, expect, it } from 'vitest';
import { RunAborted } from '#server/runs/abort';
import { cancelRun, resumeRun } from '#server/runs/commands';
import type { RunDetail, RunStatus } from '#server/runs/contract';
import type { RunMoment } from '#server/runs/engine';
import { PROCEDURES, type Procedure, StepFailure } from '#server/runs/procedure';
import { getRun } from '#server/runs/queries';
import { startRunLoop } from '#server/runs/run-loop';
import { createTestApp } from '#server/testing/context';
import { eventually } from '#server/testing/eventually';
import {
  type FixtureParams,
  type FixtureStep,
  fixtureProcedure,
  startFixture,
} from '#server/testing/fixture-procedure';

const procedures = new Map<string, Procedure<never>>();
const app = await createTestApp({
  env: {
    RUN_LEASE_MS: '3000',
    RUN_RENEW_MS: '100',
    RUN_POLL_MS: '50',
    RUN_LOG_FLUSH_MS: '5',
    KILL_GRACE_MS: '200',
  },
  provide: [[PROCEDURES, procedures]],
});
const ctx = app.system;
let count = 0;
afterAll(() => app.close());

function procedure(
  steps: FixtureStep[],
  change: Partial<Procedure<FixtureParams>> = {},
): Procedure<FixtureParams> {
  count += 1;
  const made = fixtureProcedure(`test.${count}`, steps, change);
  procedures.set(made.id, made as unknown as Procedure<never>);
  return made;
}

/** Executes the run with a worker that stops at the moment, then with another one, until the run has ended. */
async function stopAt(
  made: Procedure<FixtureParams>,
  stop: RunMoment,
  ...statuses: RunStatus[]
): Promise<RunDetail> {
  const { runId } = await startFixture(ctx, made, `env-${count}`);
  let hasStopped = false;
  const first = startRunLoop(app, app.ids.uuid(), {
    at: async (moment) => {
      if (moment !== stop || hasStopped) return;
      hasStopped = true;
      throw new RunAborted('shutdown', 'The worker is stopping');
    },
  });
  await eventually(async () => expect(hasStopped).toBe(true));
  await first.stop();
  expect((await getRun(ctx, { runId })).status).not.toBe('succeeded');
  const second = startRunLoop(app, app.ids.uuid());
  try {
    return await eventually(async () => {
      const run = await getRun(ctx, { runId });
      expect(statuses, `status ${run.status}: ${run.error}`).toContain(run.status);
      return run;
    });
  } finally {
    await second.stop();
  }
}

describe('a run whose worker stops after a step has failed and before the run has ended', () => {
  it('ends as the step decided, and the step does not run again', async () => {
    let runs = 0;
    const made = procedure([
      {
        key: 'one',
        run: async () => {
          runs += 1;
          throw new StepFailure('the release is ill');
        },
      },
      { key: 'two', run: async () => undefined },
    ]);
    const run = await stopAt(made, 'before-end', 'failed');
    expect(runs).toBe(1);
    expect(run.error).toBe('the release is ill');
    expect(run.steps.map(({ status, attempt }) => `${status} ${attempt}`)).toEqual(['failed 1', 'pending 0']);
  });

  it('still asks a person where the step asked for one', async () => {
    const made = procedure([
      {
        key: 'one',
        run: async () => {
          throw new StepFailure('decide', { needsAttention: true });
        },
      },
    ]);
    const run = await stopAt(made, 'before-end', 'needs_attention');
    expect(run.error).toBe('decide');
    await cancelRun(await app.asRole('responder'), { runId: run.id, reason: 'decided' });
  });
});

describe('a run that is resumed', () => {
  it('goes back to the step whose work the failed one needs, and tells its procedure', async () => {
    const seen: string[] = [];
    const resumed: string[] = [];
    const made = procedure(
      [
        { key: 'prepare', run: async () => void seen.push('prepare') },
        { key: 'start', run: async () => void seen.push('start') },
        {
          key: 'gate',
          resumeFrom: 'start',
          run: async () => {
            seen.push('gate');
            if (seen.filter((key) => key === 'gate').length === 1) throw new StepFailure('not healthy');
            return undefined;
          },
        },
      ],
      { onResume: async (_tx, runId) => void resumed.push(runId) },
    );
    const { runId } = await startFixture(ctx, made, `env-${count}`);
    const loop = startRunLoop(app, app.ids.uuid());
    try {
      await eventually(async () => expect((await getRun(ctx, { runId })).status).toBe('failed'));
      await resumeRun(await app.asRole('responder'), { runId });
      await eventually(async () => expect((await getRun(ctx, { runId })).status).toBe('succeeded'));
    } finally {
      await loop.stop();
    }
    expect(seen).toEqual(['prepare', 'start', 'gate', 'start', 'gate']);
    expect(resumed).toEqual([runId]);
  });
});
