import pRetry from 'p-retry';
import { hasPostgresCode } from '#server/platform/db';
import { messageOf } from '#server/platform/errors';
import type { Logger } from '#server/platform/logger';

/** SQLSTATE classes and codes after which the same work may be tried again on a new connection. */
const TRANSIENT_STATES = [
  '08000',
  '08001',
  '08003',
  '08004',
  '08006',
  '57P01',
  '57P02',
  '57P03',
  '53300',
  '40001',
  '40P01',
];
const TRANSIENT_PRISMA = ['P1001', 'P1002', 'P1008', 'P1017', 'P2024', 'P2028', 'P2034'];
const TRANSIENT_TEXT =
  /ECONNREFUSED|ECONNRESET|EPIPE|ETIMEDOUT|ENOENT.*\.s\.PGSQL|Connection terminated|connection timeout|terminating connection|the database system is|server closed the connection|Unable to start a transaction|Client has encountered a connection error/i;

/** True when the database was away or lost a race, so that nothing is known against the work itself. */
export function isTransientDatabaseError(error: unknown): boolean {
  if (TRANSIENT_STATES.some((state) => hasPostgresCode(error, state))) return true;
  const code = (error as { code?: unknown } | null)?.code;
  if (typeof code === 'string' && TRANSIENT_PRISMA.includes(code)) return true;
  return TRANSIENT_TEXT.test(messageOf(error));
}

/**
 * Repeats `work` while the database is away, with growing pauses up to a second, until it works, the signal aborts or
 * about a minute has gone. Every other error is thrown at once.
 */
export async function retryWhileTransient<T>(
  work: () => Promise<T>,
  options: { signal?: AbortSignal; log: Logger },
): Promise<T> {
  return pRetry(work, {
    retries: 65,
    minTimeout: 50,
    maxTimeout: 1_000,
    factor: 2,
    signal: options.signal,
    shouldRetry: ({ error }) => isTransientDatabaseError(error),
    onFailedAttempt: ({ error, attemptNumber }) => {
      if (isTransientDatabaseError(error))
        options.log.warn({ attemptNumber, err: error }, 'database away, trying again');
    },
  });
}
