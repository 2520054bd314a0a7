import path from 'node:path';
import type { CommandLimits } from '#server/deployments/drivers/driver';
import { StepFailure, type StepIo } from '#server/runs/procedure';
import { createRedactor } from '#server/runs/redact';

/** The environment of a service's commands. */
export interface ShellSettings {
  env: Readonly<Record<string, string>>;
  /** Values that must never reach a log or a message. */
  secrets: readonly string[];
}

export interface LineResult {
  /** What was run, without secrets. */
  line: string;
  exitCode: number;
  /** The end of what it printed on stdout, secrets and all: for what it answers only. */
  stdout: string;
  /** Its last line on either stream, without secrets; null when it said nothing. */
  lastWords: string | null;
}

/** What processes of releases get of the console's own environment; its secrets stay with it. */
const INHERITED = ['HOME', 'LANG', 'LC_ALL', 'TMPDIR', 'TZ', 'USER', 'NODE_EXTRA_CA_CERTS'];
/** What is kept of a command's output, characters of each stream. */
const TAIL_LENGTH = 262_144;
const LAST_WORDS_LENGTH = 300;

/** What a driver's configuration says of it. */
interface ShellConfig {
  env: Record<string, string>;
  secretEnv: string[];
}

export function shellSettings({ env, secretEnv }: ShellConfig): ShellSettings {
  return { env, secrets: secretEnv.flatMap((name) => (env[name] ? [env[name]] : [])) };
}

/** The variables that shape a build, in one order: secrets do not belong into builds. */
export function plainEnv({ env, secretEnv }: ShellConfig): [string, string][] {
  return Object.entries(env)
    .filter(([name]) => !secretEnv.includes(name))
    .sort();
}

export function inheritedEnv(): Record<string, string> {
  return Object.fromEntries(
    INHERITED.flatMap((name) => (process.env[name] ? [[name, process.env[name]]] : [])),
  );
}

/** Searches the Node that runs the console first, so that releases run on the version they are tested with. */
export function commandPath(): string {
  return `${path.dirname(process.execPath)}:${process.env.PATH ?? '/usr/local/bin:/usr/bin:/bin'}`;
}

/** Runs one line of shell in a step. @returns also when it failed, see {@link StepIo.exec} for what is thrown */
export async function runLine(
  io: StepIo,
  settings: ShellSettings,
  cwd: string,
  line: string,
  env: Readonly<Record<string, string>>,
  limits: CommandLimits,
): Promise<LineResult> {
  const output = createOutputTail(settings.secrets);
  const { exitCode } = await io.exec({
    command: line,
    cwd,
    env: { ...settings.env, ...env, PATH: commandPath() },
    ...limits,
    secrets: settings.secrets,
    onOutput: output.add,
  });
  return { line: createRedactor(settings.secrets)(line), exitCode, ...output.read() };
}

/** Keeps the end of what a command prints. */
export function createOutputTail(secrets: readonly string[]) {
  const tails = { stdout: '', stderr: '' };
  let last: keyof typeof tails = 'stdout';
  return {
    add(stream: keyof typeof tails, text: string): void {
      tails[stream] = (tails[stream] + text).slice(-TAIL_LENGTH);
      if (text.trim() !== '') last = stream;
    },
    read(): Pick<LineResult, 'stdout' | 'lastWords'> {
      // From the beginning, so that the lines of a private key are known as such.
      const lines = tails[last].split('\n').map(createRedactor(secrets));
      const words = lines.findLast((line) => line.trim() !== '')?.trim();
      return { stdout: tails.stdout, lastWords: words?.slice(0, LAST_WORDS_LENGTH) ?? null };
    },
  };
}

/**
 * @param what the command in words, as the beginning of a sentence: "The build of v1.2.0"
 * @param outcome what that means for visitors and what to do
 * @throws StepFailure unless the command ended with exit code 0
 */
export function assertSucceeded(result: LineResult, what: string, outcome = ''): void {
  if (result.exitCode === 0) return;
  throw new StepFailure(describeFailure(result, what, outcome), { exitCode: result.exitCode });
}

export function describeFailure(result: LineResult, what: string, outcome = ''): string {
  const words = result.lastWords ? `; its last words: ${result.lastWords}` : '';
  return `${what} failed: "${result.line}" ended with exit code ${result.exitCode}${words}${outcome && `. ${outcome}`}`;
}
