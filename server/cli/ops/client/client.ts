import type { InputOf, OperationId, OutputOf } from '#server/api/operations';
import type { Health } from '#server/http/contract';

/** An event of a run's live stream. */
export interface LiveEvent {
  id: string;
  type: string;
  data: string;
}

/** How commands reach the console: over HTTP, or in process against its database. */
export interface Client {
  /** Where it talks to, for people. */
  readonly place: string;
  /**
   * Calls an operation. A write is done once, however often it had to be sent.
   * @throws OpsFailure what the console said, or that it cannot be reached
   */
  call<K extends OperationId>(id: K, input: InputOf<K>): Promise<OutputOf<K>>;
  /**
   * A run's live stream from behind a line, or from behind the event that was seen last. It ends when the console ends
   * it. Null where there is none: ask again and again instead.
   * @throws StreamUnavailable when there is none after all, OpsFailure otherwise
   */
  readonly live: ((from: LiveFrom) => AsyncIterable<LiveEvent>) | null;
  /** How the console is; open to anyone. @throws OpsFailure when it cannot be asked */
  health(): Promise<Health>;
  close(): Promise<void>;
}

export interface LiveFrom {
  runId: string;
  afterSeq: number;
  lastEventId: string | null;
  signal: AbortSignal;
}

/** The console answers, but not with an event stream: a proxy in between may not let it through. */
export class StreamUnavailable extends Error {
  override name = 'StreamUnavailable';
}

/** Why no worker takes runs, one sentence; null when one does. @throws OpsFailure when that cannot be asked */
export async function workerTrouble(client: Client): Promise<string | null> {
  const { checks } = await client.health();
  const worker = checks.find((check) => check.name === 'worker');
  return worker && worker.status !== 'ok' ? (worker.message ?? 'No worker answers.') : null;
}
