import { messageOf } from './log.mjs';

/** @typedef {{ visitor: string, path: string, at: Date }} Visit */

const maximumBuffered = 5000;

/** Page views, written to the database in batches so that a page never waits for them. */
export class VisitLog {
  /** @type {Visit[]} */
  #buffer = [];
  /** @type {NodeJS.Timeout | null} */
  #timer = null;

  /**
   * @param {import('./database.mjs').Database} db
   * @param {string} release
   * @param {import('./log.mjs').Log} log
   */
  constructor(db, release, log) {
    this.db = db;
    this.release = release;
    this.log = log;
  }

  /** @param {number} intervalMs */
  start(intervalMs) {
    this.#timer = setInterval(() => void this.flush(), intervalMs);
    this.#timer.unref();
  }

  /** @param {Visit} visit */
  add(visit) {
    if (this.#buffer.length < maximumBuffered) this.#buffer.push(visit);
  }

  /** Writes what is buffered; a batch that fails is dropped and logged, since a page view is not worth a retry. */
  async flush() {
    const batch = this.#buffer.splice(0);
    if (batch.length === 0) return;
    try {
      await this.db.query(
        `insert into visit (visitor, path, at, release)
         select visitor, path, at, $4 from unnest($1::text[], $2::text[], $3::timestamptz[]) as batch (visitor, path, at)`,
        [
          batch.map((visit) => visit.visitor),
          batch.map((visit) => visit.path),
          batch.map((visit) => visit.at),
          this.release,
        ],
      );
    } catch (error) {
      this.log('warn', 'page views were not recorded', { count: batch.length, error: messageOf(error) });
    }
  }

  async stop() {
    if (this.#timer) clearInterval(this.#timer);
    await this.flush();
  }
}

/**
 * Removes page views older than 30 days.
 * @param {import('./database.mjs').Database} db
 * @returns {Promise<number>} how many
 */
export async function pruneVisits(db) {
  const { rowCount } = await db.query(`delete from visit where at < now() - interval '30 days'`);
  return rowCount ?? 0;
}
