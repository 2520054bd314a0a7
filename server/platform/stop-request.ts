import type { Logger } from '#server/platform/logger';

/** A process that has not stopped by itself after this long is ended. */
const STOP_TIMEOUT_MS = 15_000;

/**
 * Runs `stop` once, on SIGTERM, SIGINT or, with OPS_PARENT_PIPE=1, when the parent's end of standard input closes
 * (however the parent ended), and then ends the process.
 */
export function onStopRequest(stop: () => Promise<void>, log: Logger): void {
  let stopping = false;
  const begin = (why: string): void => {
    if (stopping) return;
    stopping = true;
    log.info({ why }, 'stopping');
    setTimeout(() => process.exit(1), STOP_TIMEOUT_MS).unref();
    stop().then(
      () => process.exit(0),
      (error: unknown) => {
        log.error({ err: error }, 'did not stop cleanly');
        process.exit(1);
      },
    );
  };
  process.once('SIGTERM', () => begin('SIGTERM'));
  process.once('SIGINT', () => begin('SIGINT'));
  if (process.env.OPS_PARENT_PIPE === '1') {
    process.stdin.resume();
    process.stdin.once('end', () => begin('parent gone'));
    process.stdin.once('error', () => begin('parent gone'));
  }
}
