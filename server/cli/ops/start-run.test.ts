import { describe, expect, it } from 'vitest';
import type { LiveEvent } from '#server/cli/ops/client/client';
import { EXIT } from '#server/cli/ops/exit-codes';
import type { RunDetail } from '#server/runs/contract';
import {
  type Calls,
  callOps,
  ENDED,
  ENVIRONMENTS,
  preview,
  refuse,
  STARTED,
  STEPS,
} from '#server/testing/ops';
import { exampleLine, exampleRun, exampleStep, inRun } from '#server/testing/run-fixtures';
import { testTerminal, withoutEscapes } from '#server/testing/terminal';

describe('environments', () => {
  const other = { service: 'blog', environment: 'production', isPractice: false };

  it('are the one that is not for practice when nothing is said, and that is told', async () => {
    const { inputOf, err } = await callOps('deploy --release v1.3.0 --yes');
    expect(inputOf('planDeploy')).toEqual({ service: 'shop', environment: 'production', tag: 'v1.3.0' });
    expect(err).toContain('On shop/production.');
  });

  it('are named alone or with their service', async () => {
    for (const line of [
      'deploy practice',
      'deploy:practice',
      'deploy shop/practice',
      'deploy:shop/practice',
    ]) {
      const { inputOf, err } = await callOps(`${line} --release v1 --yes`);
      expect(inputOf('planDeploy'), line).toMatchObject({ service: 'shop', environment: 'practice' });
      expect(err).not.toContain('On shop/practice.');
    }
  });

  it('are listed when it is not clear which', async () => {
    const two = { listEnvironments: () => ({ rows: [...ENVIRONMENTS.rows, other] }) };
    for (const [line, message, hint] of [
      ['rollback --yes', 'Say which environment.', 'Name one of: shop/production, blog/production.'],
      [
        'rollback production --yes',
        '"production" is an environment of several services.',
        'Name one of: shop/production, blog/production.',
      ],
      [
        'rollback staging --yes',
        'There is no environment "staging".',
        'There are: shop/production, shop/practice, blog/production.',
      ],
      [
        'rollback shop/staging/x --yes',
        'There is no environment "shop/staging/x".',
        'There are: shop/production',
      ],
    ] as const) {
      const { exitCode, err, sent } = await callOps(line, two);
      expect(exitCode, line).toBe(EXIT.usage);
      expect(err).toContain(message);
      expect(err).toContain(hint);
      expect(sent).toEqual(['listEnvironments']);
    }
  });
});

