import { CommanderError } from 'commander';
import { spaceCommand } from '#server/cli/ops/argv';
import type { Client } from '#server/cli/ops/client/client';
import type { AnyCommand, CommandInput } from '#server/cli/ops/command';
import { COMMANDS } from '#server/cli/ops/commands';
import { EXIT, type ExitCode } from '#server/cli/ops/exit-codes';
import { OpsFailure } from '#server/cli/ops/failure';
import { VALUE_OPTIONS } from '#server/cli/ops/global-options';
import { Screen } from '#server/cli/ops/output/screen';
import { buildProgram, nearest, pathOf, usageOf } from '#server/cli/ops/program';
import { Session } from '#server/cli/ops/session';
import { type GlobalOptions, readSettings, type Settings } from '#server/cli/ops/settings';
import type { Terminal } from '#server/cli/ops/terminal';
import { messageOf } from '#server/platform/errors';

export interface ConnectContext {
  command: AnyCommand;
  settings: Settings;
  terminal: Terminal;
  screen: Screen;
  signal: AbortSignal;
}

export interface MainOptions {
  version: string;
  /** How the console is reached. */
  connect: (context: ConnectContext) => Promise<Client>;
}

/**
 * Runs one call of `ops`. Never throws.
 * @param argv the words behind `ops`
 * @returns the exit code; see `exit-codes.ts`
 */
export async function runOps(
  argv: readonly string[],
  terminal: Terminal,
  options: MainOptions,
): Promise<ExitCode> {
  const words = spaceCommand(argv, { valueOptions: VALUE_OPTIONS });
  let exitCode: ExitCode = EXIT.done;
  const program = buildProgram(COMMANDS, {
    terminal,
    version: options.version,
    execute: async (command, input, globals) => {
      exitCode = await execute(command, input, globals, terminal, options);
    },
  });
  try {
    if (words.length === 0) terminal.stdout.write(program.helpInformation());
    else await program.parseAsync(words, { from: 'user' });
    return exitCode;
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    const failure = usageOf(error, pathOf(nearest(program, words)));
    if (!failure) return EXIT.done;
    screenFor(terminal, { json: words.includes('--json') }).fail(failure);
    return failure.exitCode;
  }
}

async function execute(
  command: AnyCommand,
  input: CommandInput,
  globals: GlobalOptions,
  terminal: Terminal,
  options: MainOptions,
): Promise<ExitCode> {
  const screen = screenFor(terminal, globals);
  const stop = new AbortController();
  const offInterrupt = terminal.onInterrupt(() => stop.abort());
  let session: Session | null = null;
  try {
    const settings = readSettings(globals, terminal.env);
    const { signal } = stop;
    session = new Session({
      command,
      settings,
      terminal,
      screen,
      signal,
      yes: input.options.yes === true,
      connect: () => options.connect({ command, settings, terminal, screen, signal }),
    });
    return (await command.run(session, input)) ?? EXIT.done;
  } catch (error) {
    const failure = toFailure(error);
    screen.fail(failure);
    return failure.exitCode;
  } finally {
    offInterrupt();
    await session?.close();
  }
}

function screenFor(terminal: Terminal, { json, quiet, color }: GlobalOptions): Screen {
  return new Screen(terminal, { json: json ?? false, quiet: quiet ?? false, color: color ?? true });
}

function toFailure(error: unknown): OpsFailure {
  if (error instanceof OpsFailure) return error;
  return new OpsFailure(EXIT.unavailable, `This command line failed: ${messageOf(error)}`, {
    kind: 'internal',
    hint: 'This is a fault of ops itself. Look at the console before you repeat what you did.',
    cause: error,
  });
}
