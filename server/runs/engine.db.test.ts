import { existsSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import { cancelRun, resumeRun } from '#server/runs/commands';
import type { RunDetail, RunStatus } from '#server/runs/contract';
import { claimRun, fenced } from '#server/runs/ledger';
import { HEAD_LINES, LogWriter, TAIL_LINES } from '#server/runs/log-writer';
import { PROCEDURES, type Procedure, StepFailure } from '#server/runs/procedure';
import { getRun, readRunLog } from '#server/runs/queries';
import { type RunLoop, startRunLoop } from '#server/runs/run-loop';
import { createTestApp } from '#server/testing/context';
import { type FixtureParams, type FixtureStep, fixtureProcedure, startFixture } from '#server/testing/fixture-procedure';
import { eventually } from '#server/testing/eventually';

const folder = mkdtempSync(join(tmpdir(), 'ops-engine-'));
const procedures = new Map<string, Procedure<never>>();
const app = await createTestApp({
  env: { RUN_LEASE_MS: '600', RUN_RENEW_MS: '100', RUN_POLL_MS: '50', RUN_LOG_FLUSH_MS: '5', KILL_GRACE_MS: '200' },
  provide: [[PROCEDURES, procedures]],
});
const ctx = app.system;
const loops: RunLoop[] = [];
let count = 0;

afterEach(async () => {
  await Promise.all(loops.splice(0).map((loop) => loop.stop()));
  await ctx.db.$executeRaw`UPDATE run SET status = 'cancelled', ended_at = now() WHERE status IN ('queued', 'running', 'cancelling', 'needs_attention')`;
});
afterAll(() => app.close());

function procedure(steps: FixtureStep[], change: Partial<Procedure<FixtureParams>> = {}): Procedure<FixtureParams> {
  count += 1;
  const made = fixtureProcedure(`test.${count}`, steps, change);
  procedures.set(made.id, made as unknown as Procedure<never>);
  return made;
}

function environment(): string {
  count += 1;
  return `env-${count}`;
}

function work(): RunLoop {
  const loop = startRunLoop(app, app.ids.uuid());
  loops.push(loop);
  return loop;
}

async function untilStatus(runId: string, ...statuses: RunStatus[]): Promise<RunDetail> {
  return eventually(async () => {
    const run = await getRun(ctx, { runId });
    expect(statuses, `status ${run.status}: ${run.error}`).toContain(run.status);
    return run;
  });
}

async function lines(runId: string): Promise<string[]> {
  return (await readRunLog(ctx, { runId, limit: 5_000 })).map((line) => line.text);
}

describe('a run', () => {
  it('executes its steps in order, keeps their results and stores every line of output in order', async () => {
    const seen: string[] = [];
    const made = procedure([
      {
        key: 'one',
        run: async ({ io }) => {
          const { exitCode } = await io.exec({ command: 'for i in $(seq 1 300); do echo line $i; done', timeoutMs: 10_000 });
          return { exitCode, result: { value: 41 }, facts: { lines: '300' } };
        },
      },
      { key: 'two', run: async ({ previous }) => void seen.push(String(previous<{ value: number }>('one').value + 1)) },
    ]);
    const { runId } = await startFixture(ctx, made, environment());
    work();
    const run = await untilStatus(runId, 'succeeded');
    expect(seen).toEqual(['42']);
    expect(run.steps.map((step) => step.status)).toEqual(['succeeded', 'succeeded']);
    expect(run.steps[0]).toMatchObject({ exitCode: 0, facts: { lines: '300' } });
    const log = await readRunLog(ctx, { runId, limit: 1_000 });
    expect(log.map((line) => line.seq)).toEqual(log.map((_, index) => index + 1));
    expect(log.map((line) => line.text)).toEqual(Array.from({ length: 300 }, (_, index) => `line ${index + 1}`));
  });

  it('stops at the first step that fails and goes on from it when resumed', async () => {
    const marker = join(folder, `resume-${count}`);
    let first = 0;
    const made = procedure([
      { key: 'first', run: async () => void (first += 1) },
      {
        key: 'second',
        run: async ({ io }) => {
          const { exitCode } = await io.exec({ command: `test -e ${marker}`, timeoutMs: 5_000 });
          if (exitCode !== 0) throw new StepFailure('The marker is missing', { exitCode });
          return { exitCode };
        },
      },
      { key: 'third', run: async () => undefined },
    ]);
    const { runId } = await startFixture(ctx, made, environment());
    const loop = work();
    const failed = await untilStatus(runId, 'failed');
    expect(failed.error).toBe('The marker is missing');
    expect(failed.steps.map((step) => step.status)).toEqual(['succeeded', 'failed', 'pending']);
    const person = await app.asRole('responder');
    writeFileSync(marker, '');
    await resumeRun(person, { runId });
    loop.wake();
    const done = await untilStatus(runId, 'succeeded');
    expect(first).toBe(1);
    expect(done.steps[1]).toMatchObject({ attempt: 2, error: null });
  });

  it('goes on after a warning and says so', async () => {
    const made = procedure([
      { key: 'one', run: async () => ({ status: 'warning', facts: { measured: 'could not measure' } }) },
      { key: 'two', run: async () => undefined },
    ]);
    const { runId } = await startFixture(ctx, made, environment());
    work();
    const run = await untilStatus(runId, 'succeeded');
    expect(run.steps.map((step) => step.status)).toEqual(['warning', 'succeeded']);
  });

  it('is cancelled with its children, and its record says by whom and why', async () => {
    const pidFile = join(folder, `pid-${count}`);
    const made = procedure([
      { key: 'sleep', run: async ({ io }) => void (await io.exec({ command: `echo $$ > ${pidFile}; sleep 60 & wait`, timeoutMs: 60_000 })) },
    ]);
    const { runId } = await startFixture(ctx, made, environment());
    const loop = work();
    await eventually(async () => expect(existsSync(pidFile)).toBe(true));
    const person = await app.asRole('responder');
    await cancelRun(person, { runId, reason: 'wrong release' });
    loop.wake();
    const run = await untilStatus(runId, 'cancelled');
    expect(run).toMatchObject({ cancelReason: 'wrong release', cancelRequestedBy: person.actor.name });
    expect(() => process.kill(Number(readFileSync(pidFile, 'utf8')), 0)).toThrow('ESRCH');
  });

  it('lets an uninterruptible step end before it is cancelled', async () => {
    let ended = false;
    let begun = false;
    const made = procedure([
      {
        key: 'switch',
        uninterruptible: true,
        run: async ({ io }) => {
          begun = true;
          await io.sleep(400);
          ended = true;
          return undefined;
        },
      },
      { key: 'after', run: async () => undefined },
    ]);
    const { runId } = await startFixture(ctx, made, environment());
    const loop = work();
    await eventually(async () => expect(begun).toBe(true));
    await cancelRun(await app.asRole('responder'), { runId, reason: 'too late' });
    loop.wake();
    const run = await untilStatus(runId, 'cancelled');
    expect(ended).toBe(true);
    expect(run.steps.map((step) => step.status)).toEqual(['succeeded', 'pending']);
  });

  it('ends at its budget in the state that its procedure names, without cutting a switch', async () => {
    const made = procedure(
      [
        { key: 'switch', uninterruptible: true, run: async ({ io }) => void (await io.sleep(500)) },
        { key: 'gate', run: async ({ io }) => void (await io.sleep(20_000)) },
      ],
      { budgetMs: 300, onBudgetEnd: 'needs_attention' },
    );
    const { runId } = await startFixture(ctx, made, environment());
    work();
    const run = await untilStatus(runId, 'needs_attention');
    expect(run.steps[0]?.status).toBe('succeeded');
    expect(run.error).toContain('0.3 s');
  });

  it('stops a step that is silent or takes too long, with the reason', async () => {
    const silent = procedure([
      { key: 'silent', run: async ({ io }) => void (await io.exec({ command: 'sleep 30', timeoutMs: 20_000, inactivityTimeoutMs: 150 })) },
    ]);
    const long = procedure([
      { key: 'long', run: async ({ io }) => void (await io.exec({ command: 'while :; do echo x; sleep 0.05; done', timeoutMs: 300 })) },
    ]);
    const a = await startFixture(ctx, silent, environment());
    const b = await startFixture(ctx, long, environment());
    work();
    expect((await untilStatus(a.runId, 'failed')).error).toContain('said nothing for 0.15 s');
    expect((await untilStatus(b.runId, 'failed')).error).toContain('longer than 0.3 s');
  });

  it('keeps secrets out of its log', async () => {
    const made = procedure([
      {
        key: 'leak',
        run: async ({ io }) =>
          void (await io.exec({ command: 'echo "value $SECRET and $URL"', env: { SECRET: 'correct-horse', URL: 'postgres://a:topsecret@h/d' }, secrets: ['correct-horse'], timeoutMs: 5_000 })),
      },
    ]);
    const { runId } = await startFixture(ctx, made, environment());
    work();
    await untilStatus(runId, 'succeeded');
    expect(await lines(runId)).toEqual(['value [redacted] and postgres://a:[redacted]@h/d']);
  });

  it('gives children nothing of the worker’s own settings', async () => {
    const made = procedure([{ key: 'env', run: async ({ io }) => void (await io.exec({ command: 'env', timeoutMs: 5_000 })) }]);
    process.env.OPS_TEST_PRIVATE = 'private';
    const { runId } = await startFixture(ctx, made, environment());
    work();
    await untilStatus(runId, 'succeeded');
    delete process.env.OPS_TEST_PRIVATE;
    expect((await lines(runId)).join('\n')).not.toContain('OPS_TEST_PRIVATE');
  });
});

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
    await expect(startFixture(ctx, made, name, { variant: 'other' })).rejects.toMatchObject({ kind: 'conflict' });
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
    const rollback = procedure([{ key: 'back', run: async () => void order.push('rollback begins') }], { supersedes: [deploy.id] });
    const first = await startFixture(ctx, deploy, name);
    const loop = work();
    await eventually(async () => expect(order).toEqual(['deploy begins']));
    const second = await startFixture(ctx, rollback, name);
    loop.wake();
    await untilStatus(second.runId, 'succeeded');
    expect(order).toEqual(['deploy begins', 'deploy ends', 'rollback begins']);
    expect(await getRun(ctx, { runId: first.runId })).toMatchObject({ status: 'cancelled', supersededBy: { id: second.runId } });
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
    const runId = await abandon(procedure([{ key: 'one', run: async () => void (runs += 1) }]), 0);
    work();
    const run = await untilStatus(runId, 'succeeded');
    expect(runs).toBe(1);
    expect(run.steps[0]?.attempt).toBe(2);
  });

  it('is followed by another: a probe tells that the step had happened', async () => {
    let runs = 0;
    const probed: FixtureStep = {
      key: 'one',
      run: async () => void (runs += 1),
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
    const { runId } = await startFixture(ctx, procedure([{ key: 'one', run: async () => undefined }]), environment());
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

describe('the log of a flood', () => {
  it('keeps the beginning and the end of a step, and says how much it left out', async () => {
    const total = HEAD_LINES + TAIL_LINES + 250;
    const made = procedure([{ key: 'flood', run: async ({ io }) => void (await io.exec({ command: `seq 1 ${total}`, timeoutMs: 20_000 })) }]);
    const { runId } = await startFixture(ctx, made, environment());
    work();
    const run = await untilStatus(runId, 'succeeded');
    expect(run.lastLogSeq).toBe(HEAD_LINES + TAIL_LINES + 1);
    const tail = await readRunLog(ctx, { runId, afterSeq: HEAD_LINES, limit: 5_000 });
    expect(tail[0]?.text).toContain('250 lines left out');
    expect(tail.at(-1)?.text).toBe(String(total));
  });
});
