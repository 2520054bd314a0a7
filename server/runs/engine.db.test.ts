import { existsSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { cancelRun, resumeRun } from '#server/runs/commands';
import { HEAD_LINES, TAIL_LINES } from '#server/runs/log-writer';
import { StepFailure } from '#server/runs/procedure';
import { readRunLog } from '#server/runs/queries';
import { eventually } from '#server/testing/eventually';
import { startFixture } from '#server/testing/fixture-procedure';
import { createRunHarness } from '#server/testing/run-harness';

const { app, environment, lines, procedure, untilStatus, work } = await createRunHarness();
const ctx = app.system;
const folder = mkdtempSync(join(tmpdir(), 'ops-engine-'));

describe('a run', () => {
  it('executes its steps in order, keeps their results and stores every line of output in order', async () => {
    const seen: string[] = [];
    const made = procedure([
      {
        key: 'one',
        run: async ({ io }) => {
          const { exitCode } = await io.exec({
            command: 'for i in $(seq 1 300); do echo line $i; done',
            timeoutMs: 10_000,
          });
          return { exitCode, result: { value: 41 }, facts: { lines: '300' } };
        },
      },
      {
        key: 'two',
        run: async ({ previous }) => void seen.push(String(previous<{ value: number }>('one').value + 1)),
      },
    ]);
    const { runId } = await startFixture(ctx, made, environment());
    work();
    const run = await untilStatus(runId, 'succeeded');
    expect(seen).toEqual(['42']);
    expect(run.steps.map((step) => step.status)).toEqual(['succeeded', 'succeeded']);
    expect(run.steps[0]).toMatchObject({ exitCode: 0, facts: { lines: '300' } });
    const log = await readRunLog(ctx, { runId, limit: 1_000 });
    expect(log.map((line) => line.seq)).toEqual(log.map((_, index) => index + 1));
    expect(log.map((line) => line.text)).toEqual(
      Array.from({ length: 300 }, (_, index) => `line ${index + 1}`),
    );
  });

  it('stops at the first step that fails and goes on from it when resumed', async () => {
    const marker = join(folder, 'resume');
    let first = 0;
    const made = procedure([
      {
        key: 'first',
        run: async () => {
          first += 1;
          return undefined;
        },
      },
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
    const pidFile = join(folder, 'pid');
    const made = procedure([
      {
        key: 'sleep',
        run: async ({ io }) =>
          void (await io.exec({ command: `echo $$ > ${pidFile}; sleep 60 & wait`, timeoutMs: 60_000 })),
      },
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
      {
        key: 'silent',
        run: async ({ io }) =>
          void (await io.exec({ command: 'sleep 30', timeoutMs: 20_000, inactivityTimeoutMs: 150 })),
      },
    ]);
    const long = procedure([
      {
        key: 'long',
        run: async ({ io }) =>
          void (await io.exec({ command: 'while :; do echo x; sleep 0.05; done', timeoutMs: 300 })),
      },
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
          void (await io.exec({
            command: 'echo "value $SECRET and $URL"',
            env: { SECRET: 'correct-horse', URL: 'postgres://a:topsecret@h/d' },
            secrets: ['correct-horse'],
            timeoutMs: 5_000,
          })),
      },
    ]);
    const { runId } = await startFixture(ctx, made, environment());
    work();
    await untilStatus(runId, 'succeeded');
    expect(await lines(runId)).toEqual(['value [redacted] and postgres://a:[redacted]@h/d']);
  });

  it('gives children nothing of the worker’s own settings', async () => {
    const made = procedure([
      { key: 'env', run: async ({ io }) => void (await io.exec({ command: 'env', timeoutMs: 5_000 })) },
    ]);
    process.env.OPS_TEST_PRIVATE = 'private';
    const { runId } = await startFixture(ctx, made, environment());
    work();
    await untilStatus(runId, 'succeeded');
    delete process.env.OPS_TEST_PRIVATE;
    const seen = (await lines(runId)).join('\n');
    expect(seen).not.toContain('OPS_TEST_PRIVATE');
    expect(seen).toMatch(/^PATH=./m);
    expect(seen).toMatch(new RegExp(`^OPS_STEP=${runId}:0:1$`, 'm'));
  });
});

describe('the log of a flood', () => {
  it('keeps the beginning and the end of a step, and says how much it left out', async () => {
    const total = HEAD_LINES + TAIL_LINES + 250;
    const made = procedure([
      {
        key: 'flood',
        run: async ({ io }) => void (await io.exec({ command: `seq 1 ${total}`, timeoutMs: 20_000 })),
      },
    ]);
    const { runId } = await startFixture(ctx, made, environment());
    work();
    const run = await untilStatus(runId, 'succeeded');
    expect(run.lastLogSeq).toBe(HEAD_LINES + TAIL_LINES + 1);
    const tail = await readRunLog(ctx, { runId, afterSeq: HEAD_LINES, limit: 5_000 });
    expect(tail[0]?.text).toContain('250 lines left out');
    expect(tail.at(-1)?.text).toBe(String(total));
  });
});
