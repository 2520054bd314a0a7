import { setTimeout as delay } from 'node:timers/promises';

/** Repeats a check until it throws no more. @throws the last error after `timeoutMs` */
export async function eventually<T>(check: () => Promise<T>, timeoutMs = 10_000): Promise<T> {
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    try {
      return await check();
    } catch (error) {
      if (performance.now() > deadline) throw error;
      await delay(20);
    }
  }
}
