import { type ChildProcess, spawn } from 'node:child_process';
import { createWriteStream } from 'node:fs';
import path from 'node:path';

export const ROOT = path.resolve(import.meta.dirname, '../..');

/** Settings of whoever runs the tests that must not reach the console under test. */
const NOT_INHERITED = [
  'DATABASE_URL',
  'DATABASE_OWNER_URL',
  'SHOP_DATABASE_URL',
  'SHOP_READ_DATABASE_URL',
  'SHOP_PORT',
  'OPS_CONFIG',
  'PUBLIC_URL',
];

/** A start of the console as `npm start` does it. */
export interface Started {
  process: ChildProcess;
  /** Everything that it has written so far. */
  output(): string;
  /** Resolves with the text once it has been written. @throws Error with the whole output when the process ends first or after `timeoutMs` */
  said(pattern: RegExp, timeoutMs?: number): Promise<RegExpExecArray>;
  /** Its exit code; null when a signal ended it. */
  ended: Promise<number | null>;
}

/**
 * Runs `node server/cli/boot.mjs start`. It leads a process group of its own, as in a terminal of its own.
 * @param logFile where its output goes as well
 */
export function startConsole(env: Record<string, string>, logFile: string): Started {
  const inherited = Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !NOT_INHERITED.includes(name)),
  );
  const child = spawn(process.execPath, ['server/cli/boot.mjs', 'start'], {
    cwd: ROOT,
    env: { ...inherited, NODE_ENV: 'production', HOST: '127.0.0.1', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  });
  let text = '';
  const waiting = new Set<() => void>();
  const log = createWriteStream(logFile, { flags: 'a' });
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk;
      log.write(chunk);
      for (const check of waiting) check();
    });
  }
  const ended = new Promise<number | null>((resolve) => {
    child.once('exit', (code) => {
      log.end();
      resolve(code);
      for (const check of waiting) check();
    });
  });
  const said = (pattern: RegExp, timeoutMs = 60_000) =>
    new Promise<RegExpExecArray>((resolve, reject) => {
      const timer = setTimeout(() => finish(new Error(`not said within ${timeoutMs} ms`)), timeoutMs);
      const finish = (error: Error) => {
        clearTimeout(timer);
        waiting.delete(check);
        reject(new Error(`${pattern}: ${error.message}. It said:\n${text}`));
      };
      const check = () => {
        const found = pattern.exec(text);
        if (found) {
          clearTimeout(timer);
          waiting.delete(check);
          resolve(found);
        } else if (child.exitCode !== null || child.signalCode !== null) finish(new Error('it ended before'));
      };
      waiting.add(check);
      check();
    });
  return { process: child, output: () => text, said, ended };
}

/** Ends a start as its stop signal does, and waits until it is gone. @returns its exit code */
export async function stopConsole(
  started: Started,
  signal: NodeJS.Signals = 'SIGTERM',
): Promise<number | null> {
  started.process.kill(signal);
  return started.ended;
}
