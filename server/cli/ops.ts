import { readFileSync } from 'node:fs';
import path from 'node:path';
import { connect } from '#server/cli/ops/connect';
import { EXIT } from '#server/cli/ops/exit-codes';
import { runOps } from '#server/cli/ops/main';
import { PROJECT_ROOT } from '#server/platform/project-root';

const { version } = JSON.parse(readFileSync(path.join(PROJECT_ROOT, 'package.json'), 'utf8')) as {
  version: string;
};

/** Ctrl-C and its like: the first is told to the command, the second ends everything at once. */
function onInterrupt(listener: () => void): () => void {
  let count = 0;
  const interrupt = (): void => {
    count += 1;
    if (count > 1) process.exit(EXIT.interrupted);
    listener();
  };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, interrupt);
  return () => {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.off(signal, interrupt);
  };
}

/** Ends the process when everything that was written has been taken. */
function endWith(code: number): void {
  process.stdout.write('', () => process.stderr.write('', () => process.exit(code)));
}

// A reader that has gone, as `head` does, has seen enough: what was started goes on.
process.stdout.on('error', () => process.exit(EXIT.interrupted));
process.stderr.on('error', () => undefined);

const { stdin, stdout, stderr, env } = process;
runOps(
  process.argv.slice(2),
  { stdin, stdout, stderr, env, now: Date.now, onInterrupt },
  { version, connect },
).then(endWith, (error: unknown) => {
  console.error(error);
  endWith(EXIT.unavailable);
});
