import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { OPERATIONS } from '#server/api/operations';
import { COMMANDS } from '#server/cli/ops/commands';
import { completionScript } from '#server/cli/ops/commands/completion';
import { EXIT, EXIT_CODES, exitCodeOfKind } from '#server/cli/ops/exit-codes';
import { helpOf } from '#server/cli/ops/help';
import { ERROR_STATUS, type ErrorKind } from '#server/platform/errors';
import { PROJECT_ROOT } from '#server/platform/project-root';
import { callOps, STEPS } from '#server/testing/ops';
import { exampleRun } from '#server/testing/run-fixtures';
import { testTerminal } from '#server/testing/terminal';

describe('exit codes', () => {
  it('say for each kind of refusal whose turn it is', () => {
    const expected: Record<ErrorKind, number> = {
      invalid_input: EXIT.usage,
      unauthenticated: EXIT.denied,
      forbidden: EXIT.denied,
      not_found: EXIT.usage,
      method_not_allowed: EXIT.unavailable,
      conflict: EXIT.refused,
      stale_plan: EXIT.refused,
      too_large: EXIT.usage,
      unsupported_media_type: EXIT.unavailable,
      unprocessable: EXIT.usage,
      locked: EXIT.refused,
      rate_limited: EXIT.refused,
      internal: EXIT.unavailable,
      unavailable: EXIT.unavailable,
    };
    for (const kind of Object.keys(ERROR_STATUS) as ErrorKind[])
      expect(exitCodeOfKind(kind), kind).toBe(expected[kind]);
  });

  it('are the same table in the help and in the documentation', async () => {
    const page = readFileSync(path.join(PROJECT_ROOT, 'docs/cli.md'), 'utf8');
    const { out } = await callOps('help exit-codes');
    expect(EXIT_CODES.map(({ code }) => code)).toEqual(Object.values(EXIT));
    for (const { code, meaning } of EXIT_CODES) {
      expect(page).toContain(`| ${code} | ${meaning} |`);
      expect(out.replaceAll(/\s+/g, ' ')).toContain(`${code} ${meaning}`);
    }
  });

  it.each([
    ['succeeded', EXIT.done],
    ['failed', EXIT.runFailed],
    ['timed_out', EXIT.runFailed],
    ['cancelled', EXIT.runFailed],
    ['needs_attention', EXIT.attention],
  ] as const)('say that a followed run %s', async (status, code) => {
    const { exitCode } = await callOps('deploy --release v1.3.0 --yes', {
      getRun: () => exampleRun(status, STEPS),
    });
    expect(exitCode).toBe(code);
  });
});

