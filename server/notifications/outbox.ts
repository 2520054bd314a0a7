import type { AttemptOutcome, Channel } from '#server/notifications/contract';
import type { SendResult } from '#server/notifications/drivers/driver';
import { backoffMs, utcTime } from '#server/notifications/state';
import type { Ctx } from '#server/platform/context';
import { notify } from '#server/platform/notify';

/** A delivery that this worker holds until its lease ends. `attempt` proves the hold in every later write. */
export interface Claim {
  notificationId: string;
  channel: Channel;
  attempt: number;
  startedAt: Date;
  openSince: Date;
}

interface ClaimedRow extends Claim {
  lostLeaseUntil: Date | null;
}

/** The channels that have something which is not sent yet. */
export async function channelsWithWork(ctx: Ctx): Promise<Channel[]> {
  const rows = await ctx.db.$queryRaw<{ channel: Channel }[]>`
    SELECT DISTINCT channel FROM notification_delivery WHERE state IN ('pending', 'sending')`;
  return rows.map(({ channel }) => channel);
}

/**
 * Takes the oldest delivery of the channel that is due and has nothing of its group before it, or one whose worker's
 * lease has ended. What became of that worker's attempt is noted as not known. @returns null when there is none
 */
export async function claimDelivery(ctx: Ctx, workerId: string, channel: Channel): Promise<Claim | null> {
  return ctx.transaction(async (tx) => {
    const [row] = await tx.db.$queryRaw<ClaimedRow[]>`
      UPDATE notification_delivery d SET state = 'sending', attempts = d.attempts + 1, worker_id = ${workerId}::uuid,
        lease_until = clock_timestamp() + ${ctx.env.NOTIFICATION_LEASE_MS} * interval '1 millisecond'
      FROM (
        SELECT c.notification_id, c.lease_until FROM notification_delivery c
        JOIN notification_channel ch ON ch.channel = c.channel
        WHERE c.channel = ${channel}
          AND ((c.state = 'pending' AND c.next_attempt_at <= clock_timestamp()
                AND (ch.hold_until IS NULL OR ch.hold_until <= clock_timestamp()))
            OR (c.state = 'sending' AND c.lease_until < clock_timestamp()))
          AND NOT EXISTS (
            SELECT 1 FROM notification_delivery earlier
            WHERE earlier.group_key = c.group_key AND earlier.sequence < c.sequence
              AND earlier.state IN ('pending', 'sending'))
        ORDER BY c.created_at, c.sequence LIMIT 1 FOR UPDATE OF c SKIP LOCKED
      ) due
      WHERE d.notification_id = due.notification_id
      RETURNING d.notification_id::text AS "notificationId", d.channel, d.attempts AS attempt,
        clock_timestamp() AS "startedAt", d.open_since AS "openSince", due.lease_until AS "lostLeaseUntil"`;
    if (!row) return null;
    const { lostLeaseUntil, ...claim } = row;
    if (lostLeaseUntil) {
      await recordAttempt(
        tx,
        {
          ...claim,
          attempt: claim.attempt - 1,
          startedAt: new Date(lostLeaseUntil.getTime() - ctx.env.NOTIFICATION_LEASE_MS),
        },
        null,
        'unknown',
        null,
        'Its worker ended before it knew the answer. The message may have arrived.',
      );
    }
    return claim;
  });
}

/**
 * Writes down what became of an attempt, and on a failure of the channel holds all of it for a while. A worker that has
 * lost its lease changes nothing. @param unmapped handles that had no Slack id
 */
