import { spawn } from 'node:child_process';
import {
  closeSync,
  existsSync,
  fstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  renameSync,
  rmSync,
} from 'node:fs';
import { createServer } from 'node:net';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { z } from 'zod';
import { isMissing, randomSuffix, readJson, writeJson } from '#server/deployments/drivers/files';
import type { Layout } from '#server/deployments/drivers/local/layout';
import { isAlive, killGroup, type ProcessId, readStartTime } from '#server/platform/process-table';

const recordSchema = z.object({
  instanceId: z.string(),
  tag: z.string(),
  commitSha: z.string(),
  port: z.number(),
  /** The last claim that needed it; an earlier one may not end it. */
  fencingToken: z.string(),
  /** The settings it was started with; see LocalEnvironment. */
  runKey: z.string(),
  appFolder: z.string(),
  createdAt: z.string(),
});

/** One process of a release, as recorded before it is started. */
export type InstanceRecord = z.output<typeof recordSchema>;

export interface Instance {
  record: InstanceRecord;
  /** null when it was recorded and never started. */
  process: ProcessId | null;
  isAlive: boolean;
}

/** Instances listen here only; visitors come through the proxy. */
export const INSTANCE_HOST = '127.0.0.1';
/** Below the ports that systems hand out for outgoing connections (32768 on Linux), which could take ours in between. */
const FIRST_PORT = 20_000;
const LAST_PORT = 31_999;
const PORT_ATTEMPTS = 200;
const STARTED_TIMEOUT_MS = 5_000;
/** Between TERM and KILL of an instance that no longer serves. */
const END_GRACE_MS = 5_000;
const KILLED_TIMEOUT_MS = 5_000;
const TAIL_BYTES = 16_384;
const TAIL_LINES = 40;

/**
 * Claims the instance by linking its pid file, which succeeds once, and becomes the release: pid and start time stay the
 * same over exec. `$1` is the instance's folder: without it (retired meanwhile) nothing starts.
 */
const LAUNCHER = `
set -e
stat=
{ read -r stat < /proc/$$/stat; } 2>/dev/null || :
echo "$$ $stat" > "$1/pid.$$"
ln "$1/pid.$$" "$1/pid"
shift
exec "$@"`;

/** The processes of releases in one environment's directory. They outlive worker and web. */
export function createInstances(layout: Layout) {
  const folderOf = (instanceId: string) => path.join(layout.instances, instanceId);
  const logOf = (instanceId: string) => path.join(layout.logs, `${instanceId}.log`);

  function find(instanceId: string): Instance | null {
    if (!/^[A-Za-z0-9][A-Za-z0-9._+~-]*$/.test(instanceId)) return null;
    const record = readJson(path.join(folderOf(instanceId), 'record.json'), recordSchema);
    if (!record) return null;
    const process = readPid(path.join(folderOf(instanceId), 'pid'));
    return { record, process, isAlive: process !== null && isAlive(process) };
  }

  function list(): Instance[] {
    let names: string[];
    try {
      names = readdirSync(layout.instances);
    } catch (error) {
      if (isMissing(error)) return [];
      throw error;
    }
    return names.flatMap((name) => (name.startsWith('.') ? [] : (find(name) ?? [])));
  }

  /** Writes the record of an instance that is about to be started, or writes it anew. */
  function save(record: InstanceRecord): void {
    const folder = folderOf(record.instanceId);
    if (existsSync(folder)) {
      writeJson(path.join(folder, 'record.json'), record);
      return;
    }
    const next = path.join(layout.instances, `.${record.instanceId}-${randomSuffix()}`);
    mkdirSync(next, { mode: 0o700 });
    writeJson(path.join(next, 'record.json'), record);
    renameSync(next, folder);
  }

  /** A port that nothing listens on and no record names. @throws Error when none is found */
  async function choosePort(): Promise<number> {
    const taken = new Set(list().map(({ record }) => record.port));
    for (let attempt = 0; attempt < PORT_ATTEMPTS; attempt += 1) {
      const port = FIRST_PORT + Math.floor(Math.random() * (LAST_PORT - FIRST_PORT + 1));
      if (!taken.has(port) && (await canListen(port))) return port;
    }
    throw new Error(`No free port between ${FIRST_PORT} and ${LAST_PORT} on ${INSTANCE_HOST}`);
  }

  /**
   * Starts the recorded instance in a session of its own, its output in its log file. When somebody else has started it
   * in the same moment, that process is the instance and no second one runs.
   * @returns the process that is the instance; null when it ended at once
   * @throws Error when nothing could be started
   */
  async function start(
    record: InstanceRecord,
    command: readonly string[],
    env: Record<string, string>,
  ): Promise<ProcessId | null> {
    const log = openSync(logOf(record.instanceId), 'a', 0o600);
    const folder = folderOf(record.instanceId);
    let failure: Error | null = null;
    let hasEnded = false;
    try {
      const child = spawn('/bin/sh', ['-c', LAUNCHER, 'sh', folder, ...command], {
        cwd: record.appFolder,
        detached: true,
        env: env as NodeJS.ProcessEnv,
        stdio: ['ignore', log, log],
      });
      child.once('error', (error) => {
        failure = error;
      });
      child.once('exit', () => {
        hasEnded = true;
      });
      child.unref();
    } finally {
      closeSync(log);
    }
    for (
      const deadline = performance.now() + STARTED_TIMEOUT_MS;
      performance.now() < deadline;
      await delay(2)
    ) {
      if (failure) throw failure;
      const process = readPid(path.join(folder, 'pid'));
      if (process) return process;
      if (hasEnded) return null;
    }
    throw new Error(`${record.instanceId} was not started within ${STARTED_TIMEOUT_MS} ms`);
  }

  /** Ends the instance, with KILL after a grace, and forgets it. Its log stays. */
  async function end(instance: Instance): Promise<void> {
    if (instance.process) await endProcess(instance.process, END_GRACE_MS);
    rmSync(folderOf(instance.record.instanceId), { recursive: true, force: true });
  }

  /** The last lines that the instance wrote. */
  function readTail(instanceId: string): string[] {
    return readTailOf(logOf(instanceId));
  }

  return { find, list, save, choosePort, start, end, readTail };
}

