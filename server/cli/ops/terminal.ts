/** A stream that is written to: a terminal, a pipe or a test's buffer. */
export interface Sink {
  write(text: string): unknown;
  isTTY?: boolean;
  columns?: number;
  rows?: number;
  on?(event: 'resize', listener: () => void): unknown;
  off?(event: 'resize', listener: () => void): unknown;
}

/** A stream that answers come from. */
export type Source = NodeJS.ReadableStream & {
  isTTY?: boolean;
  setRawMode?(mode: boolean): unknown;
};

/** What surrounds one call of `ops`. */
export interface Terminal {
  stdin: Source;
  stdout: Sink;
  stderr: Sink;
  env: Record<string, string | undefined>;
  /** ms since the epoch */
  now(): number;
  /** Calls `listener` at each Ctrl-C (SIGINT) or SIGTERM. @returns the call that ends that */
  onInterrupt(listener: () => void): () => void;
}

/** The width that lines are fitted to; null where nobody looks, as in a pipe. */
export function widthOf(sink: Sink): number | null {
  return sink.isTTY ? Math.max(40, sink.columns || 80) : null;
}

/** Somebody is there to be asked: questions are written to standard error and answered on standard input. */
export function canAsk(terminal: Terminal): boolean {
  return terminal.stdin.isTTY === true && terminal.stderr.isTTY === true;
}
