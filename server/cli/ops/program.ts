import { Command, type CommanderError, Option } from 'commander';
import type { AnyCommand, CommandInput } from '#server/cli/ops/command';
import { type OpsFailure, usageFailure } from '#server/cli/ops/failure';
import { GLOBAL_OPTIONS } from '#server/cli/ops/global-options';
import { helpOf } from '#server/cli/ops/help';
import type { GlobalOptions } from '#server/cli/ops/settings';
import { type Terminal, widthOf } from '#server/cli/ops/terminal';

export type Execute = (command: AnyCommand, input: CommandInput, globals: GlobalOptions) => Promise<void>;

const specs = new WeakMap<Command, AnyCommand>();

/** The line of the command table that a command was made from; undefined for one that only groups others. */
export function specOf(command: Command): AnyCommand | undefined {
  return specs.get(command);
}

/** The command tree. `execute` is called with the command that a call names. */
export function buildProgram(
  commands: readonly AnyCommand[],
  context: { terminal: Terminal; version: string; execute: Execute },
): Command {
  const { terminal, version, execute } = context;
  const program = new Command('ops');
  program
    .version(version)
    .helpCommand(false)
    .exitOverride()
    .configureOutput({
      writeOut: (text) => void terminal.stdout.write(text),
      // What is wrong is told once, by whoever catches it.
      writeErr: () => undefined,
      outputError: () => undefined,
    })
    .configureHelp({
      formatHelp: (command) => helpOf(pathOf(command), commands, widthOf(terminal.stdout) ?? 80),
    });
  for (const { flags, text } of GLOBAL_OPTIONS) program.addOption(new Option(flags, text));
  for (const spec of commands) {
    const command = place(program, spec.path);
    specs.set(command, spec);
    command.description(spec.summary);
    for (const { name, text } of spec.args ?? []) command.argument(name, text);
    for (const { flags, text, required, choices } of spec.options ?? []) {
      const option = new Option(flags, text).makeOptionMandatory(required ?? false);
      if (choices) option.choices(choices);
      command.addOption(option);
    }
    if (spec.confirmation === 'consequential') command.option('--yes', 'say yes beforehand');
    command.action(async () => {
      const input = { args: command.args, options: command.opts() };
      await execute(spec, input, program.opts<GlobalOptions>());
    });
  }
  return program;
}

/** The command at a path, made with those above it where they are missing. */
function place(program: Command, path: string): Command {
  let at = program;
  for (const name of path.split(' ')) {
    // Settings such as `exitOverride` are inherited at creation.
    at = at.commands.find((each) => each.name() === name) ?? at.command(name);
  }
  return at;
}

/** The words that name a command, without `ops`. */
export function pathOf(command: Command): string {
  const words: string[] = [];
  for (let at: Command | null = command; at?.parent; at = at.parent) words.unshift(at.name());
  return words.join(' ');
}

/** The deepest command that the words name, for telling whose usage was wrong. */
export function nearest(program: Command, words: readonly string[]): Command {
  let at = program;
  for (const word of words) {
    const next = at.commands.find((each) => each.name() === word);
    if (next) at = next;
  }
  return at;
}

/** What was wrong with a call, as told by commander; null when it only showed help or the version. */
export function usageOf(error: CommanderError, path: string): OpsFailure | null {
  if (['commander.helpDisplayed', 'commander.version'].includes(error.code)) return null;
  if (error.code === 'commander.help') {
    return usageFailure(`"ops ${path}" needs another word.`, `See "ops help ${path}".`);
  }
  const message = error.message.replace(/^error: /, '').replaceAll('\n', ' ');
  const told = message.charAt(0).toUpperCase() + message.slice(1);
  const isYes = error.code === 'commander.unknownOption' && message.includes("'--yes'");
  return usageFailure(
    `${told}${/[.?)]$/.test(told) ? '' : '.'}`,
    isYes
      ? '--yes exists only on commands that ask before they act.'
      : `See "ops help${path ? ` ${path}` : ''}".`,
  );
}
