import { describe, expect, it } from 'vitest';
import { cancelRun } from '#server/runs/commands';
import { claimRun, fenced } from '#server/runs/ledger';
import { LogWriter } from '#server/runs/log-writer';
import type { Procedure } from '#server/runs/procedure';
import { getRun } from '#server/runs/queries';
import { eventually } from '#server/testing/eventually';
import { type FixtureParams, type FixtureStep, startFixture } from '#server/testing/fixture-procedure';
import { createRunHarness } from '#server/testing/run-harness';

const { app, environment, lines, procedure, untilStatus, work } = await createRunHarness();
const ctx = app.system;

describe('single flight', () => {
  it('makes one run of many equal requests at the same instant', async () => {
    const made = procedure([{ key: 'one', run: async () => undefined }]);
    const name = environment();
    const started = await Promise.all(Array.from({ length: 8 }, () => startFixture(ctx, made, name)));
    expect(new Set(started.map((run) => run.runId)).size).toBe(1);
    expect(started.filter((run) => run.created)).toHaveLength(1);
  });

  it('refuses another plan while a run holds the environment', async () => {
    const made = procedure([{ key: 'one', run: async () => undefined }]);
    const name = environment();
    await startFixture(ctx, made, name);
    await expect(startFixture(ctx, made, name, { variant: 'other' })).rejects.toMatchObject({
      kind: 'conflict',
    });
  });

  it('gives the first run again for a repeated idempotency key', async () => {
    const made = procedure([{ key: 'one', run: async () => undefined }]);
    const name = environment();
    const first = await startFixture(ctx, made, name, { idempotencyKey: `key-${name}` });
    work();
    await untilStatus(first.runId, 'succeeded');
    const again = await startFixture(ctx, made, name, { idempotencyKey: `key-${name}` });
    expect(again).toEqual({ ...first, created: false });
  });

  it('lets a superseding run begin only after the superseded one has ended', async () => {
    const order: string[] = [];
    const name = environment();
    const deploy = procedure([
      {
        key: 'long',
        run: async ({ io }) => {
          order.push('deploy begins');
          await io
            .exec({ command: 'trap "sleep 0.1; exit 0" TERM; sleep 30 & wait', timeoutMs: 60_000 })
            .finally(() => order.push('deploy ends'));
          return undefined;
        },
      },
    ]);
    const rollback = procedure([{ key: 'back', run: async () => void order.push('rollback begins') }], {
      supersedes: [deploy.id],
    });
    const first = await startFixture(ctx, deploy, name);
    const loop = work();
    await eventually(async () => expect(order).toEqual(['deploy begins']));
    const second = await startFixture(ctx, rollback, name);
    loop.wake();
    await untilStatus(second.runId, 'succeeded');
    expect(order).toEqual(['deploy begins', 'deploy ends', 'rollback begins']);
    expect(await getRun(ctx, { runId: first.runId })).toMatchObject({
      status: 'cancelled',
      supersededBy: { id: second.runId },
    });
  });

  it('does not run two runs of one environment, nor one run twice, with many workers', async () => {
    let inside = 0;
    let most = 0;
    const runs: string[] = [];
    const name = environment();
    const made = procedure([
      {
        key: 'inside',
        run: async ({ io }) => {
          inside += 1;
          most = Math.max(most, inside);
          runs.push(io.runId);
          await io.sleep(30);
          inside -= 1;
          return undefined;
        },
      },
    ]);
    for (let index = 0; index < 4; index += 1) work();
    for (let index = 0; index < 6; index += 1) {
      const { runId } = await startFixture(ctx, made, name, { variant: String(index) });
      await untilStatus(runId, 'succeeded');
    }
    expect(most).toBe(1);
    expect(runs).toHaveLength(new Set(runs).size);
  });
});

describe('a worker that is lost', () => {
  /** Claims as a worker that then does nothing more, in the middle of the given step. */
  async function abandon(made: Procedure<FixtureParams>, stepIndex: number): Promise<string> {
    const { runId } = await startFixture(ctx, made, environment());
    const claim = await claimRun(ctx, app.ids.uuid(), 100);
    expect(claim?.runId).toBe(runId);
    await ctx.db.runStep.update({
      where: { runId_index: { runId, index: stepIndex } },
      data: { status: 'running', attempt: 1, externalRef: { asked: true } },
    });
    return runId;
  }

  it('is followed by another: a repeatable step runs again', async () => {
    let runs = 0;
    const runId = await abandon(
      procedure([
        {
          key: 'one',
          run: async () => {
            runs += 1;
            return undefined;
          },
        },
      ]),
      0,
    );
    work();
    const run = await untilStatus(runId, 'succeeded');
    expect(runs).toBe(1);
    expect(run.steps[0]?.attempt).toBe(2);
  });

  it('is followed by another: a probe tells that the step had happened', async () => {
    let runs = 0;
    const probed: FixtureStep = {
      key: 'one',
      run: async () => {
        runs += 1;
        return undefined;
      },
      recovery: async ({ io }) => ({ facts: { found: JSON.stringify(io.externalRef) } }),
    };
    const runId = await abandon(procedure([probed]), 0);
    work();
    const run = await untilStatus(runId, 'succeeded');
    expect(runs).toBe(0);
    expect(run.steps[0]?.facts).toEqual({ found: '{"asked":true}' });
  });

  it('is followed by a question where nobody can tell', async () => {
    const runId = await abandon(procedure([{ key: 'one', recovery: 'ask', run: async () => undefined }]), 0);
    const loop = work();
    const run = await untilStatus(runId, 'needs_attention');
    expect(run.steps[0]?.status).toBe('unknown');
    await cancelRun(await app.asRole('responder'), { runId, reason: 'looked: it did not happen' });
    loop.wake();
    await untilStatus(runId, 'cancelled');
  });

  it('writes nothing once its lease has ended, even before a successor came', async () => {
    const { runId } = await startFixture(
      ctx,
      procedure([{ key: 'one', run: async () => undefined }]),
      environment(),
    );
    const claim = await claimRun(ctx, app.ids.uuid(), 50);
    if (!claim) throw new Error('nothing was claimed');
    await new Promise((resolve) => setTimeout(resolve, 120));
    await expect(fenced(ctx, claim, async () => undefined)).rejects.toMatchObject({ name: 'RunAborted' });
    const log = new LogWriter(ctx, claim, 5, (text) => text);
    log.add(0, 'stdout', 'too late');
    await expect(log.flush()).rejects.toMatchObject({ name: 'RunAborted' });
    expect(await lines(runId)).toEqual([]);
  });
});