export async function settleDelivery(
  ctx: Ctx,
  workerId: string,
  claim: Claim,
  result: SendResult | { outcome: 'skipped'; reason: string },
  unmapped: readonly string[] = [],
): Promise<void> {
  await ctx.transaction(async (tx) => {
    const next = await nextStanding(tx, claim, result);
    const written = await tx.db.$executeRaw`
      UPDATE notification_delivery SET state = ${next.state}, reason = ${next.reason}, last_status = ${next.status}::int,
        next_attempt_at = coalesce(${next.nextAttemptAt}::timestamptz, next_attempt_at),
        ended_at = CASE WHEN ${next.state} = 'pending' THEN NULL ELSE clock_timestamp() END,
        unmapped = ${[...unmapped]}::text[], lease_until = NULL, worker_id = NULL
      WHERE notification_id = ${claim.notificationId}::uuid AND state = 'sending' AND attempts = ${claim.attempt}
        AND worker_id = ${workerId}::uuid`;
    await recordAttempt(tx, claim, workerId, result.outcome, next.status, next.reason);
    if (written === 0) {
      tx.log.warn(
        { notificationId: claim.notificationId, attempt: claim.attempt },
        'lease lost while sending',
      );
      return;
    }
    if (result.outcome === 'sent') {
      // A hold that still runs began while this message was under way: Slack is not asked again before its end.
      await tx.db.$executeRaw`
        UPDATE notification_channel SET failures = 0, last_sent_at = clock_timestamp(),
          hold_reason = CASE WHEN hold_until > clock_timestamp() THEN hold_reason END,
          hold_until = CASE WHEN hold_until > clock_timestamp() THEN hold_until END
        WHERE channel = ${claim.channel}`;
    } else if (next.holdUntil) {
      await tx.db.$executeRaw`
        UPDATE notification_channel SET failures = failures + 1, hold_reason = ${next.reason},
          hold_until = greatest(hold_until, ${next.holdUntil}::timestamptz)
        WHERE channel = ${claim.channel}`;
    }
    await notify(tx.db, { kind: 'notification' });
  });
}

interface NextStanding {
  state: 'pending' | 'sent' | 'failed' | 'skipped';
  reason: string | null;
  status: number | null;
  nextAttemptAt: Date | null;
  holdUntil: Date | null;
}

async function nextStanding(
  tx: Ctx,
  claim: Claim,
  result: SendResult | { outcome: 'skipped'; reason: string },
): Promise<NextStanding> {
  const ended = { nextAttemptAt: null, holdUntil: null };
  if (result.outcome === 'sent') return { ...ended, state: 'sent', reason: null, status: result.status };
  if (result.outcome === 'skipped')
    return { ...ended, state: 'skipped', reason: result.reason, status: null };
  if (result.outcome === 'refused') {
    return { ...ended, state: 'failed', reason: result.reason, status: result.status };
  }
  const [channel] = await tx.db.$queryRaw<{ failures: number; now: Date }[]>`
    SELECT failures, clock_timestamp() AS now FROM notification_channel WHERE channel = ${claim.channel} FOR UPDATE`;
  const now = channel?.now ?? claim.startedAt;
  const settings = { baseMs: tx.env.NOTIFICATION_RETRY_MS, maxMs: tx.env.NOTIFICATION_RETRY_MAX_MS };
  const channelMs = backoffMs((channel?.failures ?? 0) + 1, settings, Math.random());
  const own = later(now, backoffMs(claim.attempt, settings, Math.random()));
  const asked = result.outcome === 'wait' ? later(now, result.waitMs ?? channelMs) : null;
  const reason =
    result.outcome === 'wait' ? `Slack asks to wait until ${utcTime(asked ?? now)}.` : result.reason;
  const openMs = now.getTime() - claim.openSince.getTime();
  if (openMs > tx.env.NOTIFICATION_GIVE_UP_HOURS * 3_600_000) {
    const gaveUp = `Given up after ${tx.env.NOTIFICATION_GIVE_UP_HOURS} h. ${reason}`;
    return { state: 'failed', reason: gaveUp, status: result.status, nextAttemptAt: null, holdUntil: asked };
  }
  return {
    state: 'pending',
    reason,
    status: result.status,
    nextAttemptAt: asked ?? own,
    holdUntil: asked ?? later(now, channelMs),
  };
}

async function recordAttempt(
  tx: Ctx,
  claim: Claim,
  workerId: string | null,
  outcome: AttemptOutcome,
  status: number | null,
  reason: string | null,
): Promise<void> {
  // The one that took over may have noted this attempt as not known.
  await tx.db.$executeRaw`
    INSERT INTO notification_attempt (notification_id, attempt, outcome, status, reason, worker_id, started_at)
    VALUES (${claim.notificationId}::uuid, ${claim.attempt}, ${outcome}, ${status}::int, ${reason}, ${workerId}::uuid,
      ${claim.startedAt}::timestamptz)
    ON CONFLICT DO NOTHING`;
}

function later(at: Date, ms: number): Date {
  return new Date(at.getTime() + ms);
}
