import * as z from 'zod/mini';
import { recordAudit } from '#server/audit/commands';
import { defineCommand } from '#server/auth/guard';
import {
  channelInput,
  type DeliveryState,
  deliveryInput,
  mayRetry,
  mentionInput,
  muteChannelInput,
  type NotificationInput,
  notificationInput,
  setMentionInput,
} from '#server/notifications/contract';
import type { Ctx } from '#server/platform/context';
import { AppError } from '#server/platform/errors';
import { notify } from '#server/platform/notify';
import { storable } from '#server/platform/storable';

/** Texts of others are cut to these lengths, not refused: what they tell of must not fail for a long name. */
const SUBJECT_MAX = 300;
const TEXT_MAX = 10_000;
const VALUE_MAX = 1_000;

/**
 * Puts a notification into the outbox in the caller's transaction, so that neither exists without the change that it
 * tells of. A worker sends it at least once; of one `groupKey`, in the order of the commits, also across channels. The
 * same `dedupKey` again changes nothing and answers with the first. A second group of the same transaction may meet
 * another transaction the other way round; Postgres then ends one of them, which can be tried again.
 * @throws Error outside a transaction, or ZodError for a channel, key or link that cannot be
 */
export async function enqueueNotification(
  tx: Ctx,
  input: NotificationInput,
): Promise<{ notificationId: string; isNew: boolean }> {
  if (!tx.unitOfWork) throw new Error(`Notification "${input.kind}" was enqueued outside a transaction`);
  const notification = z.parse(notificationInput, {
    ...input,
    subject: storable(input.subject, SUBJECT_MAX),
    text: storable(input.text, TEXT_MAX),
    fields: input.fields?.map(({ name, value }) => ({ name, value: storable(value, VALUE_MAX) })),
  });
  const { channel, kind, subject, text, fields, link, groupKey, dedupKey, mentions, resolved } = notification;
  // Held to the commit: who counts on in this group sees this number, or comes first.
  await tx.db.$executeRaw`SELECT pg_advisory_xact_lock(hashtextextended(${`notification:${groupKey}`}, 0))`;
  const [made] = await tx.db.$queryRaw<{ id: string; sequence: number }[]>`
    INSERT INTO notification (id, channel, kind, subject, text, fields, mentions, is_resolved, link, group_key, sequence,
      idempotency_key, request_id)
    SELECT ${tx.ids.uuid()}::uuid, ${channel}, ${kind}, ${subject}, ${text}, ${JSON.stringify(fields)}::jsonb,
      ${[...new Set(mentions)]}::text[], ${resolved}, ${link}, ${groupKey},
      (SELECT coalesce(max(sequence), 0) + 1 FROM notification WHERE group_key = ${groupKey}),
      ${dedupKey}, ${tx.request.requestId}
    ON CONFLICT (idempotency_key) DO NOTHING
    RETURNING id::text, sequence`;
  if (!made) {
    const first = await tx.db.notification.findUniqueOrThrow({
      where: { idempotencyKey: dedupKey },
      select: { id: true },
    });
    return { notificationId: first.id, isNew: false };
  }
  await tx.db.notificationDelivery.create({
    data: { notificationId: made.id, channel, groupKey, sequence: made.sequence },
    select: { notificationId: true },
  });
  await notify(tx.db, { kind: 'notification' });
  return { notificationId: made.id, isNew: true };
}

/** Sends a real notification to a channel, by the same way as every other one. */
export const testChannel = defineCommand({
  name: 'notifications.test-channel',
  access: 'channels.manage',
  input: channelInput,
  handle: async (tx, { channel }): Promise<{ notificationId: string }> => {
    const key = `test:${tx.ids.uuid()}`;
    const { notificationId } = await enqueueNotification(tx, {
      channel,
      kind: 'channel.test',
      subject: `Test of ${channel}`,
      text: `${tx.actor.name} tests whether notifications arrive here. Nothing has happened.`,
      link: '/settings/channels',
      groupKey: key,
      dedupKey: key,
    });
    await audit(tx, 'notifications.test-channel', channel, null, { notificationId });
    return { notificationId };
  },
});

/**
 * Sends a failed or skipped notification again, with the key that it had. @throws AppError `not_found`, or `conflict`
 * when it has been sent or still may be
 */
