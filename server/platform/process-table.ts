import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { hostname } from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';

/** One process for sure: a pid alone may be given to another process after its owner's death. */
export interface ProcessId {
  pid: number;
  /** Linux: ticks between boot and start, field 22 of /proc/<pid>/stat (proc(5)). Elsewhere: seconds since 1970. A decimal number. */
  startTime: string;
}

/** The group that a supervisor leads, findable by another worker. */
export interface ProcessGroup extends ProcessId {
  /** {@link hostIdentity} of the machine it runs on. */
  host: string;
}

/** The variable that marks every process of a step; its value is `<run>:<step>:<attempt>`. */
export const STEP_MARKER = 'OPS_STEP';

const isLinux = process.platform === 'linux';
const POLL_MS = 10;

/** A group that could not be shown to be gone; its step must not be run again without a person's look. */
export class GroupNotGone extends Error {
  override name = 'GroupNotGone';
  constructor(
    message: string,
    /** The group is in another process table: only its own supervisor ends it, at the end of its lease at the latest. */
    readonly isElsewhere = false,
  ) {
    super(message);
  }
}

interface Entry extends ProcessId {
  group: number;
  isDead: boolean;
}

/** The machine, its boot and its process table: pids of one identity can be compared. */
export function hostIdentity(): string {
  if (!isLinux) return `${hostname()}#${bootSecondElsewhere()}#`;
  const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').trim();
  return `${hostname()}#${boot}#${readlinkSync('/proc/self/ns/pid')}`;
}

function bootSecondElsewhere(): string {
  return (
    /sec = (\d+)/.exec(execFileSync('sysctl', ['-n', 'kern.boottime'], { encoding: 'latin1' }))?.[1] ?? ''
  );
}

/** @returns when the process started, see {@link ProcessId}; null when there is none or only its remains wait to be collected */
export function readStartTime(pid: number): string | null {
  const entry = readEntry(pid);
  return entry && !entry.isDead ? entry.startTime : null;
}

/** True while exactly this process lives. */
export function isAlive(id: ProcessId): boolean {
  return readStartTime(id.pid) === id.startTime;
}

/**
 * Signals the process group that this process leads; the leader may be dead when a member carries the step marker.
 * @param marker value of {@link STEP_MARKER} that a member of a leaderless group must carry; absent: any value
 * @returns false when there is no such group any more; another group under a reused pid is left alone
 */
export function killGroup(id: ProcessId, signal: NodeJS.Signals, marker?: string): boolean {
  return findGroup(id, marker).state === 'ours' && sendToGroup(id.pid, signal);
}

/**
 * Ends the group with KILL and resolves once no member lives, also when its leader is dead already. A group under a
 * reused pid is left alone.
 * @throws GroupNotGone when members remain after `timeoutMs`, when a leaderless group carries no step marker and so may
 * be anybody's, or when the group is on another machine, where only its own supervisor's lease ends it
 */
export async function proveGroupGone(group: ProcessGroup, timeoutMs: number, marker?: string): Promise<void> {
  const here = hostIdentity();
  if (group.host !== here) {
    const [name, boot, table] = group.host.split('#');
    const [hereName, hereBoot, hereTable] = here.split('#');
    if (name !== hereName)
      throw new GroupNotGone(`Process group ${group.pid} runs on ${name}, out of reach of ${hereName}`, true);
    if (boot !== undefined && boot !== hereBoot) return;
    if (table !== undefined && table !== hereTable) {
      throw new GroupNotGone(
        `Process group ${group.pid} is in another process table of ${name}, out of reach from here`,
        true,
      );
    }
  }
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    const found = findGroup(group, marker);
    if (found.state === 'gone') return;
    if (found.state === 'ours') sendToGroup(group.pid, 'SIGKILL');
    if (performance.now() >= deadline) {
      const pids = found.members.join(', ');
      throw new GroupNotGone(
        found.state === 'ours'
          ? `Processes ${pids} of group ${group.pid} still live ${timeoutMs} ms after KILL`
          : `Processes ${pids} form group ${group.pid} without its leader and without ${STEP_MARKER}: whose they are cannot be told`,
      );
    }
    await delay(POLL_MS);
  }
}

