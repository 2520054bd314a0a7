import type { Child } from '#server/cli/start/child';
import { EnvError } from '#server/platform/env';

const DEADLINE_MS = 60_000;
const POLL_MS = 50;
const GIVE_UP_AFTER_FAILURES = 3;

/**
 * Resolves when the web process says that all is well.
 * @throws AbortError at the signal, EnvError when it does not within 60 s, or when a process cannot stay up; its own words are on the screen by then
 */
export async function waitUntilHealthy(
  settings: { HOST: string; PORT: number; DATA_DIR: string },
  children: readonly Child[],
  signal: AbortSignal,
): Promise<void> {
  const host = settings.HOST === '0.0.0.0' || settings.HOST === '::' ? '127.0.0.1' : settings.HOST;
  const url = `http://${host.includes(':') ? `[${host}]` : host}:${settings.PORT}/api/health`;
  const deadline = Date.now() + DEADLINE_MS;
  let last = 'no answer';
  while (Date.now() < deadline) {
    signal.throwIfAborted();
    const failing = children.find(
      (child) => child.name !== 'visitors' && child.failures >= GIVE_UP_AFTER_FAILURES,
    );
    if (failing) {
      throw new EnvError(
        `The ${failing.name} process does not stay up. What it said is above and in ${settings.DATA_DIR}/logs/${failing.name}.log. Everything was stopped.`,
      );
    }
    const answer = await ask(url);
    if (answer === 'ok') return;
    last = answer;
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
  throw new EnvError(
    `The console did not become well within ${DEADLINE_MS / 1000} s: ${last}. Everything was stopped.`,
  );
}

/** `ok`, or why not. */
async function ask(url: string): Promise<string> {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(3_000) });
    const body = await response.text();
    return response.ok ? 'ok' : `${response.status} ${body}`;
  } catch (error) {
    return error instanceof Error ? `no answer (${error.message})` : 'no answer';
  }
}
