import type { lookup as lookUpName } from 'node:dns';
import type { LookupFunction } from 'node:net';

/** So long an answer of the name service is good, ms. */
const GOOD_MS = 10_000;

type Done = Parameters<LookupFunction>[2];
type Answer = Parameters<Done>;

/**
 * Looks host names up, each once at a time however many ask for it: lookups share few threads of the process, and a name
 * service that hangs must not fill them with one name. An error is not remembered.
 */
export function createNameCache(lookup: typeof lookUpName): LookupFunction {
  const known = new Map<string, { answer: Answer; untilMs: number }>();
  const waiting = new Map<string, Done[]>();
  return (host, options, done) => {
    const key = `${host} ${options.family ?? 0} ${options.all === true}`;
    const found = known.get(key);
    if (found && found.untilMs > performance.now()) {
      process.nextTick(() => done(...found.answer));
      return;
    }
    const others = waiting.get(key);
    if (others) {
      others.push(done);
      return;
    }
    waiting.set(key, [done]);
    lookup(host, options, (...answer: unknown[]) => {
      const all = waiting.get(key) ?? [];
      waiting.delete(key);
      if (answer[0]) known.delete(key);
      else known.set(key, { answer: answer as unknown as Answer, untilMs: performance.now() + GOOD_MS });
      for (const each of all) each(...(answer as unknown as Answer));
    });
  };
}
