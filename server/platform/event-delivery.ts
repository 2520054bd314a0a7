import type { App } from '#server/platform/context';
import { systemActor } from '#server/platform/context';
import { messageOf } from '#server/platform/errors';

interface Claimed {
  id: bigint;
  eventId: bigint;
  handler: string;
  attempts: number;
  payload: unknown;
  requestId: string | null;
}

/** After so many failed attempts a delivery waits for a person; about a day with the pauses below. */
const MAX_ATTEMPTS = 20;
const MAX_PAUSE_MS = 3_600_000;
const BATCH = 20;

/** Pause before the next attempt: 1 s, doubled each time, at most an hour. */
export function pauseBeforeAttempt(attempts: number): number {
  return Math.min(1_000 * 2 ** Math.max(0, attempts - 1), MAX_PAUSE_MS);
}

/**
 * Delivers what is due, oldest first, each under a lease: a delivery whose worker dies is made again by another after
 * the lease. @returns how many were tried
 */
export async function deliverEvents(app: App, workerId: string): Promise<number> {
  const ctx = app.for(systemActor('event delivery'));
  const claimed = await ctx.db.$queryRaw<Claimed[]>`
    UPDATE event_delivery d SET lease_until = clock_timestamp() + ${app.env.EVENT_LEASE_MS} * interval '1 millisecond',
      worker_id = ${workerId}::uuid, attempts = d.attempts + 1
    FROM (
      SELECT id FROM event_delivery
      WHERE status = 'pending' AND next_attempt_at <= clock_timestamp()
        AND (lease_until IS NULL OR lease_until < clock_timestamp())
      ORDER BY id LIMIT ${BATCH} FOR UPDATE SKIP LOCKED
    ) due, event e
    WHERE d.id = due.id AND e.id = d.event_id
    RETURNING d.id, d.event_id AS "eventId", d.handler, d.attempts, e.payload, e.request_id AS "requestId"`;
  claimed.sort((a, b) => (a.id < b.id ? -1 : 1));
  for (const delivery of claimed) await deliver(app, delivery);
  return claimed.length;
}

async function deliver(app: App, delivery: Claimed): Promise<void> {
  const ctx = app.for(systemActor(delivery.handler), { requestId: delivery.requestId ?? undefined });
  const handler = app.events.find(delivery.handler);
  try {
    if (!handler) throw new Error(`No handler is named "${delivery.handler}"`);
    await handler.handle(ctx, delivery.payload, delivery.eventId);
    await ctx.db.$executeRaw`
      UPDATE event_delivery SET status = 'delivered', delivered_at = clock_timestamp(), lease_until = NULL, last_error = NULL
      WHERE id = ${delivery.id}`;
  } catch (error) {
    const isLast = delivery.attempts >= MAX_ATTEMPTS;
    ctx.log.error(
      { err: error, handler: delivery.handler, attempts: delivery.attempts, isLast },
      'event not delivered',
    );
    await ctx.db.$executeRaw`
      UPDATE event_delivery SET status = ${isLast ? 'failed' : 'pending'}, lease_until = NULL,
        last_error = ${messageOf(error).slice(0, 2_000)},
        next_attempt_at = clock_timestamp() + ${pauseBeforeAttempt(delivery.attempts)} * interval '1 millisecond'
      WHERE id = ${delivery.id}`;
  }
}
