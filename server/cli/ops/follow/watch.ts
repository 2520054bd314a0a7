import { setTimeout as delay } from 'node:timers/promises';
import { type Client, StreamUnavailable } from '#server/cli/ops/client/client';
import type { Ops } from '#server/cli/ops/command';
import { EXIT } from '#server/cli/ops/exit-codes';
import { interruption, OpsFailure } from '#server/cli/ops/failure';
import type { RunLogLine, RunSnapshot, RunStatus } from '#server/runs/contract';

/** What following a run calls. */
export type FollowCalls = 'getRun' | 'readRunLog';

/** What changes while a run goes on. */
export type RunState = Pick<
  RunSnapshot,
  | 'status'
  | 'startedAt'
  | 'endedAt'
  | 'deadlineAt'
  | 'error'
  | 'cancelReason'
  | 'steps'
  | 'lastLogSeq'
  | 'readAt'
>;

export type RunUpdate =
  | { type: 'lines'; lines: RunLogLine[] }
  | { type: 'state'; state: RunState }
  /** The console cannot be reached for now, or can be reached again. */
  | { type: 'away'; isAway: boolean };

export interface WatchOptions {
  runId: string;
  /** Lines up to here are known. */
  afterSeq: number;
  signal: AbortSignal;
  pollMs?: number;
  /** Waits before trying again, ms; the last one repeats. */
  backoffMs?: readonly number[];
  /** A console that could not be reached for this long is given up, ms. */
  giveUpMs?: number;
}

const RESTING: readonly RunStatus[] = ['succeeded', 'failed', 'cancelled', 'timed_out', 'needs_attention'];
const BACKOFF_MS = [250, 500, 1_000, 2_000, 5_000];
const POLL_MS = 400;
const GIVE_UP_MS = 300_000;
/** Streams that fail so often in a row are not tried again while asking works. */
const STREAM_TRIES = 3;
const LINES_AT_ONCE = 1_000;

/** Nothing more happens to it by itself. */
export function isResting(status: RunStatus): boolean {
  return RESTING.includes(status);
}

/**
 * A run's log lines, each once and in order, and its changes of state, until it rests and every line was given. Over the
 * live stream, which is taken up again where it broke; by asking again and again where there is none.
 * @throws OpsFailure `interrupted` at the signal, or what the console said, or that it was away for too long
 */
export async function* watchRun(ops: Ops<FollowCalls>, options: WatchOptions): AsyncGenerator<RunUpdate> {
  const watcher = new Watcher(ops, await ops.client(), options);
  yield* watcher.watch();
}

class Watcher {
  readonly #backoffMs: readonly number[];
  #lastSeq: number;
  #lastEventId: string | null = null;
  #streamFailures = 0;
  #failures = 0;
  #awaySince: number | null = null;
  #isOver = false;

  constructor(
    readonly ops: Ops<FollowCalls>,
    readonly client: Client,
    readonly options: WatchOptions,
  ) {
    this.#lastSeq = options.afterSeq;
    this.#backoffMs = options.backoffMs ?? BACKOFF_MS;
    if (!client.live) this.#streamFailures = Number.POSITIVE_INFINITY;
  }

  async *watch(): AsyncGenerator<RunUpdate> {
    for (;;) {
      this.#throwIfStopped();
      const doesStream = this.#streamFailures < STREAM_TRIES;
      try {
        yield* doesStream ? this.#stream() : this.#poll();
        if (this.#isOver) return;
        if (this.#awaySince !== null && !doesStream && this.client.live) this.#streamFailures = 0;
        if (this.#failures > 1) yield { type: 'away', isAway: false };
        this.#failures = 0;
        this.#awaySince = null;
      } catch (error) {
        this.#throwIfStopped();
        if (error instanceof StreamUnavailable) {
          this.#streamFailures = Number.POSITIVE_INFINITY;
          continue;
        }
        if (!isAway(error)) throw error;
        if (doesStream) this.#streamFailures += 1;
        this.#failures += 1;
        this.#awaySince ??= performance.now();
        if (performance.now() - this.#awaySince > (this.options.giveUpMs ?? GIVE_UP_MS)) throw error;
        if (this.#failures === 2) yield { type: 'away', isAway: true };
      }
      await this.#wait();
    }
  }

  async *#stream(): AsyncGenerator<RunUpdate> {
    const { runId, signal } = this.options;
    const from = { runId, afterSeq: this.#lastSeq, lastEventId: this.#lastEventId, signal };
    for await (const event of this.client.live?.(from) ?? []) {
      this.#streamFailures = 0;
      if (event.type === 'log') yield* this.#take(parse<(RunLogLine & { runId: string })[]>(event.data));
      // Only what has been taken in may be left out by the next stream.
      if (event.id) this.#lastEventId = event.id;
      if (event.type !== 'run') continue;
      yield* this.#settle(parse<RunSnapshot>(event.data));
      if (this.#isOver) return;
    }
  }

  async *#poll(): AsyncGenerator<RunUpdate> {
    const { runId } = this.options;
    const run = await this.ops.call('getRun', { runId });
    yield* this.#readUpTo(run.lastLogSeq);
    yield* this.#settle(run);
  }

  async *#settle(state: RunState): AsyncGenerator<RunUpdate> {
    if (isResting(state.status)) yield* this.#readUpTo(state.lastLogSeq);
    yield { type: 'state', state };
    this.#isOver = isResting(state.status);
  }

  async *#readUpTo(seq: number): AsyncGenerator<RunUpdate> {
    const { runId } = this.options;
    while (this.#lastSeq < seq) {
      const { rows } = await this.ops.call('readRunLog', {
        runId,
        afterSeq: this.#lastSeq,
        limit: LINES_AT_ONCE,
      });
      if (rows.length === 0) return;
      yield* this.#take(rows);
    }
  }

  *#take(lines: RunLogLine[]): Generator<RunUpdate> {
    const fresh = lines.filter((line) => line.seq > this.#lastSeq);
    this.#lastSeq = fresh.at(-1)?.seq ?? this.#lastSeq;
    if (fresh.length > 0) yield { type: 'lines', lines: fresh };
  }

  async #wait(): Promise<void> {
    const index = Math.min(this.#failures, this.#backoffMs.length) - 1;
    const ms = this.#failures > 0 ? this.#backoffMs[index] : (this.options.pollMs ?? POLL_MS);
    await delay(ms, undefined, { signal: this.options.signal }).catch(() => this.#throwIfStopped());
  }

  #throwIfStopped(): void {
    const { signal } = this.options;
    if (!signal.aborted) return;
    throw signal.reason instanceof OpsFailure ? signal.reason : interruption('Interrupted.');
  }
}

function parse<T>(data: string): T {
  try {
    return JSON.parse(data) as T;
  } catch (cause) {
    throw new OpsFailure(EXIT.unavailable, 'The live stream cannot be read.', { kind: 'unreachable', cause });
  }
}

/** The console may come back; what it says about the request itself it would say again. */
function isAway(error: unknown): boolean {
  return error instanceof OpsFailure && ['unreachable', 'unavailable', 'rate_limited'].includes(error.kind);
}
