/**
 * A value that is loaded at most once per `ttlMs`; callers that arrive during a load share it. A failed load is not
 * kept.
 * @template T
 */
export class Cached {
  /** @type {Promise<T> | null} */
  #value = null;
  #loadedAt = 0;

  /**
   * @param {() => Promise<T>} load
   * @param {number} ttlMs
   * @param {() => number} [now] milliseconds
   */
  constructor(load, ttlMs, now = Date.now) {
    this.load = load;
    this.ttlMs = ttlMs;
    this.now = now;
  }

  /** The next caller loads anew. */
  clear() {
    this.#value = null;
  }

  /** @returns {Promise<T>} */
  get() {
    if (this.#value && this.now() - this.#loadedAt < this.ttlMs) return this.#value;
    this.#loadedAt = this.now();
    const loading = this.load().catch((error) => {
      if (this.#value === loading) this.#value = null;
      throw error;
    });
    this.#value = loading;
    return loading;
  }
}
