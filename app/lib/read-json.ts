const AWAY = 'The console did not answer, so this may not be how things stand now.';
const SIGNED_OUT = 'Your session has ended. Open any page to sign in again.';

class Refusal extends Error {}

/**
 * Reads from this console beside the page's own data, so that a failure leaves the page as it is.
 * @throws Error which {@link failureWords} puts into words
 */
export async function readJson<T>(address: string, signal: AbortSignal): Promise<T> {
  const response = await fetch(address, { headers: { Accept: 'application/json' }, signal });
  if (response.redirected || response.status === 401) throw new Refusal(SIGNED_OUT);
  if (!response.ok) throw new Error(`status ${response.status}`);
  return (await response.json()) as T;
}

/** Why such a read failed, in words for a person. */
export function failureWords(error: unknown): string {
  return error instanceof Refusal ? error.message : AWAY;
}
