import type { InputOf, OperationId, OutputOf } from '#server/api/operations';
import type { Client } from '#server/cli/ops/client/client';
import type { ExitCode } from '#server/cli/ops/exit-codes';
import type { Screen } from '#server/cli/ops/output/screen';
import type { Settings } from '#server/cli/ops/settings';
import type { Terminal } from '#server/cli/ops/terminal';
import type { Confirmation } from '#server/runs/procedure';

/** What a command works with. `K` are the operations that it may call. */
export interface Ops<K extends OperationId = never> {
  readonly screen: Screen;
  readonly terminal: Terminal;
  readonly settings: Settings;
  /** Aborted at the first Ctrl-C. */
  readonly signal: AbortSignal;
  call<I extends K>(id: I, input: InputOf<I>): Promise<OutputOf<I>>;
  /** The connection itself, for following a run. */
  client(): Promise<Client>;
  /** See `confirm.ts`. */
  confirm(question: { level: Confirmation; text: string; name: string }): Promise<void>;
  /** Somebody can be asked. */
  readonly canAsk: boolean;
  ask(question: string): Promise<string>;
}

export interface CommandInput {
  args: readonly string[];
  /** By name in camel case. */
  options: Readonly<Record<string, string | boolean | string[] | undefined>>;
}

export interface OptionSpec {
  /** As commander writes it: `--reason <text>`. */
  flags: string;
  text: string;
  required?: boolean;
  choices?: readonly string[];
}

export const GROUPS = [
  'Deploy and roll back',
  'Maintenance and emergencies',
  'Runs',
  'State',
  'Alerts and rules',
  'Incidents',
  'Checks',
  'Metrics',
  'Policy',
  'Practice and schedules',
  'Notifications',
  'People and tokens',
  'This command line',
] as const;

export interface CommandSpec<K extends OperationId> {
  /** In its spaced form. */
  path: string;
  /** A form that people know it by, where it is not the path with colons. */
  knownAs?: string;
  group: (typeof GROUPS)[number];
  summary: string;
  /** More for its own help, a paragraph each. */
  details?: readonly string[];
  /** As commander writes them: `[environment]`, `<run>`. */
  args?: readonly { name: string; text: string }[];
  options?: readonly OptionSpec[];
  /** Every operation that it calls; another one is refused before it is sent. */
  calls: readonly K[];
  /** Why a command that calls nothing needs nothing. */
  local?: string;
  /** Whose token it goes with, where that is not the one that the call, the environment or the login gives. */
  identity?: 'nobody' | 'stored';
  /** Asks before it acts, so that it has --yes; drastic ones refuse that. */
  confirmation?: Exclude<Confirmation, 'safe'>;
  run(ops: Ops<K>, input: CommandInput): Promise<ExitCode | undefined>;
}

/** A command whatever it calls. */
export type AnyCommand = Omit<CommandSpec<OperationId>, 'run'> & {
  run(ops: Ops<OperationId>, input: CommandInput): Promise<ExitCode | undefined>;
};

/** Types a line of the command table. */
export function command<const K extends OperationId = never>(spec: CommandSpec<K>): AnyCommand {
  return spec as unknown as AnyCommand;
}

/** `runs:list` for `runs list`; a single word has one form. */
export function colonForm(path: string): string {
  return path.replaceAll(' ', ':');
}

/** An option's text; empty text counts as none. */
export function textOf(input: CommandInput, name: string): string | undefined {
  const value = input.options[name];
  return typeof value === 'string' && value.trim() !== '' ? value : undefined;
}
