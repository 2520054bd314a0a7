import { describe, expect, it } from 'vitest';
import { EXIT } from '#server/cli/ops/exit-codes';
import { refusal } from '#server/cli/ops/failure';
import type { Health } from '#server/http/contract';
import { callOps, ENDED } from '#server/testing/ops';
import { exampleRun, inRun } from '#server/testing/run-fixtures';
import { testTerminal, withoutEscapes } from '#server/testing/terminal';

describe('results', () => {
  const page = (rows: unknown[]) => ({ rows, total: rows.length, page: 1, pageSize: 20 });
  const runs = page([
    exampleRun('needs_attention', [], { title: 'Deploy a release with a very long name to an environment' }),
    ENDED,
  ]);

  it('at a terminal fit 80 columns, and colour states alone', async () => {
    const terminal = testTerminal({ tty: true, now: Date.parse(inRun(90)) });
    const { out } = await callOps('runs list', { listRuns: () => runs }, { terminal });
    for (const line of withoutEscapes(out).split('\n')) expect([...line].length).toBeLessThanOrEqual(80);
    expect(out).toContain('\u001b[31m✗ needs attention\u001b[0m');
    expect(withoutEscapes(out)).toContain('1 min ago');
    for (const off of [{ NO_COLOR: '1' }, { TERM: 'dumb' }] as Record<string, string>[]) {
      const { out: uncoloured } = await callOps(
        'runs list',
        { listRuns: () => runs },
        { terminal: testTerminal({ tty: true, env: off, now: Date.parse(inRun(90)) }) },
      );
      expect(uncoloured).toBe(withoutEscapes(out));
    }
    const flag = await callOps(
      'runs list --no-color',
      { listRuns: () => runs },
      { terminal: testTerminal({ tty: true, now: Date.parse(inRun(90)) }) },
    );
    expect(flag.out).toBe(withoutEscapes(out));
  });

  it('in a pipe are whole, and as JSON what the console answered', async () => {
    const { out } = await callOps('runs list', { listRuns: () => runs });
    expect(out).toContain('Deploy a release with a very long name to an environment');
    expect(JSON.parse((await callOps('runs list --json', { listRuns: () => runs })).out)).toEqual(runs);
  });

  it('that are empty say what that means, on the side', async () => {
    const { out, err, exitCode } = await callOps('approvals list', { listApprovals: () => page([]) });
    expect([out, err, exitCode]).toEqual(['', 'Nothing awaits approval.\n', EXIT.done]);
  });

  it('that are refused are told with hint and fields, and as JSON', async () => {
    const listRuns = () => {
      throw refusal({
        kind: 'invalid_input',
        message: 'This cannot be used.',
        hint: 'Try this.',
        fields: { page: ['Too big.'] },
      });
    };
    const { err, exitCode } = await callOps('runs list', { listRuns });
    expect(exitCode).toBe(EXIT.usage);
    expect(err).toBe('✗ This cannot be used.\n  page: Too big.\n  Try this.\n');
    const json = await callOps('runs list --json', { listRuns });
    expect(JSON.parse(json.out)).toEqual({
      error: {
        kind: 'invalid_input',
        message: 'This cannot be used.',
        hint: 'Try this.',
        fields: { page: ['Too big.'] },
      },
      exitCode: EXIT.usage,
    });
  });

  it('of health say by the exit code that something is not well', async () => {
    const checks: Health['checks'] = [
      { name: 'worker', status: 'failed', durationMs: 2, message: 'No worker.' },
    ];
    const sick = await callOps('status:console', {}, { health: { status: 'unhealthy', checks } });
    expect(sick.exitCode).toBe(EXIT.unavailable);
    expect(sick.out).toContain('✗ worker failed  2 ms  No worker.');
    expect((await callOps('status console')).exitCode).toBe(EXIT.done);
  });

  it('of scrapes that nobody makes any more are not well', async () => {
    const now = Date.parse('2026-03-02T09:05:07.000Z');
    const listScrapeTargets = (agoMs: number) => () => ({
      rows: [
        {
          service: 'shop',
          environment: 'production',
          url: 'http://shop.example/metrics',
          intervalMs: 1_000,
          lastScrapedAt: new Date(now - agoMs).toISOString(),
          lastError: null,
          lastDurationMs: 3,
          lastSamples: 40,
        },
      ],
    });
    const targets = (agoMs: number) =>
      callOps(
        'metrics targets',
        { listScrapeTargets: listScrapeTargets(agoMs) },
        { terminal: testTerminal({ now }) },
      );
    expect(await targets(59_000)).toMatchObject({
      exitCode: EXIT.done,
      out: expect.stringContaining('well'),
    });
    expect(await targets(61_000)).toMatchObject({
      exitCode: EXIT.unavailable,
      out: expect.stringContaining('not scraped for long'),
    });
  });

  it('are not lost behind a fault of this command line itself', async () => {
    const { exitCode, err } = await callOps('runs list', {
      listRuns: () => {
        throw new TypeError('x is not a function');
      },
    });
    expect(exitCode).toBe(EXIT.unavailable);
    expect(err).toContain('This command line failed: x is not a function');
  });
});
