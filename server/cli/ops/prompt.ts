import { createInterface } from 'node:readline';
import { Writable } from 'node:stream';
import { interruption } from '#server/cli/ops/failure';
import type { Terminal } from '#server/cli/ops/terminal';

/** Asks at the terminal; the end of the input is an empty answer. @throws OpsFailure `interrupted` at Ctrl-C */
export function ask(terminal: Terminal, question: string): Promise<string> {
  return read(terminal, question, terminal.stderr as unknown as NodeJS.WritableStream);
}

/** The same without showing what is typed. */
export async function askSecret(terminal: Terminal, question: string): Promise<string> {
  const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() });
  terminal.stderr.write(question);
  try {
    return await read(terminal, '', nowhere);
  } finally {
    terminal.stderr.write('\n');
  }
}

function read(terminal: Terminal, question: string, output: NodeJS.WritableStream): Promise<string> {
  return new Promise((resolve, reject) => {
    const lines = createInterface({ input: terminal.stdin, output, terminal: true, historySize: 0 });
    let isAnswered = false;
    lines.once('SIGINT', () => {
      isAnswered = true;
      lines.close();
      terminal.stderr.write('\n');
      reject(interruption('Interrupted. Nothing was started.'));
    });
    lines.once('close', () => {
      if (!isAnswered) resolve('');
    });
    lines.question(question, (answer) => {
      isAnswered = true;
      lines.close();
      resolve(answer);
    });
  });
}