export const retryDelivery = defineCommand({
  name: 'notifications.retry-delivery',
  access: 'deliveries.retry',
  input: deliveryInput,
  handle: async (tx, { notificationId }): Promise<void> => {
    const [row] = await tx.db.$queryRaw<{ state: DeliveryState; reason: string | null; subject: string }[]>`
      SELECT d.state, d.reason, n.subject FROM notification_delivery d JOIN notification n ON n.id = d.notification_id
      WHERE d.notification_id = ${notificationId}::uuid FOR UPDATE OF d`;
    if (!row) {
      throw new AppError('not_found', 'This notification does not exist.', {
        hint: 'Open it from the list of deliveries.',
      });
    }
    if (!mayRetry(row.state)) {
      throw new AppError(
        'conflict',
        row.state === 'sent'
          ? 'This notification has been sent. Nothing was changed.'
          : 'This notification is still to be sent by itself. Nothing was changed.',
      );
    }
    await tx.db.$executeRaw`
      UPDATE notification_delivery SET state = 'pending', reason = NULL, ended_at = NULL,
        next_attempt_at = clock_timestamp(), open_since = clock_timestamp()
      WHERE notification_id = ${notificationId}::uuid`;
    await recordAudit(tx, {
      action: 'notifications.retry-delivery',
      target: { type: 'notification', id: notificationId, label: row.subject },
      details: { before: { state: row.state, reason: row.reason } },
    });
    await notify(tx.db, { kind: 'notification' });
  },
});

/** Skips what would go to a channel, until a time. A mute on a mute takes its place. */
export const muteChannel = defineCommand({
  name: 'notifications.mute-channel',
  access: 'channels.manage',
  input: muteChannelInput,
  handle: async (tx, { channel, reason, hours }): Promise<void> => {
    await tx.db.$executeRaw`
      UPDATE notification_channel SET muted_until = clock_timestamp() + ${hours}::float8 * interval '1 hour',
        muted_by_name = ${tx.actor.name}, mute_reason = ${reason}
      WHERE channel = ${channel}`;
    await audit(tx, 'notifications.mute-channel', channel, reason, { hours });
  },
});

/** Lets a channel speak again from now; what was skipped stays skipped. @throws AppError `conflict` when it is not muted */
export const unmuteChannel = defineCommand({
  name: 'notifications.unmute-channel',
  access: 'channels.manage',
  input: channelInput,
  handle: async (tx, { channel }): Promise<void> => {
    const changed = await tx.db.$executeRaw`
      UPDATE notification_channel SET muted_until = NULL, muted_by_name = NULL, mute_reason = NULL
      WHERE channel = ${channel} AND muted_until > clock_timestamp()`;
    if (changed === 0) throw new AppError('conflict', `${channel} is not muted. Nothing was changed.`);
    await audit(tx, 'notifications.unmute-channel', channel, null, {});
  },
});

/** Says whom Slack rings for a handle; without an id it stays a known handle that rings nobody. */
export const setMention = defineCommand({
  name: 'notifications.set-mention',
  access: 'channels.manage',
  input: setMentionInput,
  handle: async (tx, { handle, slackId }): Promise<void> => {
    const before = await tx.db.notificationMention.findUnique({ where: { handle } });
    const next = { slackId: slackId || null, changedAt: tx.clock.now(), changedByName: tx.actor.name };
    await tx.db.notificationMention.upsert({
      where: { handle },
      create: { handle, ...next },
      update: next,
      select: { handle: true },
    });
    await recordAudit(tx, {
      action: 'notifications.set-mention',
      target: { type: 'mention', id: handle, label: `@${handle}` },
      details: { before: before?.slackId ?? null, after: next.slackId },
    });
  },
});

/** Forgets a handle. @throws AppError `not_found` */
export const removeMention = defineCommand({
  name: 'notifications.remove-mention',
  access: 'channels.manage',
  input: mentionInput,
  handle: async (tx, { handle }): Promise<void> => {
    const before = await tx.db.notificationMention.findUnique({ where: { handle } });
    if (!before) throw new AppError('not_found', `@${handle} is not in the list. Nothing was changed.`);
    await tx.db.notificationMention.delete({ where: { handle }, select: { handle: true } });
    await recordAudit(tx, {
      action: 'notifications.remove-mention',
      target: { type: 'mention', id: handle, label: `@${handle}` },
      details: { before: before.slackId },
    });
  },
});

async function audit(
  tx: Ctx,
  action: string,
  channel: string,
  reason: string | null,
  details: Record<string, unknown>,
): Promise<void> {
  await recordAudit(tx, {
    action,
    target: { type: 'channel', id: channel, label: channel },
    reason,
    details,
  });
}
