import { followParent } from '#server/platform/follow-parent';

const closers = new Set<() => Promise<void>>();
let isListening = false;

/**
 * Takes down what a bench has started when somebody stops it; those that end by themselves take themselves down.
 * @returns the call that takes it down: once, however often it is called
 */
export function closeOnInterrupt(close: () => Promise<void>): () => Promise<void> {
  let closing: Promise<void> | null = null;
  const once = (): Promise<void> => {
    closing ??= close().finally(() => closers.delete(once));
    return closing;
  };
  closers.add(once);
  listen();
  return once;
}

function listen(): void {
  if (isListening) return;
  isListening = true;
  const stop = (): void => {
    Promise.allSettled([...closers].map((close) => close())).then(() => process.exit(130));
  };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, stop);
  followParent(stop);
}
