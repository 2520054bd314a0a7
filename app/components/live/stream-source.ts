import { type LiveEvent, type LiveState, lastSeq } from '#app/components/live/protocol';
import { advance, NO_WISH, serves, streamUrl, type Wish } from '#app/components/live/topics';
import type { RunLogLine } from '#server/runs/contract';

/** What of an EventSource is used; a test brings its own. */
export interface SourceLike {
  readonly readyState: number;
  addEventListener(name: string, listener: (event: MessageEvent<string>) => void): void;
  close(): void;
}

const CLOSED = 2;
/** Time in which several changes of what is wanted become one reopening, ms. */
const SETTLE_MS = 40;
/** Waits before a stream that the browser gave up is opened again, ms. */
const RETRY_MS = [1_000, 2_000, 5_000, 10_000, 30_000] as const;

/**
 * Keeps one event stream open for what is wanted now. The browser reconnects a broken stream by itself with
 * `Last-Event-ID`; one that the server refused is opened again after a pause. When the topics change, the stream is
 * opened anew with each run's own cursor, so that no line is lost and none comes twice.
 */
export class StreamSource {
  #source: SourceLike | null = null;
  #open: Wish = NO_WISH;
  #wanted: Wish = NO_WISH;
  #delivered: Record<string, number> = {};
  #settle: ReturnType<typeof setTimeout> | undefined;
  #failures = 0;
  #hasBeenLive = false;

  constructor(
    private readonly parts: {
      openSource: (url: string) => SourceLike;
      onEvent: (event: LiveEvent) => void;
      onState: (state: LiveState) => void;
    },
  ) {}

  want(wish: Wish): void {
    this.#wanted = wish;
    clearTimeout(this.#settle);
    if (this.#source && serves(this.#open, wish, this.#delivered)) return;
    this.#settle = setTimeout(() => this.#reopen(), SETTLE_MS);
  }

  stop(): void {
    clearTimeout(this.#settle);
    this.#source?.close();
    this.#source = null;
  }

  #reopen(): void {
    this.#source?.close();
    this.#source = null;
    const url = streamUrl(this.#wanted);
    if (!url) return;
    this.#open = this.#wanted;
    this.#delivered = {};
    const source = this.parts.openSource(url);
    this.#source = source;
    const current = (handle: (event: MessageEvent<string>) => void) => (event: MessageEvent<string>) => {
      if (this.#source === source) handle(event);
    };
    source.addEventListener(
      'open',
      current(() => this.#opened()),
    );
    source.addEventListener(
      'error',
      current(() => this.#failed(source)),
    );
    source.addEventListener(
      'log',
      current((event) => this.#log(event)),
    );
    source.addEventListener(
      'run',
      current((event) => this.parts.onEvent({ name: 'run', snapshot: JSON.parse(event.data) })),
    );
    for (const name of ['environment', 'incident'] as const) {
      source.addEventListener(
        name,
        current((event) => this.parts.onEvent({ name, ...JSON.parse(event.data) })),
      );
    }
  }

  #opened(): void {
    this.#failures = 0;
    this.parts.onState('live');
    if (this.#hasBeenLive) this.parts.onEvent({ name: 'resync' });
    this.#hasBeenLive = true;
  }

  #failed(source: SourceLike): void {
    this.parts.onState('reconnecting');
    if (source.readyState !== CLOSED) return;
    const wait = RETRY_MS[Math.min(this.#failures, RETRY_MS.length - 1)];
    this.#failures += 1;
    clearTimeout(this.#settle);
    this.#settle = setTimeout(() => this.#reopen(), wait);
  }

  #log(event: MessageEvent<string>): void {
    const lines: StreamedLine[] = JSON.parse(event.data);
    const runId = lines[0]?.runId;
    if (!runId) return;
    const last = lastSeq(lines);
    this.#delivered[runId] = Math.max(this.#delivered[runId] ?? 0, last);
    this.#wanted = advance(this.#wanted, runId, last);
    this.parts.onEvent({ name: 'log', runId, lines });
  }
}

/** A stream may carry several runs; one event has lines of one of them. */
type StreamedLine = RunLogLine & { runId: string };
