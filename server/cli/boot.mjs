// Plain JavaScript without dependencies, because it is what installs them: `node server/cli/boot.mjs <command>`.
import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../..');
const OLDEST_NODE = [20, 19];
const NPM_POLL_MS = 250;
const STAMP = path.join(ROOT, 'node_modules/.ops-stamp');

/** What each command runs once everything is installed and built; `entry` is a compiled module. */
const COMMANDS = {
  start: { entry: 'server/cli/start.js' },
  web: { entry: 'server/index.js' },
  worker: { entry: 'server/worker.js' },
  migrate: { entry: 'server/cli/migrate.js', stages: ['generate', 'server'] },
  migration: { entry: 'server/cli/dev/new-migration.js', stages: ['generate', 'server'] },
  bench: { entry: 'server/cli/bench.js' },
  ops: { module: './ops/run.mjs' },
  build: {},
  test: { module: './test/run.mjs' },
  dev: { module: './dev/watch.mjs' },
};

main().catch((error) => {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
});

async function main() {
  const [name = '', ...args] = process.argv.slice(2);
  const command = COMMANDS[name];
  if (!command) {
    throw new Error(`There is no command "${name}". Commands: ${Object.keys(COMMANDS).join(', ')}.`);
  }
  assertNode();
  ensureInstalled();
  const { buildStale } = await import('./build.mjs');
  if (command.module) {
    const { run } = await import(command.module);
    process.exitCode = await run(args, { root: ROOT, buildStale, runEntry });
    return;
  }
  await buildStale({ only: command.stages, log: (line) => console.error(`  ${line}`) });
  if (command.entry) process.exitCode = await runEntry(command.entry, args).ended;
}

function assertNode() {
  const [major, minor] = process.versions.node.split('.').map(Number);
  if (major > OLDEST_NODE[0] || (major === OLDEST_NODE[0] && minor >= OLDEST_NODE[1])) return;
  throw new Error(
    `Node ${OLDEST_NODE.join('.')} or newer is needed; this is ${process.versions.node}. Install a current Node from https://nodejs.org, then try again. Nothing was started.`,
  );
}

/** Installs what package-lock.json names when that has not been done since it last changed. */
function ensureInstalled() {
  const lockText = readFileSync(path.join(ROOT, 'package-lock.json'), 'utf8');
  const stamp = createHash('sha256').update(lockText).digest('hex');
  if (existsSync(STAMP) && readFileSync(STAMP, 'utf8') === stamp) return;
  if (!installedMatches(JSON.parse(lockText))) {
    console.error('  installing dependencies (once; about a minute)');
    const started = Date.now();
    const npm = process.platform === 'win32' ? 'npm.cmd' : 'npm';
    const args = ['ci', '--include=dev', '--no-audit', '--no-fund', '--loglevel=error'];
    const result = spawnSync(npm, args, { cwd: ROOT, stdio: ['ignore', 'inherit', 'inherit'] });
    if (result.error) throw new Error(`npm could not be run: ${result.error.message}. Nothing was started.`);
    if (result.status !== 0) {
      throw new Error(
        'The dependencies could not be installed; npm says why above. Check the connection to the npm registry and try again. Nothing was started.',
      );
    }
    console.error(`  installed in ${((Date.now() - started) / 1000).toFixed(0)} s`);
  }
  writeFileSync(STAMP, stamp);
}

/** True when npm's own record of node_modules has each package of the lock in its version. */
function installedMatches(lock) {
  const record = path.join(ROOT, 'node_modules/.package-lock.json');
  if (!existsSync(record)) return false;
  const installed = JSON.parse(readFileSync(record, 'utf8')).packages;
  return Object.entries(lock.packages).every(([folder, entry]) => {
    if (folder === '') return true;
    const found = installed[folder];
    if (!found || !existsSync(path.join(ROOT, folder))) return entry.optional === true || entry.peer === true;
    return found.version === entry.version;
  });
}

/**
 * Runs a compiled module in a process of its own, under the condition that maps `#server/*` to build/. The module hears
 * of our end, however it comes, through the pipe at its standard input (OPS_PARENT_PIPE).
 * @returns {{ child: import('node:child_process').ChildProcess, ended: Promise<number> }}
 */
function runEntry(entry, args, env = {}) {
  const flags = ['--conditions=compiled', '--enable-source-maps'];
  // As `entryArgs` of start/child.ts has it.
  if (entry === 'server/index.js') flags.push('--max-semi-space-size=64');
  const child = spawn(process.execPath, [...flags, path.join(ROOT, 'build', entry), ...args], {
    cwd: ROOT,
    stdio: ['pipe', 'inherit', 'inherit'],
    env: { ...process.env, ...env, OPS_PARENT_PIPE: '1' },
  });
  // At Ctrl-C the terminal tells the whole group; a signal sent to this process alone is passed on.
  process.on('SIGINT', () => undefined);
  process.on('SIGTERM', () => child.kill('SIGTERM'));
  process.on('SIGHUP', () => child.kill('SIGTERM'));
  const stopWatching = watchNpm(() => child.kill('SIGTERM'));
  const ended = new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', () => stopWatching());
    child.once('exit', (code, signal) => resolve(code ?? (signal === 'SIGINT' ? 130 : 1)));
  });
  return { child, ended };
}

/**
 * Calls `onGone` when the npm that runs this is gone. npm passes a signal to its shell, which dies of it without passing
 * it on, so without this `kill <npm>` would leave everything running.
 * @returns {() => void} ends the watch
 */
function watchNpm(onGone) {
  if (!process.env.npm_lifecycle_event) return () => undefined;
  const ancestors = () => `${process.ppid} ${parentOf(process.ppid)}`;
  const first = ancestors();
  const timer = setInterval(() => {
    if (ancestors() === first) return;
    clearInterval(timer);
    onGone();
  }, NPM_POLL_MS);
  timer.unref();
  return () => clearInterval(timer);
}

/** Linux: field 4 of /proc/<pid>/stat. Elsewhere, and for a process that is gone, null. */
function parentOf(pid) {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1];
  } catch {
    return null;
  }
}
