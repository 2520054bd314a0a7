import * as z from 'zod/mini';
import { defineQuery } from '#server/auth/guard';
import {
  type AttemptOutcome,
  CHANNEL_PURPOSES,
  CHANNELS,
  type Channel,
  type ChannelView,
  type DeliveryDetail,
  type DeliveryPage,
  type DeliveryState,
  type DeliverySummary,
  deliveryFilter,
  deliveryInput,
  isOpen,
  type MentionView,
  webhookSetting,
} from '#server/notifications/contract';
import { NOTIFICATION_DRIVER } from '#server/notifications/drivers/driver';
import { reasonOf } from '#server/notifications/state';
import { AppError } from '#server/platform/errors';
import { Prisma } from '#server/platform/generated/prisma/client';

interface Row {
  notificationId: string;
  channel: Channel;
  kind: string;
  subject: string;
  isResolved: boolean;
  groupKey: string;
  sequence: number;
  state: DeliveryState;
  reason: string | null;
  attempts: number;
  lastStatus: number | null;
  nextAttemptAt: Date;
  unmapped: string[];
  createdAt: Date;
  endedAt: Date | null;
  earlierSequence: number | null;
  holdUntil: Date | null;
  holdReason: string | null;
  now: Date;
}

const SUMMARY = Prisma.sql`
  d.notification_id::text AS "notificationId", d.channel, n.kind, n.subject, n.is_resolved AS "isResolved",
  d.group_key AS "groupKey", d.sequence, d.state, d.reason, d.attempts, d.last_status AS "lastStatus",
  d.next_attempt_at AS "nextAttemptAt", coalesce(d.unmapped, '{}') AS unmapped, d.created_at AS "createdAt", d.ended_at AS "endedAt",
  CASE WHEN d.state = 'pending' THEN (
    SELECT min(e.sequence) FROM notification_delivery e
    WHERE e.group_key = d.group_key AND e.sequence < d.sequence AND e.state IN ('pending', 'sending')
  ) END AS "earlierSequence",
  ch.hold_until AS "holdUntil", ch.hold_reason AS "holdReason", clock_timestamp() AS now
  FROM notification_delivery d
  JOIN notification n ON n.id = d.notification_id
  JOIN notification_channel ch ON ch.channel = d.channel`;

/** A page of deliveries, newest first unless asked otherwise, each with the reason for anything that is not plain. */
export const listDeliveries = defineQuery({
  name: 'notifications.list-deliveries',
  access: 'deliveries.read',
  input: deliveryFilter,
  handle: async (ctx, filter): Promise<DeliveryPage> => {
    const where = conditions(filter);
    const direction = filter.order === 'asc' ? Prisma.sql`ASC` : Prisma.sql`DESC`;
    const [rows, [count]] = await Promise.all([
      ctx.db.$queryRaw<Row[]>`
        SELECT ${SUMMARY} WHERE ${where} ORDER BY d.created_at ${direction}, d.notification_id ${direction}
        LIMIT ${filter.pageSize} OFFSET ${(filter.page - 1) * filter.pageSize}`,
      ctx.db.$queryRaw<{ total: number }[]>`
        SELECT count(*)::int AS total FROM notification_delivery d JOIN notification n ON n.id = d.notification_id
        WHERE ${where}`,
    ]);
    return {
      rows: rows.map(toSummary),
      total: count?.total ?? 0,
      page: filter.page,
      pageSize: filter.pageSize,
    };
  },
});

/** One notification with all that was tried. @throws AppError `not_found` */
export const getDelivery = defineQuery({
  name: 'notifications.get-delivery',
  access: 'deliveries.read',
  input: deliveryInput,
  handle: async (ctx, { notificationId }): Promise<DeliveryDetail> => {
    const [row] = await ctx.db.$queryRaw<Row[]>`
      SELECT ${SUMMARY} WHERE d.notification_id = ${notificationId}::uuid`;
    const notification = await ctx.db.notification.findUnique({
      where: { id: notificationId },
      include: { attempts: { orderBy: { attempt: 'asc' } } },
    });
    if (!row || !notification) {
      throw new AppError('not_found', 'This notification does not exist.', {
        hint: 'Open it from the list of deliveries.',
      });
    }
    const { text, fields, mentions, link, idempotencyKey, attempts } = notification;
    const known = await ctx.db.notificationMention.findMany({ where: { handle: { in: mentions } } });
    return {
      ...toSummary(row),
      text,
      fields: fields as DeliveryDetail['fields'],
      mentions: mentions.map((handle) => ({
        handle,
        slackId: known.find((each) => each.handle === handle)?.slackId ?? null,
      })),
      link,
      idempotencyKey,
      history: attempts.map(({ attempt, outcome, status, reason, startedAt, recordedAt }) => ({
        attempt,
        outcome: outcome as AttemptOutcome,
        status,
        reason,
        startedAt: startedAt.toISOString(),
        recordedAt: recordedAt.toISOString(),
      })),
    };
  },
});

