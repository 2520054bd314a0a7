import { PassThrough, Writable } from 'node:stream';
import type { Terminal } from '#server/cli/ops/terminal';

export const ESCAPE = '\u001b';
const CONTROL = new RegExp(`${ESCAPE}\\[[0-9;?]*[A-Za-z]`, 'g');
/** A question at the end, behind which readline has placed its cursor. */
const QUESTION = new RegExp(`([^\\n]*(?:\\[y/N\\]|:) )(?:${ESCAPE}\\[\\d*[GJ])*$`);

class Sink extends Writable {
  text = '';
  columns = 80;
  rows = 24;
  onText: (text: string) => void = () => undefined;

  constructor(readonly isTTY: boolean) {
    super({ decodeStrings: false });
  }

  override _write(chunk: unknown, _encoding: string, done: () => void): void {
    this.text += String(chunk);
    this.onText(this.text);
    done();
  }
}

/** A terminal, or the lack of one, that a test looks at. */
export interface TestTerminal extends Terminal {
  stdout: Sink;
  stderr: Sink;
  /** Ctrl-C. */
  interrupt(): void;
  /** The questions that were answered so far. */
  asked: string[];
}

/**
 * Something to run commands at. @param options.tty absent: a pipe, where nobody can be asked
 * @param options.answers given one after the other, each when a question is on the screen
 */
export function testTerminal(
  options: { tty?: boolean; answers?: string[]; env?: Record<string, string>; now?: number } = {},
): TestTerminal {
  const { tty = false, answers = [], env = {}, now } = options;
  const stdin = Object.assign(new PassThrough(), { isTTY: tty, setRawMode: () => undefined });
  const stdout = new Sink(tty);
  const stderr = new Sink(tty);
  const listeners = new Set<() => void>();
  const asked: string[] = [];
  const waiting = [...answers];
  let seen = 0;
  stderr.onText = (text) => {
    const question = QUESTION.exec(text.slice(seen))?.[1];
    if (question === undefined || waiting.length === 0) return;
    seen = text.length;
    asked.push(withoutEscapes(question));
    const answer = waiting.shift();
    setImmediate(() => stdin.write(`${answer}\r`));
  };
  return {
    stdin,
    stdout,
    stderr,
    env,
    now: () => now ?? Date.now(),
    onInterrupt: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    interrupt: () => {
      for (const listener of listeners) listener();
    },
    asked,
  };
}

/** Text without the escape sequences that place a cursor or colour it. */
export function withoutEscapes(text: string): string {
  return text.replace(CONTROL, '');
}
