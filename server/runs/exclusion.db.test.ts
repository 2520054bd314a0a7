import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { cancelRun, resumeRun } from '#server/runs/commands';
import { ACTIVE_STATUSES, type RunStatus } from '#server/runs/contract';
import { claimRun, fenced } from '#server/runs/ledger';
import { LogWriter } from '#server/runs/log-writer';
import { type Procedure, StepFailure, type StepIo } from '#server/runs/procedure';
import { getRun, getRunSnapshot } from '#server/runs/queries';
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
    const begun: string[] = [];
    const enter = async (io: StepIo, ms: number) => {
      inside += 1;
      most = Math.max(most, inside);
      begun.push(io.runId);
      try {
        await io.sleep(ms);
      } finally {
        // Longer than the workers' poll: one that believes the environment free comes in meanwhile.
        await delay(80);
        inside -= 1;
      }
      return undefined;
    };
    const name = environment();
    const deploy = procedure([{ key: 'inside', run: ({ io }) => enter(io, 20_000) }]);
    const supersedes = [deploy.id];
    const pair = [30, 30].map((ms) =>
      procedure([{ key: 'inside', run: ({ io }) => enter(io, ms) }], { supersedes }),
    );
    supersedes.push(...pair.map(({ id }) => id));
    const workers = Array.from({ length: 4 }, () => work());
    const start = async (made: Procedure<FixtureParams>, variant: string) => {
      const { runId } = await startFixture(ctx, made, name, { variant });
      for (const worker of workers) worker.wake();
      return runId;
    };
    let waited = 0;
    for (let index = 0; index < 5; index += 1) {
      const first = await start(deploy, String(index));
      await eventually(async () => expect(begun).toContain(first));
      // Together, while the environment is held: each takes the place of whatever was there before it.
      const both = await Promise.all(pair.map((made) => start(made, String(index))));
      const seen = await Promise.all(both.map((runId) => getRun(ctx, { runId })));
      waited += seen.filter(({ status }) => status === 'queued').length;
      const ended = await Promise.all(both.map((runId) => untilStatus(runId, 'succeeded', 'cancelled')));
      expect(ended.map(({ status }) => status)).toContain('succeeded');
      expect((await getRun(ctx, { runId: first })).status).toBe('cancelled');
    }
    expect(most).toBe(1);
    expect(new Set(begun).size).toBe(begun.length);
    expect(begun.length).toBeGreaterThanOrEqual(10);
    // Otherwise nothing has competed.
    expect(waited).toBeGreaterThan(0);
  });

  it('is kept by the database as well: a second run that asks for or holds an environment is refused', async () => {
    /** Past everything that looks first. */
    const insert = (lockKey: string, status: RunStatus, supersededBy: string | null = null) => {
      const isHeld = status === 'running' || status === 'cancelling';
      const worker = isHeld ? app.ids.uuid() : null;
      return ctx.db.$executeRaw`
        INSERT INTO run (id, procedure, title, service, environment, lock_key, params, plan, plan_hash, config_hash,
          requested_by_type, requested_by_name, budget_ms, status, superseded_by_run_id, worker_id, lease_until)
        VALUES (${app.ids.uuid()}::uuid, 'test.raw', 'Raw', 'shop', 'raw', ${lockKey}, '{}', '{}', 'hash', 'test',
          'system', 'test', 60000, ${status}::run_status, ${supersededBy}::uuid, ${worker}::uuid,
          CASE WHEN ${isHeld} THEN clock_timestamp() + interval '1 hour' END)`;
    };
    for (const status of ACTIVE_STATUSES) {
      const lockKey = `shop/${environment()}`;
      await insert(lockKey, status);
      for (const second of ACTIVE_STATUSES) {
        await expect(insert(lockKey, second), `${status}, ${second}`).rejects.toThrow(
          /run_single_flight_key/,
        );
      }
    }
    // A superseded run leaves that index; as long as it holds the environment the other one refuses its successor.
    const lockKey = `shop/${environment()}`;
    await insert(lockKey, 'cancelling', app.ids.uuid());
    await insert(lockKey, 'queued');
    const becoming = ctx.db.$executeRaw`
      UPDATE run SET status = 'running', worker_id = ${app.ids.uuid()}::uuid, lease_until = clock_timestamp() + interval '1 hour'
      WHERE lock_key = ${lockKey} AND status = 'queued'`;
    await expect(becoming).rejects.toThrow(/run_one_holder_key/);
  });

  it('tells when the budget ends, anew for a resumed run', async () => {
    let fails = true;
    const made = procedure([
      {
        key: 'one',
        run: async () => {
          if (fails) throw new StepFailure('not yet');
          return undefined;
        },
      },
    ]);
    const { runId } = await startFixture(ctx, made, environment());
    expect((await getRun(ctx, { runId })).deadlineAt).toBeNull();
    const loop = work();
    const failed = await untilStatus(runId, 'failed');
    fails = false;
    await delay(50);
    const resumedAt = Date.now();
    await resumeRun(await app.asRole('responder'), { runId });
    loop.wake();
    const run = await untilStatus(runId, 'succeeded');
    expect(run.startedAt).toBe(failed.startedAt);
    const budgetOf = (at: { deadlineAt: string | null }) => Date.parse(at.deadlineAt ?? '') - run.budgetMs;
    expect(Math.abs(budgetOf(failed) - Date.parse(failed.startedAt ?? ''))).toBeLessThanOrEqual(5);
    expect(budgetOf(run)).toBeGreaterThanOrEqual(resumedAt - 5);
    expect((await getRunSnapshot(ctx, { runId })).deadlineAt).toBe(run.deadlineAt);
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