describe('starting a run', () => {
  it('shows the plan first, and sends nothing without a yes', async () => {
    const { exitCode, err, out, sent } = await callOps('deploy --release v1.3.0');
    expect(exitCode).toBe(EXIT.usage);
    expect(err).toContain(
      'Deploy v1.3.0 to production (shop/production)\n  v1.2.0 → v1.3.0\n  Budget 4:00, 1 steps:',
    );
    expect(err).toContain('  1. Gate  what gate does');
    expect(err).toContain('no terminal to ask at. Nothing was started.\n  Add --yes');
    expect(out).toBe('');
    expect(sent).toEqual(['listEnvironments', 'planDeploy']);
  });

  it('asks at a terminal, where only yes is yes', async () => {
    const no = await callOps(
      'deploy --release v1.3.0',
      {},
      { terminal: testTerminal({ tty: true, answers: ['n'] }) },
    );
    expect([no.exitCode, no.sent.includes('requestDeploy')]).toEqual([EXIT.refused, false]);
    expect(no.err).toContain('Not confirmed. Nothing was started.');
    const yes = await callOps(
      'deploy --release v1.3.0',
      {},
      { terminal: testTerminal({ tty: true, answers: ['y'] }) },
    );
    expect(yes.exitCode).toBe(EXIT.done);
    expect(yes.terminal.asked).toEqual(['Deploy v1.3.0 to production (shop/production)? [y/N] ']);
    expect(withoutEscapes(yes.out)).toContain(
      '✓ Run #43 (Deploy v1.3.0 to production) succeeded in 30.0 s of 4:00.',
    );
  });

  it('in a pipe is plain lines without marks, colours or cursor movements', async () => {
    const { out } = await callOps(
      'deploy --release v1.3.0 --yes --reason because',
      {},
      { terminal: testTerminal({ env: { FORCE_COLOR: '1' } }) },
    );
    expect(out).toBe(
      [
        '12:03:01Z  gate  running',
        '12:03:01Z  gate  | three good answers',
        '12:03:02Z  gate  succeeded  1.0 s',
        '✓ Run #43 (Deploy v1.3.0 to production) succeeded in 30.0 s of 4:00.',
        '',
      ].join('\n'),
    );
  });

  it('with --json is one document, with --quiet only the end', async () => {
    const json = await callOps('deploy --release v1.3.0 --yes --json');
    expect(JSON.parse(json.out)).toMatchObject({
      started: { number: 43 },
      run: { status: 'succeeded' },
      exitCode: 0,
    });
    const quiet = await callOps('deploy --release v1.3.0 --yes --quiet');
    expect(quiet.out).toBe('✓ Run #43 (Deploy v1.3.0 to production) succeeded in 30.0 s of 4:00.\n');
    expect(quiet.err).toBe('');
  });

  it('sends what was shown, with the reasons given', async () => {
    const { inputOf } = await callOps(
      'deploy --release v1.3.0 --yes --reason hotfix --freeze-override urgent',
      {
        planDeploy: () =>
          preview('b'.repeat(64), {
            blockedBy: 'Deploys are frozen.',
            freeze: { id: 'x', reason: 'Sale', until: inRun(60), byName: 'Camille' },
          }),
      },
    );
    expect(inputOf('requestDeploy')).toEqual({
      service: 'shop',
      environment: 'production',
      tag: 'v1.3.0',
      planHash: 'b'.repeat(64),
      reason: 'hotfix',
      freezeOverrideReason: 'urgent',
    });
  });

  it('that cannot go says why and asks nothing', async () => {
    for (const change of [
      { blockedBy: 'The environment is locked: sale', lock: {} },
      {
        blockedBy: 'Deploys are frozen',
        freeze: { id: 'x', reason: 'Sale', until: inRun(60), byName: 'Camille' },
      },
    ]) {
      const terminal = testTerminal({ tty: true });
      const { exitCode, err, sent } = await callOps(
        'deploy --release v1',
        { planDeploy: () => preview(undefined, change) },
        { terminal },
      );
      expect(exitCode).toBe(EXIT.refused);
      expect(err).toContain(`${change.blockedBy}. Nothing was started.`);
      expect(sent).not.toContain('requestDeploy');
    }
  });

  it('shows a new plan and asks again when the one that was confirmed is stale', async () => {
    const hashes = ['a'.repeat(64), 'b'.repeat(64)];
    const calls: Calls = {
      planDeploy: () => preview(hashes.shift()),
      requestDeploy: ({ planHash }) => (planHash === 'b'.repeat(64) ? STARTED : refuse('stale_plan')()),
    };
    const { exitCode, err, terminal } = await callOps('deploy --release v1', calls, {
      terminal: testTerminal({ tty: true, answers: ['y', 'y'] }),
    });
    expect(exitCode).toBe(EXIT.done);
    expect(terminal.asked).toHaveLength(2);
    expect(err).toContain('Things have changed meanwhile');
  });

  it('with --yes is refused when the plan is stale: nobody saw the new one', async () => {
    const { exitCode, sent } = await callOps('deploy --release v1 --yes', {
      requestDeploy: refuse('stale_plan'),
    });
    expect(exitCode).toBe(EXIT.refused);
    expect(sent.filter((id) => id === 'requestDeploy')).toHaveLength(1);
  });

  it('with --no-follow leaves the run there', async () => {
    const queued = exampleRun('queued');
    const { exitCode, out } = await callOps('rollback --yes --no-follow', { getRun: () => queued });
    expect([exitCode, out]).toEqual([EXIT.done, 'Run #43: follow it with "ops runs tail 43".\n']);
  });

  it('to a release that does not fit the database asks why, and says how where nobody can be asked', async () => {
    const planRollback = () => ({
      ...preview(),
      safeBecause: [],
      breakGlass: 'It does not fit.',
      supersedes: null,
    });
    const piped = await callOps('rollback --yes', { planRollback });
    expect(piped.exitCode).toBe(EXIT.usage);
    expect(piped.err).toContain('--break-glass <reason>');
    const asked = await callOps(
      'rollback',
      { planRollback },
      { terminal: testTerminal({ tty: true, answers: ['y', 'the shop is down'] }) },
    );
    expect(asked.inputOf('requestRollback')).toMatchObject({ breakGlassReason: 'the shop is down' });
    const unneeded = await callOps('rollback --yes --break-glass whatever');
    expect(unneeded.inputOf('requestRollback')).toMatchObject({ breakGlassReason: undefined });
  });
});