/** Every channel: where it leads, whether it is quiet and why, and how its deliveries stand. */
export const listChannels = defineQuery({
  name: 'notifications.list-channels',
  access: 'deliveries.read',
  input: z.object({}),
  handle: async (ctx): Promise<ChannelView[]> => {
    const driver = ctx.use(NOTIFICATION_DRIVER);
    const rows = await ctx.db.$queryRaw<ChannelRow[]>`
      SELECT ch.channel, ch.muted_until AS "mutedUntil", ch.muted_by_name AS "mutedByName", ch.mute_reason AS "muteReason",
        ch.hold_until AS "holdUntil", ch.hold_reason AS "holdReason", ch.last_sent_at AS "lastSentAt",
        clock_timestamp() AS now,
        (SELECT count(*)::int FROM notification_delivery d
          WHERE d.channel = ch.channel AND d.state IN ('pending', 'sending')) AS waiting,
        (SELECT count(*)::int FROM notification_delivery d WHERE d.channel = ch.channel AND d.state = 'failed'
          AND d.created_at > clock_timestamp() - interval '24 hours') AS failed,
        (SELECT count(*)::int FROM notification_delivery d WHERE d.channel = ch.channel AND d.state = 'skipped'
          AND d.created_at > clock_timestamp() - interval '24 hours') AS skipped
      FROM notification_channel ch`;
    return CHANNELS.flatMap((channel) => rows.filter((row) => row.channel === channel)).map((row) => ({
      channel: row.channel,
      purpose: CHANNEL_PURPOSES[row.channel],
      setting: webhookSetting(row.channel),
      webhook: driver.describe(row.channel),
      muted:
        row.mutedUntil && row.mutedUntil > row.now
          ? {
              until: row.mutedUntil.toISOString(),
              byName: row.mutedByName ?? '',
              reason: row.muteReason ?? '',
            }
          : null,
      hold:
        row.holdUntil && row.holdUntil > row.now
          ? { until: row.holdUntil.toISOString(), reason: row.holdReason ?? '' }
          : null,
      lastSentAt: row.lastSentAt?.toISOString() ?? null,
      waiting: row.waiting,
      failed: row.failed,
      skipped: row.skipped,
    }));
  },
});

/** Every known handle in order, with whom it rings. */
export const listMentions = defineQuery({
  name: 'notifications.list-mentions',
  access: 'deliveries.read',
  input: z.object({}),
  handle: async (ctx): Promise<MentionView[]> => {
    const rows = await ctx.db.notificationMention.findMany({ orderBy: { handle: 'asc' } });
    return rows.map((row) => ({ ...row, changedAt: row.changedAt?.toISOString() ?? null }));
  },
});

interface ChannelRow {
  channel: Channel;
  mutedUntil: Date | null;
  mutedByName: string | null;
  muteReason: string | null;
  holdUntil: Date | null;
  holdReason: string | null;
  lastSentAt: Date | null;
  now: Date;
  waiting: number;
  failed: number;
  skipped: number;
}

type Filter = z.infer<typeof deliveryFilter>;

function conditions({ state, channel, search }: Filter): Prisma.Sql {
  const all: Prisma.Sql[] = [Prisma.sql`TRUE`];
  if (state) all.push(Prisma.sql`d.state = ${state}`);
  if (channel) all.push(Prisma.sql`d.channel = ${channel}`);
  if (search) {
    const pattern = `%${search.replace(/[\\%_]/g, (character) => `\\${character}`)}%`;
    all.push(
      Prisma.sql`(n.subject ILIKE ${pattern} OR n.kind ILIKE ${pattern} OR n.group_key ILIKE ${pattern} OR d.reason ILIKE ${pattern})`,
    );
  }
  return Prisma.join(all, ' AND ');
}

function toSummary(row: Row): DeliverySummary {
  const { nextAttemptAt, earlierSequence: _earlier, holdUntil, holdReason: _hold, now, ...rest } = row;
  const next = holdUntil && holdUntil > nextAttemptAt ? holdUntil : nextAttemptAt;
  return {
    ...rest,
    reason: reasonOf(row, now),
    nextAttemptAt: isOpen(row.state) ? next.toISOString() : null,
    createdAt: row.createdAt.toISOString(),
    endedAt: row.endedAt?.toISOString() ?? null,
  };
}
