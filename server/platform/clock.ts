/** The process's source of time. Leases are judged by the database's clock, never by this one. */
export interface Clock {
  now(): Date;
}

export const systemClock: Clock = { now: () => new Date() };
