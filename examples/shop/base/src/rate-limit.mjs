/** Counts failures per key in a fixed window; memory is bounded by dropping the oldest keys. */
export class FailureLimit {
  /** @type {Map<string, { count: number, until: number }>} */
  #entries = new Map();

  /**
   * @param {number} maximum failures per window
   * @param {number} windowMs
   * @param {() => number} [now] milliseconds
   */
  constructor(maximum, windowMs, now = Date.now) {
    this.maximum = maximum;
    this.windowMs = windowMs;
    this.now = now;
  }

  /** @param {string} key */
  isBlocked(key) {
    const entry = this.#entries.get(key);
    return entry !== undefined && entry.until > this.now() && entry.count >= this.maximum;
  }

  /** @param {string} key */
  fail(key) {
    const entry = this.#entries.get(key);
    if (entry && entry.until > this.now()) entry.count += 1;
    else this.#entries.set(key, { count: 1, until: this.now() + this.windowMs });
    const oldest = this.#entries.keys().next().value;
    if (this.#entries.size > 10_000 && oldest !== undefined) this.#entries.delete(oldest);
  }
}