/** `unknown` = a leaderless group that may be ours or may have come after ours. */
function findGroup(
  id: ProcessId,
  marker?: string,
): { state: 'gone' | 'ours' | 'unknown'; members: number[] } {
  const leader = readEntry(id.pid);
  // A pid is not given away while a group of that number has members (pid_namespaces(7), setpgid(2)): another process
  // under the leader's pid proves that the whole group is gone.
  if (leader && leader.startTime !== id.startTime) return { state: 'gone', members: [] };
  if (!groupExists(id.pid)) return { state: 'gone', members: [] };
  const members = listEntries().filter((entry) => entry.group === id.pid && !entry.isDead);
  const pids = members.map((entry) => entry.pid);
  if (members.length === 0) return { state: 'gone', members: [] };
  if (leader) return { state: 'ours', members: pids };
  if (members.every((entry) => Number(entry.startTime) < Number(id.startTime)))
    return { state: 'gone', members: [] };
  const marks = pids.map(readMarker);
  if (marks.some((mark) => (marker === undefined ? mark !== null && mark !== '' : mark === marker)))
    return { state: 'ours', members: pids };
  // Marked by another step: a reused number.
  if (marks.every((mark) => mark !== null && mark !== '')) return { state: 'gone', members: [] };
  return { state: 'unknown', members: pids };
}

/** @returns the step marker, '' when the process has none, null when its environment cannot be read */
function readMarker(pid: number): string | null {
  try {
    const variables = isLinux
      ? readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0')
      : execFileSync('ps', ['-E', '-ww', '-o', 'command=', '-p', String(pid)], { encoding: 'utf8' }).split(
          /\s+/,
        );
    return (
      variables.find((variable) => variable.startsWith(`${STEP_MARKER}=`))?.slice(STEP_MARKER.length + 1) ??
      ''
    );
  } catch {
    return null;
  }
}

function groupExists(group: number): boolean {
  try {
    process.kill(-group, 0);
    return true;
  } catch (error) {
    return codeOf(error) === 'EPERM';
  }
}

function sendToGroup(group: number, signal: NodeJS.Signals): boolean {
  try {
    process.kill(-group, signal);
    return true;
  } catch (error) {
    if (codeOf(error) === 'ESRCH') return false;
    throw error;
  }
}

function readEntry(pid: number): Entry | null {
  if (!isLinux) return listElsewhere(['-p', String(pid)])[0] ?? null;
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    // The command's name may hold spaces and brackets: fields are counted from its closing one (proc(5)); [0] is field 3.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return {
      pid,
      group: Number(fields[2]),
      startTime: fields[19] ?? '',
      // The first thread of a process may have ended before its others: num_threads, field 20, is 0 for one that is over.
      isDead: (fields[0] === 'Z' || fields[0] === 'X') && Number(fields[17]) < 2,
    };
  } catch (error) {
    if (codeOf(error) === 'ENOENT' || codeOf(error) === 'ESRCH') return null;
    throw error;
  }
}

function listEntries(): Entry[] {
  if (!isLinux) return listElsewhere(['-A']);
  const entries: Entry[] = [];
  for (const name of readdirSync('/proc')) {
    const entry = /^\d+$/.test(name) ? readEntry(Number(name)) : null;
    if (entry) entries.push(entry);
  }
  return entries;
}

/** The same from ps(1), for systems without /proc. */
function listElsewhere(selection: string[]): Entry[] {
  let output: string;
  try {
    output = execFileSync('ps', [...selection, '-o', 'pid=,pgid=,stat=,lstart='], {
      encoding: 'latin1',
      env: { PATH: process.env.PATH, LC_ALL: 'C', TZ: 'UTC' } as unknown as NodeJS.ProcessEnv,
      stdio: ['ignore', 'pipe', 'ignore'],
    });
  } catch (error) {
    // ps exits with 1 when it selects nothing.
    if (error instanceof Error && 'status' in error && error.status === 1) return [];
    throw error;
  }
  return output.split('\n').flatMap((line) => {
    const match = /^\s*(\d+)\s+(\d+)\s+(\S+)\s+(.+?)\s*$/.exec(line);
    if (!match) return [];
    const startTime = String(Math.floor(Date.parse(`${match[4]} UTC`) / 1000));
    return [
      {
        pid: Number(match[1]),
        group: Number(match[2]),
        isDead: match[3]?.startsWith('Z') ?? false,
        startTime,
      },
    ];
  });
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : undefined;
}