describe('following', () => {
  it('shouts when a rollback needs attention', async () => {
    const run = exampleRun('needs_attention', [exampleStep(0, 'validate', 'failed', [1, 2])], {
      title: 'Roll back production to v1.2.0',
      error: 'The shop is not well.',
    });
    const { exitCode, err } = await callOps('rollback --yes', { getRun: () => run });
    expect(exitCode).toBe(EXIT.attention);
    expect(err).toContain('!! NEEDS ATTENTION: run #43 (Roll back production to v1.2.0) on shop/production.');
    expect(err).toContain('!!   The shop is not well.');
  });

  const approval = {
    expiresAt: inRun(1_200),
    decision: null,
    byName: null,
    at: null,
    reason: null,
    isOwn: true,
    canApprove: false,
    whyNot: null,
  };
  const awaiting = exampleRun('awaiting_approval', STEPS, { approval });

  it('says who must approve and how, waits, and goes on with the approved run', async () => {
    const states: RunDetail[] = [awaiting, awaiting, awaiting, exampleRun('running', STEPS), ENDED, ENDED];
    const { exitCode, err } = await callOps(
      'deploy --release v1.3.0 --yes',
      {
        requestDeploy: () => ({ ...STARTED, status: 'awaiting_approval' }),
        getRun: () => (states.length > 1 ? states.shift() : states[0]),
      },
      { terminal: testTerminal({ now: Date.parse(inRun(0)) }) },
    );
    expect(exitCode).toBe(EXIT.done);
    expect(err).toContain(
      'Run #43 awaits approval by a second person: anyone with the role Responder or above but Rémy Laurent',
    );
    expect(err).toContain('It expires 2026-03-01 12:23Z (in 20 min).');
    expect(err).toContain('"ops approvals approve 43", or at http://127.0.0.1:3000/runs/');
  });

  it('ends with an exit code of its own when nobody approves', async () => {
    const calls = (run: RunDetail): Calls => ({
      requestDeploy: () => ({ ...STARTED, status: 'awaiting_approval' }),
      getRun: () => run,
    });
    expect((await callOps('deploy --release v1 --yes --no-follow', calls(awaiting))).exitCode).toBe(
      EXIT.approval,
    );
    const refused = exampleRun('cancelled', [], {
      startedAt: null,
      approval: { ...approval, decision: 'refused', byName: 'Camille Roux', reason: 'Not tonight' },
    });
    const told = await callOps('deploy --release v1 --yes', calls(refused));
    expect(told.exitCode).toBe(EXIT.approval);
    expect(told.out).toContain('Refused by Camille Roux: Not tonight');
    const expired = exampleRun('cancelled', [], {
      startedAt: null,
      approval,
      cancelReason: 'Nobody approved it in time',
    });
    const late = await callOps('deploy --release v1 --yes', calls(expired));
    expect([late.exitCode, late.out.includes('Nobody approved it in time')]).toEqual([EXIT.approval, true]);
  });

  it('stops at Ctrl-C, and says that the run goes on and how to stop it', async () => {
    const terminal = testTerminal();
    const running = exampleRun('running', STEPS);
    const { exitCode, err } = await callOps(
      'deploy --release v1 --yes',
      {
        getRun: () => {
          setTimeout(() => terminal.interrupt(), 20);
          return running;
        },
      },
      { terminal },
    );
    expect(exitCode).toBe(EXIT.interrupted);
    expect(err).toContain('Run #43 goes on');
    expect(err).toContain('ops runs cancel 43 --reason <why>');
  });

  it('reads the live stream where there is one', async () => {
    const events: LiveEvent[] = [
      { id: 'x.1', type: 'log', data: JSON.stringify([exampleLine(1, 0, 'streamed')]) },
      { id: 'x.1', type: 'run', data: JSON.stringify(ENDED) },
    ];
    const { out, sent } = await callOps(
      'runs tail 43',
      {},
      {
        live: async function* () {
          yield* events;
        },
      },
    );
    expect(out).toContain('12:03:01Z  gate  | streamed');
    expect(sent).not.toContain('readRunLog');
  });

  it('of a run tail with --json is one JSON value a line', async () => {
    const { out, exitCode } = await callOps('runs tail #43 --json', {
      getRun: () => exampleRun('failed', STEPS, { lastLogSeq: 1 }),
    });
    expect(exitCode).toBe(EXIT.runFailed);
    const values = out
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as { type: string });
    expect(values.map(({ type }) => type)).toEqual(['run', 'log', 'run', 'end']);
    expect(values.at(-1)).toEqual({ type: 'end', exitCode: EXIT.runFailed, status: 'failed' });
  });

  it('says why a queued run does not begin', async () => {
    const terminal = testTerminal();
    const states = [exampleRun('queued')];
    const running = callOps(
      'deploy --release v1 --yes --timeout 1',
      { getRun: () => states[0] },
      {
        terminal,
        health: {
          status: 'unhealthy',
          checks: [
            { name: 'worker', status: 'failed', durationMs: 1, message: 'No worker for 20 s: runs wait.' },
          ],
        },
      },
    );
    terminal.stderr.onText = (text) => {
      if (text.includes('No worker for 20 s')) states[0] = ENDED;
    };
    const { exitCode, err } = await running;
    expect(exitCode).toBe(EXIT.done);
    expect(err).toContain('No worker for 20 s: runs wait. Run #43 is queued and waits for one.');
  });
});
