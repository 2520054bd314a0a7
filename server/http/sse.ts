import type { Response } from 'express';

/** A reader that takes nothing for this long is gone, ms. */
const STALLED_MS = 60_000;

export interface EventStream {
  /** Sends one event; resolves when the connection can take more, or has ended. */
  send(event: string, data: unknown, id: string): Promise<void>;
  /** Keeps proxies and the browser from taking a quiet stream for a dead one. */
  ping(): void;
  end(): void;
  readonly isOpen: boolean;
}

/** Starts an event stream (WHATWG HTML, server-sent events) on a response. */
export function openEventStream(res: Response): EventStream {
  res.status(200);
  res.setHeader('Content-Type', 'text/event-stream; charset=utf-8');
  res.setHeader('Cache-Control', 'no-cache, no-transform');
  // Asks nginx not to collect events before passing them on.
  res.setHeader('X-Accel-Buffering', 'no');
  res.flushHeaders();
  res.write('retry: 1000\n\n');
  let isBlocked = false;
  return {
    get isOpen() {
      return !res.writableEnded && !res.destroyed;
    },
    send: async (event, data, id) => {
      if (res.writableEnded || res.destroyed) return;
      // JSON text holds no line break, so one `data` line is enough.
      if (res.write(`id: ${id}\nevent: ${event}\ndata: ${JSON.stringify(data)}\n\n`)) return;
      isBlocked = true;
      await drained(res);
      isBlocked = false;
    },
    ping: () => {
      if (!isBlocked && !res.writableEnded && !res.destroyed) res.write(': ping\n\n');
    },
    end: () => {
      if (!res.writableEnded) res.end();
    },
  };
}

function drained(res: Response): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer);
      res.off('drain', done);
      res.off('close', done);
      resolve();
    };
    const timer = setTimeout(() => res.destroy(), STALLED_MS);
    res.once('drain', done);
    res.once('close', done);
  });
}

/** The last log line sent of each run: what a reconnecting browser hands back as `Last-Event-ID`. */
export function encodeCursor(positions: ReadonlyMap<string, number>): string {
  return [...positions].map(([runId, seq]) => `${runId}.${seq}`).join('~');
}

/** The positions of a cursor; parts that are none are left out, so a foreign cursor reads as the beginning. */
export function decodeCursor(cursor: string | undefined): Map<string, number> {
  const positions = new Map<string, number>();
  for (const part of (cursor ?? '').split('~')) {
    const match = /^([0-9a-f-]{36})\.(\d{1,9})$/.exec(part);
    if (match?.[1]) positions.set(match[1], Number(match[2]));
  }
  return positions;
}
