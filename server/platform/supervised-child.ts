import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import type { Socket } from 'node:net';
import { createInterface } from 'node:readline';
import type { Duplex, Readable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import {
  hostIdentity,
  type ProcessGroup,
  proveGroupGone,
  readStartTime,
  STEP_MARKER,
} from '#server/platform/process-table';

export interface SupervisedSpec {
  /** Program and arguments; no shell is added. */
  command: readonly [string, ...string[]];
  cwd?: string;
  /** The whole environment of the command. `OPS_STEP` marks its processes, see `proveGroupGone`. */
  env: Readonly<Record<string, string>>;
  /** Without a renewal for this time, ms, the group is ended. */
  leaseMs: number;
  /** Time between TERM and KILL, ms, when the group is ended for want of a worker or has leftovers. */
  killGraceMs: number;
  /**
   * Awaited before the command starts: the place to record the group, so that a successor finds it whatever happens.
   * When it rejects, the command never starts and `exited` rejects with the same error.
   */
  beforeStart?: (group: ProcessGroup) => Promise<void>;
}

interface CommandExit {
  /** null when a signal ended the command. 127: not found, 126: cannot be run. */
  exitCode: number | null;
  signal: NodeJS.Signals | null;
}

export interface ChildExit extends CommandExit {
  /** The lease was not renewed in time, so the supervisor ended the group: this worker was too slow or frozen. */
  leaseEnded: boolean;
}

export interface SupervisedChild extends ProcessGroup {
  stdout: Readable;
  stderr: Readable;
  /**
   * Resolves when no process of the group lives any more and all its output has arrived. Both streams must be read.
   * Rejects with GroupNotGone when members withstand KILL, or with what `beforeStart` rejected with.
   */
  exited: Promise<ChildExit>;
  /** Extends the lease to `leaseMs` from now. */
  renew(leaseMs: number): void;
  /** TERM to the whole group, KILL after `graceMs`. Repeating it changes nothing. */
  terminate(graceMs: number): void;
}

/** Output that a process outside the group still holds open is given up after this time of silence, ms. */
const OUTPUT_SILENCE_MS = 250;
const GONE_TIMEOUT_MS = 5_000;

/** The supervisor is plain JavaScript: copied beside the compiled modules, or read from the source tree. */
const SUPERVISOR = ['./supervisor.mjs', '../../../server/platform/supervisor.mjs']
  .map((path) => fileURLToPath(new URL(path, import.meta.url)))
  .find(existsSync);

/**
 * Starts a command under a supervisor that leads a process group of its own. The group ends, with TERM and then KILL,
 * when this process dies, when the lease is not renewed, on `terminate`, and when the command is over. Only processes
 * that made a session of their own escape.
 * @throws Error when the supervisor itself cannot be started
 */
export function spawnSupervised(spec: SupervisedSpec): SupervisedChild {
  if (!SUPERVISOR) throw new Error('supervisor.mjs is missing beside the compiled server: build again');
  const marker = spec.env[STEP_MARKER];
  const supervisor = spawn(process.execPath, [SUPERVISOR], {
    cwd: '/',
    detached: true,
    env: (marker === undefined ? {} : { [STEP_MARKER]: marker }) as NodeJS.ProcessEnv,
    stdio: ['ignore', 'pipe', 'pipe', 'pipe', 'pipe'],
  });
  const { stdout, stderr } = supervisor as unknown as { stdout: Socket; stderr: Socket };
  const lifeline = supervisor.stdio[3] as Duplex;
  // A pipe of its own: a renewal that comes too late breaks the lifeline, not what the supervisor has said.
  const reports = supervisor.stdio[4] as Duplex;
  const startTime = supervisor.pid === undefined ? null : readStartTime(supervisor.pid);
  if (supervisor.pid === undefined || startTime === null) {
    supervisor.once('error', () => undefined);
    throw new Error('A supervisor could not be started: too many processes or too little memory?');
  }
  const group: ProcessGroup = { host: hostIdentity(), pid: supervisor.pid, startTime };

  let reported: CommandExit | undefined;
  let leaseEnded = false;
  createInterface({ input: reports }).on('line', (line) => {
    const report = JSON.parse(line) as { exit?: CommandExit; leaseEnded?: true };
    reported ??= report.exit;
    leaseEnded ||= report.leaseEnded ?? false;
  });
  // What the supervisor wrote last may be read only after its exit is known.
  const allReported = new Promise<void>((resolve) => reports.once('close', resolve));
  // A write to a supervisor that has just ended; its exit says the rest.
  lifeline.on('error', () => undefined);
  const send = (message: object) => {
    if (lifeline.writable) lifeline.write(`${JSON.stringify(message)}\n`);
  };

  const ended = waitForEnd(supervisor).then(async (end) => {
    await proveGroupGone(group, GONE_TIMEOUT_MS, marker);
    await Promise.all([drained(stdout), drained(stderr), allReported]);
    return { ...(reported ?? { exitCode: null, signal: end.signal ?? 'SIGKILL' }), leaseEnded };
  });
  const { beforeStart, ...start } = spec;
  const started = Promise.resolve(beforeStart?.(group)).then(
    () => send({ start }),
    async (error) => {
      lifeline.end();
      await ended;
      throw error;
    },
  );
  const exited = started.then(() => ended);
  // Callers await it late; a rejection is theirs to see then.
  exited.catch(() => undefined);
  return {
    ...group,
    stdout,
    stderr,
    exited,
    renew: (leaseMs) => send({ renew: leaseMs }),
    terminate: (graceMs) => send({ terminate: graceMs }),
  };
}

function waitForEnd(supervisor: ChildProcess): Promise<CommandExit> {
  return new Promise((resolve) => {
    supervisor.on('error', () => undefined);
    supervisor.once('exit', (exitCode, signal) => resolve({ exitCode, signal }));
  });
}

/** Resolves at the stream's end, or once it has been silent with everything read: a stranger holds its other end. */
async function drained(stream: Socket): Promise<void> {
  const closed = new Promise((resolve) => stream.once('close', resolve));
  let seen = -1;
  while (!stream.readableEnded && !stream.destroyed) {
    await Promise.race([closed, delay(OUTPUT_SILENCE_MS)]);
    if (
      stream.readableLength === 0 &&
      stream.bytesRead === seen &&
      !stream.readableEnded &&
      !stream.destroyed
    ) {
      stream.once('end', () => stream.destroy());
      stream.push(null);
      return;
    }
    seen = stream.bytesRead;
  }
}
