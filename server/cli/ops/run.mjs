// Starts the compiled command line in a process that has our terminal whole, and ends as it ends.
import { spawn } from 'node:child_process';
import path from 'node:path';

// As in `exit-codes.ts`.
const UNAVAILABLE = 5;
const INTERRUPTED = 130;

/**
 * @param {string[]} args the words behind `ops`
 * @param {{ root: string, buildStale: (options: object) => Promise<string[]> }} project
 * @returns {Promise<number>} its exit code
 */
export async function run(args, { root, buildStale }) {
  try {
    await buildStale({ only: ['generate', 'server'], log: (line) => console.error(`  ${line}`) });
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    return UNAVAILABLE;
  }
  const child = spawn(
    process.execPath,
    ['--conditions=compiled', '--enable-source-maps', path.join(root, 'build/server/cli/ops.js'), ...args],
    { stdio: 'inherit' },
  );
  // At Ctrl-C the terminal tells the whole group; a signal sent to this process alone is passed on.
  process.on('SIGINT', () => undefined);
  for (const signal of ['SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code) => resolve(code ?? INTERRUPTED));
  });
}
