import type { Ctx, IdempotencyInfo } from '#server/platform/context';
import { AppError } from '#server/platform/errors';

/** How long the answer to a request is kept for its repetition, hours. */
export const RECORD_HOURS = 24;
const FORGET_BATCH = 1_000;

/** What an earlier request with the same key was answered; `undefined` is an answer, too. */
export interface Recalled {
  result: unknown;
}

interface Row {
  operation: string;
  fingerprint: string;
  result: { value?: unknown } | null;
}

/**
 * The answer to an earlier request of this caller with this key; null when there was none.
 * @throws AppError `unprocessable` when that request was another one
 */
export async function recallResult(ctx: Ctx, request: IdempotencyInfo): Promise<Recalled | null> {
  const [row] = await ctx.db.$queryRaw<Row[]>`
    SELECT operation, fingerprint, result FROM idempotency_record
    WHERE sender = ${senderOf(ctx)} AND key = ${request.key}`;
  if (!row) return null;
  if (row.operation !== request.operation || row.fingerprint !== request.fingerprint) {
    throw new AppError(
      'unprocessable',
      'This Idempotency-Key belongs to another request of yours. Nothing was changed.',
      { hint: 'Send a new key with a new request; repeat a key only with the very same request.' },
    );
  }
  return { result: row.result?.value };
}

/**
 * Takes the key for the caller's transaction, first of all that is done in it. Waits while another transaction holds the
 * key. @returns the answer of the one that had it before, or null when it is ours
 */
export async function takeKey(tx: Ctx, request: IdempotencyInfo): Promise<Recalled | null> {
  const taken = await tx.db.$executeRaw`
    INSERT INTO idempotency_record (sender, key, operation, fingerprint)
    VALUES (${senderOf(tx)}, ${request.key}, ${request.operation}, ${request.fingerprint})
    ON CONFLICT (sender, key) DO NOTHING`;
  return taken === 1 ? null : recallResult(tx, request);
}

/** Keeps the answer with the key that the transaction took. */
export async function keepResult(tx: Ctx, request: IdempotencyInfo, result: unknown): Promise<void> {
  await tx.db.$executeRaw`
    UPDATE idempotency_record SET result = ${JSON.stringify({ value: result })}::json
    WHERE sender = ${senderOf(tx)} AND key = ${request.key}`;
}

/** Removes answers older than {@link RECORD_HOURS}, a batch at a time. @returns how many */
export async function forgetOldRecords(ctx: Ctx): Promise<number> {
  let total = 0;
  for (;;) {
    const gone = await ctx.db.$executeRaw`
      DELETE FROM idempotency_record WHERE (sender, key) IN (
        SELECT sender, key FROM idempotency_record
        WHERE created_at < clock_timestamp() - make_interval(hours => ${RECORD_HOURS})
        ORDER BY created_at LIMIT ${FORGET_BATCH})`;
    total += gone;
    if (gone < FORGET_BATCH) return total;
  }
}

/** A key is its sender's own: nobody reads another's answer. */
function senderOf(ctx: Ctx): string {
  return `${ctx.actor.type}:${ctx.actor.id ?? ctx.actor.name}`;
}
