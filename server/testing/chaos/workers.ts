import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { PROJECT_ROOT } from '#server/platform/project-root';
import { eventually } from '#server/testing/eventually';

const WANTED = 2;

/** Worker processes as they run in production: compiled, each on its own. */
export interface Workers {
  /** Starts one and waits until it says that it is ready. */
  start(): Promise<ChildProcess>;
  /** Begins to bring their number back to two, and does not wait for it. */
  refill(): void;
  /** Brings their number back to two. */
  fill(): Promise<void>;
  /** Those that have not ended. */
  alive(): ChildProcess[];
  byPid(pid: number): ChildProcess | undefined;
  /** Everything that they have logged. */
  log(): string;
  /** Ends all of them at once, also those that are frozen. */
  killAll(): Promise<void>;
}

/** @param env settings of the workers over the inherited ones */
export function createWorkers(folder: string, env: Record<string, string>): Workers {
  const children: ChildProcess[] = [];
  const logFile = path.join(folder, 'workers.log');
  const log = (): string => readFileSync(logFile, 'utf8');
  const alive = (): ChildProcess[] =>
    children.filter((child) => child.exitCode === null && child.signalCode === null);
  let filling: Promise<unknown> = Promise.resolve();
  const made: Workers = {
    refill: () => {
      filling = filling.then(async () => {
        while (alive().length < WANTED) await made.start();
      });
      filling.catch(() => undefined);
    },
    fill: async () => {
      made.refill();
      await filling;
    },
    start: async () => {
      const output = openSync(logFile, 'a');
      const child = spawn(
        process.execPath,
        [
          '--conditions=compiled',
          '--enable-source-maps',
          path.join(PROJECT_ROOT, 'build/server/testing/chaos/chaos-worker.js'),
        ],
        {
          cwd: PROJECT_ROOT,
          // The end of this process is theirs: its end of the pipe closes.
          stdio: ['pipe', output, output],
          env: { ...process.env, NODE_OPTIONS: '', ...env, OPS_PARENT_PIPE: '1', LOG_LEVEL: 'info' },
        },
      );
      closeSync(output);
      child.stdin?.on('error', () => undefined);
      children.push(child);
      await eventually(async () => {
        if (child.exitCode !== null)
          throw new Error(`The worker ended with ${child.exitCode}:\n${log().slice(-2_000)}`);
        if (!log().includes(`"pid":${child.pid},"workerId"`))
          throw new Error(`The worker is not ready:\n${log().slice(-500)}`);
      }, 30_000);
      return child;
    },
    alive,
    byPid: (pid) => children.find((child) => child.pid === pid),
    log,
    killAll: async () => {
      await filling.catch(() => undefined);
      await Promise.all(
        alive().map((child) => {
          const ended = new Promise((resolve) => child.once('exit', resolve));
          child.kill('SIGKILL');
          return ended;
        }),
      );
    },
  };
  return made;
}
