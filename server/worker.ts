import { EnvError } from '#server/platform/env';
import { runWorker } from '#server/worker-process';

runWorker().catch((error: unknown) => {
  console.error(error instanceof EnvError ? error.message : error);
  process.exit(1);
});
