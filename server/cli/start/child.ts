import { type ChildProcess, spawn } from 'node:child_process';
import path from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { LogFile } from '#server/cli/start/log-file';
import { formatChildLine, say } from '#server/cli/start/screen';
import { killGroup, type ProcessId, readStartTime } from '#server/platform/process-table';
import { PROJECT_ROOT } from '#server/platform/project-root';

const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 30_000;
/** A child that lived this long starts anew with the shortest wait. */
const STEADY_MS = 60_000;

export interface ChildSpec {
  name: string;
  /** Arguments of Node. */
  args: string[];
  env: Record<string, string | undefined>;
  cwd: string;
  logDirectory: string;
  /** The least level of its log that the terminal shows. */
  level: string;
  /** Called with each process started, also after a restart. */
  onStart: () => void;
}

/**
 * How Node runs a compiled entry. The web process makes much that lives for one page only: with more room for the young
 * (MB of a half of it) less of that is copied and looked at again (`npm run bench -- pages`).
 */
export function entryArgs(file: 'index' | 'worker'): string[] {
  const flags = ['--conditions=compiled', '--enable-source-maps'];
  if (file === 'index') flags.push('--max-semi-space-size=64');
  return [...flags, path.join(PROJECT_ROOT, 'build/server', `${file}.js`)];
}

/** How long to wait before the next start, ms. Pure. */
export function backoffMs(failures: number): number {
  return Math.min(FIRST_WAIT_MS * 2 ** Math.max(0, failures - 1), LONGEST_WAIT_MS);
}

/**
 * A process that is kept running until told to stop. It leads a process group of its own, so that Ctrl-C reaches only
 * the parent, which stops everything in order; and it notices the parent's end at its standard input.
 */
export class Child {
  readonly #spec: ChildSpec;
  readonly #log: LogFile;
  #process: ChildProcess | null = null;
  #identity: ProcessId | null = null;
  #failures = 0;
  #stopping = false;
  #restartAsked = false;
  #timer: NodeJS.Timeout | null = null;

  constructor(spec: ChildSpec) {
    this.#spec = spec;
    this.#log = new LogFile(spec.logDirectory, spec.name);
    this.#start();
  }

  get name(): string {
    return this.#spec.name;
  }

  /** The live process; null between two of them. */
  get identity(): ProcessId | null {
    return this.#identity;
  }

  /** Failed starts and crashes in a row. */
  get failures(): number {
    return this.#failures;
  }

  /** Ends the process to have it started again at once. */
  restart(): void {
    this.#restartAsked = true;
    this.#process?.kill('SIGTERM');
  }

  /** Asks the process to end, and ends it with its group after `graceMs`. Resolves when it is gone. */
  async stop(graceMs: number): Promise<void> {
    this.#stopping = true;
    if (this.#timer) clearTimeout(this.#timer);
    const child = this.#process;
    if (child && child.exitCode === null && child.signalCode === null) {
      const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
      const timer = setTimeout(() => this.kill(), graceMs);
      child.kill('SIGTERM');
      await ended;
      clearTimeout(timer);
    }
    this.#log.close();
  }

  /** Ends the process and its group now. */
  kill(): void {
    this.#stopping = true;
    if (this.#identity) killGroup(this.#identity, 'SIGKILL');
  }

  #start(): void {
    const { args, env, cwd } = this.#spec;
    const child = spawn(process.execPath, args, {
      cwd,
      env: { ...env, OPS_PARENT_PIPE: '1' } as unknown as NodeJS.ProcessEnv,
      stdio: ['pipe', 'pipe', 'pipe'],
      detached: true,
    });
    const startedAt = Date.now();
    this.#process = child;
    const startTime = child.pid ? readStartTime(child.pid) : null;
    this.#identity = child.pid && startTime !== null ? { pid: child.pid, startTime } : null;
    this.#show(child.stdout);
    this.#show(child.stderr);
    child.once('error', (error) => say(this.name, `could not be started: ${error.message}`));
    child.once('exit', (code, signal) => {
      this.#identity = null;
      if (this.#stopping) return;
      const asked = this.#restartAsked;
      this.#restartAsked = false;
      if (asked) this.#failures = 0;
      else this.#failures = Date.now() - startedAt > STEADY_MS ? 1 : this.#failures + 1;
      const waitMs = asked ? 0 : backoffMs(this.#failures);
      const how = signal ? `was ended by ${signal}` : `ended with code ${code}`;
      say(this.name, `${how}; starting it again${waitMs > 0 ? ` in ${waitMs / 1000} s` : ''}`);
      this.#timer = setTimeout(() => this.#start(), waitMs);
    });
    this.#spec.onStart();
  }

  #show(stream: Readable): void {
    createInterface({ input: stream }).on('line', (line) => {
      this.#log.write(line);
      const shown = formatChildLine(this.name, line, this.#spec.level);
      if (shown !== null) console.log(shown);
    });
  }
}
