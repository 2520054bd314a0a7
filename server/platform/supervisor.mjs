/**
 * Runs one command of a step so that nothing of it outlives its worker. A process of its own: it leads a process group
 * whose every member ends when the worker's pipe closes (worker dead), when no renewal arrives for the lease (worker
 * frozen), when the worker asks for it, and when the command itself is over (leftovers).
 *
 * One JSON object a line on two descriptors, so that a broken lifeline takes no report with it:
 *   3, the lifeline, from the worker   {"start": {command, cwd, env, leaseMs, killGraceMs}}   {"renew": leaseMs}   {"terminate": graceMs}
 *   4, to the worker                   {"exit": {exitCode, signal}}   {"leaseEnded": true}
 *
 * Plain JavaScript with Node's own modules only: it starts in some 30 ms and runs the same from the source tree and
 * from the build.
 */
import { execFileSync, spawn } from 'node:child_process';
import { readdirSync, readFileSync, statSync, writeSync } from 'node:fs';
import { Socket } from 'node:net';
import { createInterface } from 'node:readline';

/** The worker sends `start` as soon as it has recorded this process; without it there is nothing to wait for. */
const START_DEADLINE_MS = 60_000;
/** The descriptor on which the worker is told. */
const REPORTS = 4;
const LEFTOVER_POLL_MS = 20;
/** How the shell reports a command that cannot be run (POSIX, "Exit Status for Commands"). */
const NOT_FOUND = 127;
const NOT_EXECUTABLE = 126;

const lifeline = new Socket({ fd: 3, readable: true, writable: false });
let expiresAt = performance.now() + START_DEADLINE_MS;
/** @type {number} */
let killGraceMs = 3_000;
/** @type {import('node:child_process').ChildProcess | null} */
let child = null;
/** @type {{ exitCode: number | null, signal: string | null } | null} */
let outcome = null;
let ending = false;

/** Sends a signal to the whole group, this process included. @param {NodeJS.Signals} signal */
function signalGroup(signal) {
  process.kill(-process.pid, signal);
}

/** True while another living process belongs to this group. */
function groupHasOthers() {
  if (process.platform !== 'linux') {
    const lines = execFileSync('ps', ['-A', '-o', 'pid=,pgid=,stat='], { encoding: 'latin1' }).split('\n');
    return lines.some((line) => {
      const [pid, group, state] = line.trim().split(/\s+/);
      return Number(group) === process.pid && Number(pid) !== process.pid && !state?.startsWith('Z');
    });
  }
  for (const entry of readdirSync('/proc')) {
    const pid = Number(entry);
    if (!Number.isInteger(pid) || pid === process.pid) continue;
    try {
      const stat = readFileSync(`/proc/${entry}/stat`, 'latin1');
      // The command's name may hold spaces and brackets: fields are counted from the last one (proc(5)).
      const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
      // A process is over when its state says so and none of its threads (field 20) goes on.
      const isOver = (fields[0] === 'Z' || fields[0] === 'X') && Number(fields[17]) < 2;
      if (Number(fields[2]) === process.pid && !isOver) return true;
    } catch (error) {
      const code = error instanceof Error && 'code' in error ? error.code : '';
      if (code !== 'ENOENT' && code !== 'ESRCH') throw error;
    }
  }
  return false;
}

/**
 * Writes for the run's log. `process.stderr` is not touched: it would make the pipe that the command inherits
 * non-blocking, and commands that do not expect it lose output.
 * @param {string} text
 */
function say(text) {
  try {
    writeSync(2, `${text}\n`);
  } catch (error) {
    // The worker no longer reads; the lifeline ends this process.
    if (!(error instanceof Error)) throw error;
  }
}

/**
 * Asks the group to end, then makes it. Once only.
 * @param {number} graceMs
 */
function end(graceMs) {
  if (ending) return;
  ending = true;
  signalGroup('SIGTERM');
  const deadline = performance.now() + graceMs;
  const poll = () => {
    const childIsOver = child === null || outcome !== null;
    const isOver = childIsOver && !groupHasOthers();
    if (!isOver && performance.now() < deadline) {
      setTimeout(poll, LEFTOVER_POLL_MS);
      return;
    }
    if (outcome) tell({ exit: outcome });
    if (isOver) process.exit(outcome?.exitCode ?? 1);
    signalGroup('SIGKILL');
  };
  poll();
}

/**
 * Tells the worker, if it still listens. At once: this process may end in the next line.
 * @param {object} message
 */
function tell(message) {
  try {
    writeSync(REPORTS, `${JSON.stringify(message)}\n`);
  } catch (error) {
    // The worker is gone.
    if (!(error instanceof Error)) throw error;
  }
}

/** @param {{ exitCode: number | null, signal: string | null }} exit */
function onChildOver(exit) {
  outcome = exit;
  if (ending) return;
  if (groupHasOthers()) end(killGraceMs);
  else {
    ending = true;
    tell({ exit });
    process.exit(exit.exitCode ?? 1);
  }
}

/** @param {{ command: string[], cwd?: string, env: Record<string, string>, leaseMs: number, killGraceMs: number }} spec */
function start(spec) {
  killGraceMs = spec.killGraceMs;
  expiresAt = performance.now() + spec.leaseMs;
  const [program, ...args] = spec.command;
  try {
    if (spec.cwd && !statSync(spec.cwd).isDirectory())
      throw Object.assign(new Error('not a folder'), { code: 'ENOTDIR' });
    // Node marks descriptors 3 and 4 close-on-exec, so that the command does not hold the worker's pipes open.
    child = spawn(program ?? '', args, {
      cwd: spec.cwd,
      env: spec.env,
      stdio: ['ignore', 'inherit', 'inherit'],
    });
  } catch (error) {
    say(`${spec.cwd}: ${error instanceof Error ? error.message : error}`);
    return onChildOver({ exitCode: NOT_EXECUTABLE, signal: null });
  }
  child.once('error', (error) => {
    if (child?.pid !== undefined) return;
    const code = 'code' in error ? error.code : '';
    say(code === 'ENOENT' ? `${program}: not found` : `${program}: ${error.message}`);
    onChildOver({ exitCode: code === 'ENOENT' ? NOT_FOUND : NOT_EXECUTABLE, signal: null });
  });
  child.once('exit', (exitCode, signal) => onChildOver({ exitCode, signal }));
}

/** @param {string} line */
function onLine(line) {
  const message = JSON.parse(line);
  if (message.start && !child && !ending) start(message.start);
  if (typeof message.renew === 'number') expiresAt = performance.now() + message.renew;
  if (typeof message.terminate === 'number') end(message.terminate);
}

for (const signal of /** @type {const} */ (['SIGTERM', 'SIGINT', 'SIGHUP'])) {
  process.on(signal, () => end(killGraceMs));
}
lifeline.on('error', () => end(killGraceMs));
lifeline.on('close', () => end(killGraceMs));
lifeline.on('end', () => end(killGraceMs));
createInterface({ input: lifeline }).on('line', onLine);
const hasExpired = () => performance.now() >= expiresAt;
// After a pause of this very process the renewals wait to be read: only what is still over after reading is over.
setInterval(() => {
  if (hasExpired()) setImmediate(() => hasExpired() && endForLease());
}, 25);

function endForLease() {
  if (!ending) tell({ leaseEnded: true });
  end(killGraceMs);
}

process.on('uncaughtException', (error) => {
  say(`supervisor: ${error.message}`);
  signalGroup('SIGKILL');
});
process.title = `ops step ${process.env.OPS_STEP ?? ''}`.trim();
