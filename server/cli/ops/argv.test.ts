import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { spaceCommand } from '#server/cli/ops/argv';
import { type CommandInput, colonForm } from '#server/cli/ops/command';
import { COMMANDS } from '#server/cli/ops/commands';
import { VALUE_OPTIONS } from '#server/cli/ops/global-options';
import { buildProgram } from '#server/cli/ops/program';
import { testTerminal } from '#server/testing/terminal';

const rules = { valueOptions: VALUE_OPTIONS };
const space = (line: string) => spaceCommand(line.split(' '), rules).join(' ');

const globals = fc.subarray([
  ['--json'],
  ['--quiet'],
  ['--no-color'],
  ['--url', 'http://127.0.0.1:3000'],
  ['--url=https://ops.example.com'],
  ['--timeout', '5'],
  ['--as', 'a:b@example.com', '--direct'],
]);
const argument = fc.constantFrom('42', '#42', 'shop/production', 'a:b', 'v1.0.0', 'http://x.example:1/');

describe('the colon form of a command', () => {
  it('is its spaced form, whatever stands around it', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...COMMANDS.map(({ path }) => path)),
        globals,
        fc.array(argument, { maxLength: 3 }),
        fc.boolean(),
        (path, options, rest, asHelp) => {
          const before = [...options.flat(), ...(asHelp ? ['help'] : [])];
          // What stands behind `help` is a command and no argument: see below.
          const behind = path === 'help' ? [] : rest;
          const spaced = [...before, ...path.split(' '), ...behind];
          expect(spaceCommand([...before, colonForm(path), ...behind], rules)).toEqual(spaced);
          expect(spaceCommand(spaced, rules)).toEqual(spaced);
        },
      ),
    );
  });

  it('runs the same command with the same input', async () => {
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...COMMANDS), globals, async (spec, options) => {
        const given = (spec.args ?? []).map(({ name }) => (name.includes('...') ? 'runs' : 'x:1'));
        const must = (spec.options ?? [])
          .filter(({ required }) => required)
          .flatMap(({ flags }) => [flags.split(' ')[0] ?? '', 'because: of:it']);
        const parsed = await Promise.all(
          [spec.path.split(' '), [colonForm(spec.path)]].map((words) =>
            parse([...options.flat(), ...words, ...given, ...must]),
          ),
        );
        expect(parsed[0]?.path).toBe(spec.path);
        expect(parsed[1]).toEqual(parsed[0]);
      }),
    );
  });

  it('is taken behind help too, where a command is named', () => {
    expect(space('help deploy:production')).toBe('help deploy production');
    expect(space('--json help runs:list a:b')).toBe('--json help runs list a:b');
  });

  it('leaves values, arguments and what follows -- alone', () => {
    expect(space('--as a:b@c deploy:production --release a:b')).toBe(
      '--as a:b@c deploy production --release a:b',
    );
    expect(space('runs tail a:b')).toBe('runs tail a:b');
    expect(space('--json -- runs:list')).toBe('--json -- runs:list');
    expect(space('help exit-codes')).toBe('help exit-codes');
    expect(space(':')).toBe(':');
    expect(spaceCommand(['--url'], rules)).toEqual(['--url']);
  });
});

async function parse(argv: string[]): Promise<{ path: string; input: CommandInput; globals: object }> {
  const seen: { path: string; input: CommandInput; globals: object }[] = [];
  const program = buildProgram(COMMANDS, {
    terminal: testTerminal(),
    version: '1',
    execute: async (command, input, given) => void seen.push({ path: command.path, input, globals: given }),
  });
  await program.parseAsync(spaceCommand(argv, rules), { from: 'user' });
  const [only] = seen;
  if (!only || seen.length > 1) throw new Error(`${seen.length} commands ran`);
  return only;
}
