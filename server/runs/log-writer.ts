import type { Ctx } from '#server/platform/context';
import { isTransientDatabaseError } from '#server/platform/database-errors';
import { messageOf } from '#server/platform/errors';
import { FencedError } from '#server/runs/abort';
import type { Claim } from '#server/runs/ledger';
import { stripControl } from '#server/runs/redact';

/** A line is cut when it is read (`splitLines`); this holds whatever else is written. */
const MAX_STORED = 10_000;
/**
 * Lines kept of one step from its beginning; past that only the newest TAIL_LINES are held in memory and written when
 * the step ends, so that a flood costs neither the database nor the reader, and the end, where the reason stands, stays.
 */
export const HEAD_LINES = 20_000;
export const TAIL_LINES = 500;
const MAX_BATCH = 1_000;

interface Line {
  stepIndex: number;
  at: Date;
  stream: 'stdout' | 'stderr' | 'system';
  text: string;
}

/**
 * The ordered log of a run under one claim. Lines get their sequence number when they are stored; batches go out one
 * after the other every few milliseconds and carry the fencing token.
 */
export class LogWriter {
  #queue: Line[] = [];
  #tail: Line[] = [];
  #headCount = 0;
  #leftOut = 0;
  #seq: number;
  #timer: NodeJS.Timeout | null = null;
  #writing: Promise<void> = Promise.resolve();
  #stopped = false;

  constructor(
    private readonly ctx: Ctx,
    private readonly claim: Claim,
    private readonly flushMs: number,
    private readonly redact: (text: string) => string,
  ) {
    this.#seq = claim.lastLogSeq;
  }

  add(stepIndex: number, stream: Line['stream'], text: string, redact = this.redact): void {
    if (this.#stopped) return;
    const clean = redact(stripControl(text));
    const cut =
      clean.length > MAX_STORED ? `${clean.slice(0, MAX_STORED)} … (${clean.length} characters)` : clean;
    const line: Line = { stepIndex, at: this.ctx.clock.now(), stream, text: cut };
    if (stream !== 'system' && ++this.#headCount > HEAD_LINES) {
      this.#tail.push(line);
      if (this.#tail.length > TAIL_LINES) {
        this.#tail.shift();
        this.#leftOut += 1;
      }
      return;
    }
    this.#queue.push(line);
    this.#schedule();
  }

  /** Called at each step's end: writes what is held back and counts anew. Resolves when all is stored. */
  async endStep(stepIndex: number): Promise<void> {
    if (this.#leftOut > 0) {
      this.#queue.push({
        stepIndex,
        at: this.ctx.clock.now(),
        stream: 'system',
        text: `… ${this.#leftOut} lines left out: a step keeps its first ${HEAD_LINES} and its last ${TAIL_LINES}`,
      });
    }
    this.#queue.push(...this.#tail);
    this.#tail = [];
    this.#leftOut = 0;
    this.#headCount = 0;
    await this.flush();
  }

  /** Stores everything queued. @throws FencedError when the claim is gone */
  async flush(): Promise<void> {
    if (this.#timer) clearTimeout(this.#timer);
    this.#timer = null;
    while (this.#queue.length > 0 && !this.#stopped) {
      this.#writing = this.#writing.catch(() => undefined).then(() => this.#writeBatch());
      await this.#writing;
    }
    await this.#writing;
  }

  /** Drops what is not stored: the claim is gone and nothing may be written. */
  stop(): void {
    this.#stopped = true;
    if (this.#timer) clearTimeout(this.#timer);
  }

  #schedule(): void {
    if (this.#timer || this.#stopped) return;
    this.#timer = setTimeout(() => {
      this.#timer = null;
      this.flush().catch((error: unknown) => {
        if (error instanceof FencedError) this.stop();
        else this.ctx.log.error({ err: error }, 'run log could not be stored');
      });
    }, this.flushMs);
  }

  async #writeBatch(): Promise<void> {
    const batch = this.#queue.slice(0, MAX_BATCH);
    if (batch.length === 0) return;
    const first = this.#seq + 1;
    const last = this.#seq + batch.length;
    try {
      const rows = await this.#insert(batch, first, last);
      if (rows === 0) throw new FencedError();
    } catch (error) {
      if (isTransientDatabaseError(error) && !this.#stopped) {
        this.ctx.log.warn({ reason: messageOf(error) }, 'database away, run log waits');
        await new Promise((resolve) => setTimeout(resolve, 200));
        return;
      }
      throw error;
    }
    this.#seq = last;
    this.#queue.splice(0, batch.length);
  }

  /** Repeating a batch whose answer was lost stores nothing twice: the sequence numbers are the key. */
  async #insert(batch: Line[], first: number, last: number): Promise<number> {
    const { runId, fence } = this.claim;
    const rows = await this.ctx.db.$queryRaw<{ held: number }[]>`
      WITH held AS (
        UPDATE run SET last_log_seq = greatest(last_log_seq, ${last})
        WHERE id = ${runId}::uuid AND fence = ${fence} AND lease_until > clock_timestamp() RETURNING id
      ), stored AS (
        INSERT INTO run_log (run_id, seq, step_index, at, stream, text)
        SELECT held.id, ${first} + line.n - 1, line.step_index, line.at, line.stream, line.text
        FROM held, unnest(
          ${batch.map((line) => line.stepIndex)}::int[], ${batch.map((line) => line.at.toISOString())}::timestamptz[],
          ${batch.map((line) => line.stream)}::text[], ${batch.map((line) => line.text)}::text[]
        ) WITH ORDINALITY AS line (step_index, at, stream, text, n)
        ON CONFLICT DO NOTHING
      )
      SELECT count(*)::int AS held, pg_notify('ops', ${JSON.stringify({ kind: 'run', id: runId })})::text FROM held`;
    return rows[0]?.held ?? 0;
  }
}
