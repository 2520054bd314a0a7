import type { Channel } from '#server/notifications/contract';
import { defineToken } from '#server/platform/context';

/** A notification as it goes out. */
export interface Message {
  notificationId: string;
  channel: Channel;
  kind: string;
  subject: string;
  text: string;
  fields: { name: string; value: string }[];
  /** Whom to ring: `slackId` null shows the handle and rings nobody. */
  mentions: { handle: string; slackId: string | null }[];
  isResolved: boolean;
  /** A whole address of this console. */
  url: string | null;
  /** The same for every message that tells of the same notification. */
  idempotencyKey: string;
  createdAt: Date;
}

/**
 * What became of one attempt. `again` and `wait` are the channel's fault or its wish, so it may be tried later; `refused`
 * is this message's, and trying again changes nothing. Reasons are for people and hold no secret.
 */
export type SendResult =
  | { outcome: 'sent'; status: number }
  | { outcome: 'again'; status: number | null; reason: string }
  | { outcome: 'wait'; status: number; waitMs: number | null }
  | { outcome: 'refused'; status: number; reason: string };

/** The way out. Where a channel leads is a secret that only the driver reads. */
export interface NotificationDriver {
  /** Where a channel leads, as it may be shown; null when it is not set up. */
  describe(channel: Channel): { host: string; fingerprint: string } | null;
  /** Sends one message once; never throws for what the other side does. */
  send(message: Message): Promise<SendResult>;
}

export const NOTIFICATION_DRIVER = defineToken<NotificationDriver>('notification driver');
