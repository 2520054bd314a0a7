import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { type InputOf, OPERATIONS, type OperationId, type OutputOf } from '#server/api/operations';
import { type Client, type LiveEvent, type LiveFrom, StreamUnavailable } from '#server/cli/ops/client/client';
import { readEventStream } from '#server/cli/ops/client/event-stream';
import { type ApiRequest, breakageOf, failureOf, reasonOf, toRequest } from '#server/cli/ops/client/request';
import { EXIT } from '#server/cli/ops/exit-codes';
import { interruption, OpsFailure } from '#server/cli/ops/failure';
import { type Health, health } from '#server/http/contract';

/** Waits before a request that broke is sent again, ms. */
const RETRY_MS = [200, 500, 1_000, 2_000];
/** The console pings a quiet stream every 15 s; one that is silent for this long is dead. */
const STREAM_SILENCE_MS = 45_000;

export interface HttpOptions {
  url: string;
  token: string | null;
  /** How long one answer may take, ms. */
  timeoutMs: number;
  /** Aborted at Ctrl-C. */
  signal: AbortSignal;
  retryMs?: readonly number[];
  streamSilenceMs?: number;
}

/**
 * The console over its HTTP API. A write carries an idempotency key and is sent again with it when the connection breaks
 * before the answer, so that it happens once.
 */
export class HttpClient implements Client {
  readonly place: string;
  readonly #options: HttpOptions;

  constructor(options: HttpOptions) {
    this.#options = options;
    this.place = options.url;
  }

  async call<K extends OperationId>(id: K, input: InputOf<K>): Promise<OutputOf<K>> {
    const operation = OPERATIONS[id];
    const request = toRequest(operation, input as Record<string, unknown>);
    const { status, location, text } = await this.#send(request);
    if (status === 204) return undefined as OutputOf<K>;
    if (status < 200 || status >= 300) throw failureOf(status, location, text, this.place);
    try {
      return JSON.parse(text) as OutputOf<K>;
    } catch {
      throw failureOf(status, location, '', this.place);
    }
  }

  readonly live = (from: LiveFrom): AsyncIterable<LiveEvent> => this.#stream(from);

  async health(): Promise<Health> {
    const answer = await this.#send({ method: 'GET', path: '/api/health', body: null });
    try {
      // 503 is an answer as well: it says what is not well.
      return health.parse(JSON.parse(answer.text));
    } catch {
      throw failureOf(answer.status, answer.location, answer.text, this.place);
    }
  }

  async close(): Promise<void> {
    // Connections of `fetch` keep no process alive.
  }

  async #send(request: ApiRequest): Promise<{ status: number; location: string | null; text: string }> {
    const { signal, timeoutMs } = this.#options;
    const retryMs = this.#options.retryMs ?? RETRY_MS;
    const isWrite = request.method !== 'GET';
    const headers = { ...this.#headers(), Accept: 'application/json' };
    const writing = { ...headers, 'Content-Type': 'application/json', 'Idempotency-Key': randomUUID() };
    const deadline = performance.now() + timeoutMs;
    let wasOnItsWay = false;
    for (let attempt = 0; ; attempt += 1) {
      try {
        const response = await fetch(`${this.#options.url}${request.path}`, {
          method: request.method,
          headers: isWrite ? writing : headers,
          body: request.body,
          redirect: 'manual',
          signal: AbortSignal.any([
            signal,
            AbortSignal.timeout(Math.max(1, Math.ceil(deadline - performance.now()))),
          ]),
        });
        const text = await response.text();
        return { status: response.status, location: response.headers.get('Location'), text };
      } catch (error) {
        if (signal.aborted) throw interrupted(isWrite);
        const breakage = breakageOf(error);
        if (breakage !== 'unsent') wasOnItsWay = true;
        const waitMs = retryMs[attempt];
        // Without a token nobody keeps the key: a write would happen twice.
        const isOnce = !isWrite || this.#options.token !== null;
        const mayRetry = isOnce && wasOnItsWay && breakage !== 'late' && waitMs !== undefined;
        if (!mayRetry || performance.now() + waitMs >= deadline) {
          throw this.#unreachable(error, isWrite && wasOnItsWay);
        }
        await delay(waitMs, undefined, { signal }).catch(() => {
          throw interrupted(isWrite);
        });
      }
    }
  }

  #headers(): Record<string, string> {
    const { token } = this.#options;
    return { 'User-Agent': 'ops', ...(token ? { Authorization: `Bearer ${token}` } : {}) };
  }

  #unreachable(cause: unknown, mayBeTaken: boolean): OpsFailure {
    const seconds = this.#options.timeoutMs / 1_000;
    const why = breakageOf(cause) === 'late' ? `no answer within ${seconds} s` : reasonOf(cause);
    const options = { kind: 'unreachable', cause };
    if (mayBeTaken) {
      return new OpsFailure(
        EXIT.unavailable,
        `The connection to ${this.place} broke in the middle of the request (${why}). It may have been taken.`,
        {
          ...options,
          hint: 'Look at "ops runs list" before you repeat it; --direct looks at the database itself.',
        },
      );
    }
    return new OpsFailure(
      EXIT.unavailable,
      `No console answers at ${this.place}: ${why}. Nothing is known to have been started.`,
      {
        ...options,
        hint: 'Another address: --url or OPS_URL. When only the web process is down, --direct goes straight to the database.',
      },
    );
  }

  async *#stream({ runId, afterSeq, lastEventId, signal }: LiveFrom): AsyncGenerator<LiveEvent> {
    const silence = new AbortController();
    const silenceMs = this.#options.streamSilenceMs ?? STREAM_SILENCE_MS;
    const watch = setTimeout(() => silence.abort(), silenceMs);
    try {
      const query = new URLSearchParams({ run: runId, after: String(afterSeq) });
      const response = await fetch(`${this.#options.url}/streams/live?${query}`, {
        headers: {
          ...this.#headers(),
          Accept: 'text/event-stream',
          ...(lastEventId ? { 'Last-Event-ID': lastEventId } : {}),
        },
        redirect: 'manual',
        signal: AbortSignal.any([signal, silence.signal]),
      });
      const isStream = response.headers.get('Content-Type')?.startsWith('text/event-stream') ?? false;
      if (!response.ok || !isStream || !response.body) {
        const failure = failureOf(response.status, null, await response.text(), this.place);
        const isAnswer = failure.exitCode === EXIT.denied || failure.exitCode === EXIT.usage;
        throw isAnswer ? failure : new StreamUnavailable(failure.message);
      }
      // Node's streams of the web can be iterated; the browser's types say otherwise.
      const body = response.body as unknown as AsyncIterable<Uint8Array>;
      yield* readEventStream(onEach(body, () => watch.refresh()));
    } catch (error) {
      if (error instanceof OpsFailure || error instanceof StreamUnavailable) throw error;
      if (this.#options.signal.aborted) throw interrupted(false);
      throw this.#unreachable(error, false);
    } finally {
      clearTimeout(watch);
    }
  }
}

async function* onEach<T>(items: AsyncIterable<T>, seen: () => void): AsyncGenerator<T> {
  for await (const item of items) {
    seen();
    yield item;
  }
}

function interrupted(isWrite: boolean): OpsFailure {
  return interruption(
    isWrite
      ? 'Interrupted in the middle of a request. It may have been taken: look at "ops runs list".'
      : 'Interrupted.',
  );
}
