import { closeSync, openSync, readdirSync, readFileSync, rmSync, statSync, writeSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';

const pollMs = 50;
const patienceMs = 30_000;
/** A lock without a readable owner is left by a process that was killed while it took it. */
const unreadableMs = 2000;
/** Making takes about a second: whatever is older belongs to a process number that was used again. */
const oldestMs = 60_000;

/**
 * Runs `work` while no other process makes the same repository. What a killed owner left is cleared first.
 * @template T
 * @param {string} repository
 * @param {() => T} work
 * @returns {Promise<T>}
 * @throws {Error} when a live owner does not finish within 30 s
 */
export async function withLock(repository, work) {
  const lock = `${repository}.lock`;
  const deadline = Date.now() + patienceMs;
  while (!take(lock)) {
    if (isAbandoned(lock)) {
      rmSync(lock, { force: true });
      clearRemains(repository);
      continue;
    }
    if (Date.now() > deadline) throw new Error(`${lock} is held by a process that does not finish`);
    await new Promise((done) => setTimeout(done, pollMs));
  }
  try {
    return work();
  } finally {
    rmSync(lock, { force: true });
  }
}

/** @param {string} lock */
function take(lock) {
  try {
    const file = openSync(lock, 'wx');
    writeSync(file, String(process.pid));
    closeSync(file);
    return true;
  } catch (error) {
    if (/** @type {NodeJS.ErrnoException} */ (error).code === 'EEXIST') return false;
    throw error;
  }
}

/** @param {string} lock */
function isAbandoned(lock) {
  const stats = statSync(lock, { throwIfNoEntry: false });
  if (!stats) return false;
  const age = Date.now() - stats.mtimeMs;
  if (age > oldestMs) return true;
  const owner = readOwner(lock);
  return owner === null ? age > unreadableMs : !isAlive(owner);
}

/** @param {string} lock */
function readOwner(lock) {
  try {
    return Number(readFileSync(lock, 'utf8')) || null;
  } catch (error) {
    if (/** @type {NodeJS.ErrnoException} */ (error).code === 'ENOENT') return null;
    throw error;
  }
}

/** @param {number} pid */
function isAlive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return /** @type {NodeJS.ErrnoException} */ (error).code === 'EPERM';
  }
}

/**
 * Half-made repositories, and git's own lock files on the references that are made here.
 * @param {string} repository
 */
function clearRemains(repository) {
  const folder = dirname(repository);
  for (const name of readdirSync(folder)) {
    if (name.startsWith(`${basename(repository)}.building-`)) remove(join(folder, name));
  }
  remove(join(repository, 'packed-refs.lock'));
  for (const name of entries(repository)) if (name.startsWith('making-')) remove(join(repository, name));
  for (const kind of ['refs/tags', 'refs/heads']) {
    for (const name of entries(join(repository, kind))) {
      if (name.endsWith('.lock')) remove(join(repository, kind, name));
    }
  }
}

/** @param {string} folder */
function entries(folder) {
  return statSync(folder, { throwIfNoEntry: false })?.isDirectory() ? readdirSync(folder) : [];
}

/** @param {string} path */
function remove(path) {
  rmSync(path, { recursive: true, force: true });
}
