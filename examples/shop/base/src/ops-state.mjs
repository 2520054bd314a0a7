import { randomBytes } from 'node:crypto';
import { mkdir, open, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { messageOf } from './log.mjs';

/**
 * @typedef {object} Maintenance
 * @property {boolean} enabled
 * @property {string} reason
 * @property {string | null} since ISO 8601
 * @property {string | null} until ISO 8601; it ends by itself then
 * @property {number} retryAfterSeconds
 * @property {string[]} allow addresses, or ranges such as 10.0.0.0/8, that are served as usual
 */

/** @typedef {{ enabled: boolean, reason: string, since: string | null }} Lockdown */

/**
 * @typedef {object} Faults
 * @property {number} errorRate share of requests that fail, 0 to 1
 * @property {number} latencyMs added to every request
 * @property {number} paymentFailureRate share of payments that fail, 0 to 1
 * @property {string | null} unhealthy the health check that fails
 * @property {string | null} until ISO 8601; they end by themselves then
 * @property {string[]} releases those that have the faults; empty: every release
 */

/**
 * What operators have switched, shared by every instance of the shop.
 * @typedef {{ maintenance: Maintenance, lockdown: Lockdown, faults: Faults, cacheEpoch: number }} Switches
 */

const lockStaleMs = 2000;
const lockPauseMs = 20;

/** @returns {Switches} everything off */
export function switchesOff() {
  return {
    maintenance: { enabled: false, reason: '', since: null, until: null, retryAfterSeconds: 300, allow: [] },
    lockdown: { enabled: false, reason: '', since: null },
    faults: { ...noFaults },
    cacheEpoch: 0,
  };
}

/** @type {Readonly<Faults>} */
export const noFaults = Object.freeze({
  errorRate: 0,
  latencyMs: 0,
  paymentFailureRate: 0,
  unhealthy: null,
  until: null,
  releases: [],
});

/** The file that holds the switches: written whole and renamed, so that no reader ever sees half of it. */
export class OpsState {
  /** @type {Switches} */
  current = switchesOff();
  #seen = '';
  /** @type {NodeJS.Timeout | null} */
  #timer = null;
  /** @type {((switches: Switches, before: Switches) => void)[]} */
  #listeners = [];

  /**
   * @param {string} file
   * @param {import('./log.mjs').Log} log
   */
  constructor(file, log) {
    this.file = file;
    this.log = log;
  }

  /** @param {(switches: Switches, before: Switches) => void} listener called after each change, wherever it was made */
  onChange(listener) {
    this.#listeners.push(listener);
  }

  /**
   * Reads the file now and then again as it changes.
   * @param {number} pollMs
   */
  async start(pollMs) {
    await this.refresh();
    this.#timer = setInterval(() => void this.refresh(), pollMs);
    this.#timer.unref();
  }

  stop() {
    if (this.#timer) clearInterval(this.#timer);
  }

  /** Takes up what another instance wrote. A file that cannot be read leaves the switches as they are. */
  async refresh() {
    try {
      const { mtimeMs, ino, size } = await stat(this.file);
      const seen = `${ino}:${mtimeMs}:${size}`;
      if (seen === this.#seen) return;
      this.#take(await readSwitches(this.file));
      this.#seen = seen;
    } catch (error) {
      if (isMissing(error)) return;
      if (this.#seen !== 'unreadable') {
        this.log('error', 'the operators’ switches cannot be read', { error: messageOf(error) });
      }
      this.#seen = 'unreadable';
    }
  }

  /**
   * Changes the switches of all instances; two changes at once are made one after the other.
   * @param {(switches: Switches) => Switches} change
   * @returns {Promise<Switches>}
   */
  async update(change) {
    const release = await lock(this.file);
    try {
      const before = await readSwitches(this.file).catch((error) => {
        if (isMissing(error)) return switchesOff();
        throw error;
      });
      const next = change(before);
      const written = `${this.file}.${process.pid}.${randomBytes(4).toString('hex')}`;
      await writeFile(written, `${JSON.stringify(next, null, 2)}\n`, { mode: 0o600, flush: true });
      await rename(written, this.file);
      this.#take(next);
      return next;
    } finally {
      await release();
    }
  }

  /** @param {Switches} next */
  #take(next) {
    const before = this.current;
    this.current = next;
    for (const listener of this.#listeners) listener(next, before);
  }
}

/**
 * @param {string} file
 * @returns {Promise<Switches>} with what an older shop did not write yet
 */
async function readSwitches(file) {
  const found = JSON.parse(await readFile(file, 'utf8'));
  const off = switchesOff();
  return {
    maintenance: { ...off.maintenance, ...found.maintenance },
    lockdown: { ...off.lockdown, ...found.lockdown },
    faults: { ...off.faults, ...found.faults },
    cacheEpoch: found.cacheEpoch ?? 0,
  };
}

/**
 * Waits for the turn to write; a lock that a killed process left is taken over after two seconds.
 * @param {string} file
 */
async function lock(file) {
  const path = `${file}.lock`;
  await mkdir(dirname(file), { recursive: true, mode: 0o700 });
  for (;;) {
    try {
      await (await open(path, 'wx', 0o600)).close();
      return () => rm(path, { force: true });
    } catch (error) {
      if (/** @type {NodeJS.ErrnoException} */ (error).code !== 'EEXIST') throw error;
    }
    const age = await stat(path).then(
      ({ mtimeMs }) => Date.now() - mtimeMs,
      () => 0,
    );
    if (age > lockStaleMs) await rm(path, { force: true });
    else await pause(lockPauseMs);
  }
}

/** @param {unknown} error */
function isMissing(error) {
  return /** @type {NodeJS.ErrnoException} */ (error).code === 'ENOENT';
}
