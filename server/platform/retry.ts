import pRetry from 'p-retry';
import { isTransientDatabaseError } from '#server/platform/database-errors';
import type { Logger } from '#server/platform/logger';

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
