import { createHash } from 'node:crypto';
import type { DeliveryState } from '#server/notifications/contract';

/** How long to wait for the next attempt after `failures` in a row. */
export interface BackoffSettings {
  baseMs: number;
  maxMs: number;
}

/**
 * Wait before the next attempt, ms: `baseMs`, doubled with each failure, at most `maxMs`; of that at least the half, the
 * rest by `random` (0 to 1), so that what failed together does not come back together.
 */
export function backoffMs(failures: number, { baseMs, maxMs }: BackoffSettings, random: number): number {
  const full = Math.min(baseMs * 2 ** Math.min(Math.max(0, failures - 1), 30), maxMs);
  return Math.round(full / 2 + (full / 2) * random);
}

/** Slack never asks for more; an absurd answer must not silence a channel for days. */
const LONGEST_WAIT_MS = 3_600_000;

/**
 * What a `Retry-After` header asks for, ms: seconds or an HTTP date; at most an hour.
 * @returns null when there is none or it says nothing
 */
export function retryAfterMs(header: string | null, now: Date): number | null {
  const text = header?.trim() ?? '';
  const ms = /^\d+(\.\d+)?$/.test(text) ? Number(text) * 1_000 : Date.parse(text) - now.getTime();
  return text === '' || Number.isNaN(ms) ? null : Math.min(Math.max(0, ms), LONGEST_WAIT_MS);
}

/** `12:03:10 UTC`, rounded up, so that nobody is told a time before it is over. */
export function utcTime(at: Date): string {
  return `${new Date(Math.ceil(at.getTime() / 1_000) * 1_000).toISOString().slice(11, 19)} UTC`;
}

/** A webhook as it may be shown: its host and eight characters that tell two secrets apart. */
export function describeWebhook(url: string): { host: string; fingerprint: string } {
  return { host: new URL(url).host, fingerprint: createHash('sha256').update(url).digest('hex').slice(0, 8) };
}

/** What Slack turns into a mention of a member or of a user group; the plain handle where nobody is known. */
export function mentionText(handle: string, slackId: string | null): string {
  if (!slackId) return `@${handle}`;
  return slackId.startsWith('S') ? `<!subteam^${slackId}>` : `<@${slackId}>`;
}

/** What a waiting delivery waits for, as far as the database knows. */
export interface Standing {
  state: DeliveryState;
  reason: string | null;
  nextAttemptAt: Date;
  /** The place in its group of an earlier one that has not ended. */
  earlierSequence: number | null;
  holdUntil: Date | null;
  holdReason: string | null;
}

/** With a worker alive, nothing that is due waits longer. */
const TAKEN_WITHIN_MS = 10_000;

/** Why a delivery stands where it stands, for people; null when it is plain. */
export function reasonOf(standing: Standing, now: Date): string | null {
  const { state, reason, nextAttemptAt, earlierSequence, holdUntil, holdReason } = standing;
  if (state !== 'pending') return reason;
  if (earlierSequence !== null)
    return `Waits for number ${earlierSequence} of the same group, which comes first.`;
  if (holdUntil && holdUntil > now) return holdReason ?? reason;
  if (reason) return reason;
  const isLate = now.getTime() - nextAttemptAt.getTime() > TAKEN_WITHIN_MS;
  return isLate ? 'No worker has taken it yet: see whether one is running.' : null;
}
