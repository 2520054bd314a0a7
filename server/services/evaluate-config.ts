import { rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { Worker } from 'node:worker_threads';
import { build, stop } from 'esbuild';
import { messageOf } from '#server/platform/errors';

/** A configuration that takes longer than this waits for something that does not come. */
const EVALUATION_MS = 10_000;

const EVALUATE = `
  const { parentPort, workerData } = require('node:worker_threads');
  import(workerData)
    .then((module) => parentPort.postMessage({ exported: module.default }))
    .catch((error) => parentPort.postMessage({ fault: String(error?.message ?? error) }));
`;

type Answer = { exported: unknown } | { fault: string };

let latest: Promise<unknown> = Promise.resolve();

/**
 * What a configuration file exports by default. The file is code: it runs in a thread of its own, so that one that
 * throws, exits or never ends takes nothing with it, and one that is read often leaves nothing behind.
 * @param file absolute path of a TypeScript or JavaScript module
 * @throws Error saying what is wrong with the file
 */
export function evaluateConfig(file: string): Promise<unknown> {
  // One after the other: the compiler's service is one per process, and each reading ends it.
  const reading = latest.then(() => compileAndRun(file));
  latest = reading.catch(() => undefined);
  return reading;
}

async function compileAndRun(file: string): Promise<unknown> {
  // Beside the file, so that its packages are found; under a name of this process, so that two may read it at once.
  const compiled = join(dirname(file), `.ops-config-${process.pid}-${Date.now()}.mjs`);
  try {
    await build({
      entryPoints: [file],
      outfile: compiled,
      bundle: true,
      packages: 'external',
      platform: 'node',
      format: 'esm',
      target: 'node20',
      logLevel: 'silent',
    });
    return await runInThread(pathToFileURL(compiled).href);
  } finally {
    await rm(compiled, { force: true });
    // Its service process would otherwise stay for the life of this one.
    await stop();
  }
}

async function runInThread(url: string): Promise<unknown> {
  const thread = new Worker(EVALUATE, { eval: true, workerData: url, execArgv: [] });
  let timer: NodeJS.Timeout | undefined;
  try {
    return await new Promise<unknown>((resolve, reject) => {
      timer = setTimeout(
        () => reject(new Error(`it has not ended after ${EVALUATION_MS / 1_000} s`)),
        EVALUATION_MS,
      );
      thread.once('message', (answer: Answer) => {
        if ('fault' in answer) reject(new Error(answer.fault));
        else resolve(answer.exported);
      });
      thread.once('error', (error) => reject(new Error(messageOf(error), { cause: error })));
      thread.once('exit', (code) => reject(new Error(`it ended its process with exit code ${code}`)));
    });
  } finally {
    clearTimeout(timer);
    await thread.terminate();
  }
}
