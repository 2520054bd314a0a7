import { Console } from '#server/cli/start/console';
import { EmbeddedPostgresError } from '#server/platform/embedded-postgres';
import { EnvError } from '#server/platform/env';
import { followParent } from '#server/platform/follow-parent';
import { MigrationError } from '#server/platform/migrations';

/** What a person can act on is told in words; anything else is a fault of ours and shows where. */
function report(error: unknown): void {
  const expected = [EnvError, MigrationError, EmbeddedPostgresError].some((kind) => error instanceof kind);
  console.error(expected ? `\n${(error as Error).message}` : error);
}

async function main(): Promise<void> {
  const running = new Console(process.env);
  // A terminal or a reader that is gone must not end the console.
  process.stdout.on('error', () => undefined);
  process.stderr.on('error', () => undefined);
  let signals = 0;
  const stop = (): void => {
    signals += 1;
    if (signals > 1) running.kill();
    running.stop().then(
      () => process.exit(),
      (error) => {
        report(error);
        process.exit(1);
      },
    );
  };
  process.on('SIGINT', stop);
  process.on('SIGTERM', stop);
  process.on('SIGHUP', stop);
  process.on('SIGUSR2', () => running.restartProcesses());
  followParent(stop);
  try {
    await running.start();
  } catch (error) {
    if (signals > 0) return;
    report(error);
    process.exitCode = 1;
    await running.stop();
    process.exit();
  }
}

main().catch((error) => {
  report(error);
  process.exit(1);
});
