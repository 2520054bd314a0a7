import type { Clock } from '#server/platform/clock';

/** A clock that stands still until told otherwise. */
export class FakeClock implements Clock {
  #nowMs: number;

  /** @param start an ISO 8601 time in UTC */
  constructor(start = '2026-11-22T12:00:00.000Z') {
    this.#nowMs = Date.parse(start);
  }

  now(): Date {
    return new Date(this.#nowMs);
  }

  /** Moves on by `ms` milliseconds. */
  advance(ms: number): void {
    this.#nowMs += ms;
  }

  set(time: Date): void {
    this.#nowMs = time.getTime();
  }
}