describe('the command table', () => {
  it('names operations that exist, or why a command needs none', () => {
    expect(new Set(COMMANDS.map(({ path: name }) => name)).size).toBe(COMMANDS.length);
    for (const { path: name, calls, local } of COMMANDS) {
      for (const id of calls) expect(Object.keys(OPERATIONS), name).toContain(id);
      expect(
        calls.length > 0 || local !== undefined,
        `${name} says neither what it calls nor why nothing`,
      ).toBe(true);
    }
  });

  it('is in the help whole, in both forms, within 80 columns', async () => {
    const { out, exitCode } = await callOps('help');
    expect(exitCode).toBe(EXIT.done);
    for (const { path: name } of COMMANDS) {
      expect(out).toContain(`  ${name} `);
      if (name.includes(' ')) expect(out).toContain(` ${name.replaceAll(' ', ':')} `);
    }
    expect(out).toContain('deploy:production');
    for (const { path: name } of COMMANDS) {
      for (const line of helpOf(name, COMMANDS, 80).split('\n'))
        expect(line.length, line).toBeLessThanOrEqual(80);
    }
    for (const line of out.split('\n')) expect(line.length, line).toBeLessThanOrEqual(80);
    expect((await callOps('')).out).toBe(out);
    expect((await callOps('--help')).out).toBe(out);
  });

  it('is in the documentation whole', () => {
    const page = readFileSync(path.join(PROJECT_ROOT, 'docs/cli.md'), 'utf8');
    for (const { path: name } of COMMANDS) expect(page).toContain(`\`${name}`);
  });

  it('tells of one command by either form, and of a group', async () => {
    const spaced = await callOps('help runs list');
    expect(spaced.out).toContain('Also:  ops runs:list');
    expect((await callOps('help runs:list')).out).toBe(spaced.out);
    expect((await callOps('runs list --help')).out).toBe(spaced.out);
    expect((await callOps('help runs')).out).toContain('runs tail');
    expect((await callOps('help nonsense')).exitCode).toBe(EXIT.usage);
    expect((await callOps('--version')).out).toBe('1.2.3\n');
  });

  it('can be completed by a shell', () => {
    const script = completionScript(COMMANDS).join('\n');
    for (const word of ['runs:list', 'pre-deploy-check', '--release', '--direct', 'exit-codes']) {
      expect(script).toContain(word);
    }
    expect(script).toMatch(/runs\) words="list show tail cancel resume"/);
  });

  it('refuses a call that a command has not declared', async () => {
    const list = COMMANDS.find(({ path: name }) => name === 'runs list');
    const calls = list?.calls;
    Object.assign(list ?? {}, { calls: [] });
    try {
      const { exitCode, err, sent } = await callOps('runs list');
      expect([exitCode, sent]).toEqual([EXIT.unavailable, []]);
      expect(err).toContain('"runs list" calls listRuns without declaring it');
    } finally {
      Object.assign(list ?? {}, { calls });
    }
  });
});

describe('wrong usage', () => {
  it.each([
    ['dploy', /Unknown command 'dploy' \(Did you mean deploy\?\)/],
    ['runs', /"ops runs" needs another word/],
    ['runs lst', /Unknown command 'lst' \(Did you mean list\?\)/],
    ['deploy', /Required option '--release <tag>' not specified/],
    ['runs list --yes', /--yes exists only on commands that ask/],
    ['runs list extra', /Too many arguments/],
    ['runs tail', /Missing required argument 'run'/],
    ['runs tail abc', /"abc" is no run/],
    ['runs list --limit 0', /--limit: "0" is no number from 1 to 200/],
    ['runs list --status broken', /--status: "broken" is none/],
    ['runs list --timeout soon', /--timeout: "soon" is no number/],
    ['runs list --url ftp://x', /--url: "ftp:\/\/x" is no address/],
    ['runs list --url http://a:b@x', /without a login/],
    ['runs list --token-file /does/not/exist', /--token-file: ENOENT/],
    ['status --as ada@example.com', /--as only goes with --direct/],
    ['user role ada@example.com boss', /"boss" is no role/],
    ['token create x --scopes fly', /there is no fly/],
    ['releases mark v1 good --reason because', /"good" is no verdict/],
  ])('%s is refused, and nothing is sent', async (line, message) => {
    const { exitCode, err, out, sent } = await callOps(line);
    expect(exitCode).toBe(EXIT.usage);
    expect(err).toMatch(message);
    expect(out).toBe('');
    expect(sent).toEqual([]);
    const json = await callOps(`${line} --json`);
    expect(JSON.parse(json.out)).toMatchObject({ exitCode: EXIT.usage, error: { kind: 'usage' } });
  });

  it('in the environment is named by its variable, without its value', async () => {
    const bad = await callOps('runs list', {}, { terminal: testTerminal({ env: { OPS_URL: 'nonsense' } }) });
    expect(bad.err).toContain('OPS_URL: "nonsense" is no address');
    const token = await callOps(
      'runs list',
      {},
      { terminal: testTerminal({ env: { OPS_TOKEN: 'se cret' } }) },
    );
    expect(token.err).toContain('OPS_TOKEN: this is no token');
    expect(token.err).not.toContain('cret');
  });
});
