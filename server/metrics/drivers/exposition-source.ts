import { messageOf } from '#server/platform/errors';

/** The largest exposition that is read, bytes. */
export const EXPOSITION_LIMIT_BYTES = 5_000_000;

/** Why nothing came from a target, in words for people. */
export class ScrapeError extends Error {
  override name = 'ScrapeError';
}

/**
 * Asks a target for its metrics: no redirect is followed, and neither a slow nor an endless answer holds the caller.
 * @throws ScrapeError
 */
export async function fetchExposition(url: string, timeoutMs: number): Promise<string> {
  const signal = AbortSignal.timeout(timeoutMs);
  try {
    const response = await fetch(url, {
      signal,
      redirect: 'manual',
      headers: { accept: 'text/plain;version=0.0.4', 'user-agent': 'herbisveritas-ops' },
    });
    if (response.status !== 200) {
      await response.body?.cancel();
      const isRedirect = response.status >= 300 && response.status < 400;
      throw new ScrapeError(
        `It answered with status ${response.status}${isRedirect ? '; redirects are not followed' : ''}.`,
      );
    }
    return await readText(response);
  } catch (error) {
    if (error instanceof ScrapeError) throw error;
    if (signal.aborted) throw new ScrapeError(`No full answer within ${timeoutMs} ms.`);
    const cause = error instanceof Error && error.cause ? error.cause : error;
    throw new ScrapeError(`Not reached: ${messageOf(cause) || 'connection failed'}.`);
  }
}

async function readText(response: Response): Promise<string> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of response.body as AsyncIterable<Uint8Array> & ReadableStream) {
    length += chunk.length;
    if (length > EXPOSITION_LIMIT_BYTES) {
      throw new ScrapeError(`Its answer is over ${EXPOSITION_LIMIT_BYTES / 1_000_000} MB.`);
    }
    chunks.push(chunk);
  }
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(Buffer.concat(chunks));
  } catch {
    throw new ScrapeError('Its answer is no UTF-8.');
  }
}