export type Instances = ReturnType<typeof createInstances>;

/** TERM, then KILL, to the process and the group that it leads. @throws Error when it outlives KILL */
export async function endProcess(process: ProcessId, graceMs: number): Promise<void> {
  const waitUntil = async (deadline: number) => {
    while (isAlive(process) && performance.now() < deadline) await delay(10);
    return !isAlive(process);
  };
  if (!isAlive(process)) return;
  killGroup(process, 'SIGTERM');
  if (await waitUntil(performance.now() + graceMs)) return;
  killGroup(process, 'SIGKILL');
  if (await waitUntil(performance.now() + KILLED_TIMEOUT_MS)) return;
  throw new Error(`Process ${process.pid} still lives ${KILLED_TIMEOUT_MS} ms after KILL`);
}

/** The last lines of a log file; none when there is no such file. */
export function readTailOf(file: string): string[] {
  let descriptor: number;
  try {
    descriptor = openSync(file, 'r');
  } catch (error) {
    if (isMissing(error)) return [];
    throw error;
  }
  try {
    const { size } = fstatSync(descriptor);
    const from = Math.max(0, size - TAIL_BYTES);
    const buffer = Buffer.alloc(size - from);
    const bytes = readSync(descriptor, buffer, 0, buffer.length, from);
    const lines = buffer.toString('utf8', 0, bytes).trimEnd().split('\n');
    // The first line is cut when the file is longer than what was read.
    return lines
      .slice(from > 0 ? 1 : 0)
      .filter((line) => line !== '')
      .slice(-TAIL_LINES);
  } finally {
    closeSync(descriptor);
  }
}

/** Reads what LAUNCHER wrote: the pid and, on Linux, the process's stat line with its start time. */
function readPid(file: string): ProcessId | null {
  let text: string;
  try {
    text = readFileSync(file, 'latin1');
  } catch (error) {
    if (isMissing(error)) return null;
    throw error;
  }
  const pid = Number(text.split(' ', 1)[0]);
  const stat = text.slice(text.indexOf(' ') + 1).trim();
  const startTime = stat === '' ? readStartTime(pid) : stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
  return { pid, startTime: startTime ?? '' };
}

function canListen(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen({ host: INSTANCE_HOST, port, exclusive: true }, () => server.close(() => resolve(true)));
  });
}
