import { type Channel, webhookSetting } from '#server/notifications/contract';
import { type Message, NOTIFICATION_DRIVER } from '#server/notifications/drivers/driver';
import { type Claim, channelsWithWork, claimDelivery, settleDelivery } from '#server/notifications/outbox';
import { type App, type Ctx, systemActor } from '#server/platform/context';
import { isTransientDatabaseError } from '#server/platform/database-errors';
import { messageOf } from '#server/platform/errors';
import { retryWhileTransient } from '#server/platform/retry';

export interface NotificationSender {
  /** Looks for what is due; called on a hint and by the poll. */
  wake(): void;
  /** Lets messages under way end and takes no more. */
  stop(): Promise<void>;
}

/** Sends what is due: one message at a time in each channel, so that a channel that does not answer holds up no other. */
export function startNotificationSender(app: App, workerId: string): NotificationSender {
  const running = new Map<Channel, Promise<void>>();
  /** Channels that were found to have work while they were busy: their last look may have come before it. */
  const missed = new Set<Channel>();
  let looking: Promise<void> | null = null;
  let again = false;
  let stopped = false;
  const timer = setInterval(wake, app.env.NOTIFICATION_POLL_MS);

  function wake(): void {
    again = true;
    looking ??= look().finally(() => {
      looking = null;
    });
  }

  async function look(): Promise<void> {
    while (again && !stopped) {
      again = false;
      try {
        for (const channel of await channelsWithWork(app.for(systemActor('notifications')))) {
          if (running.has(channel)) missed.add(channel);
          else
            running.set(
              channel,
              sendAll(channel).finally(() => free(channel)),
            );
        }
      } catch (error) {
        logFault(error);
      }
    }
  }

  async function sendAll(channel: Channel): Promise<void> {
    try {
      while (!stopped && (await sendNext(app, workerId, channel)));
    } catch (error) {
      logFault(error);
    }
  }

  function free(channel: Channel): void {
    running.delete(channel);
    if (missed.delete(channel) && !stopped) wake();
  }

  function logFault(error: unknown): void {
    if (isTransientDatabaseError(error)) {
      app.log.warn({ reason: messageOf(error) }, 'database away, notifications wait');
    } else app.log.error({ err: error }, 'notifications could not be sent');
  }

  wake();
  return {
    wake,
    stop: async () => {
      stopped = true;
      clearInterval(timer);
      await looking;
      await Promise.all(running.values());
    },
  };
}

/** Sends one notification of the channel, if one is due. @returns false when there was none */
export async function sendNext(app: App, workerId: string, channel: Channel): Promise<boolean> {
  const ctx = app.for(systemActor('notifications'));
  const askedAt = performance.now();
  const claim = await claimDelivery(ctx, workerId, channel);
  if (!claim) return false;
  const { message, skip } = await readMessage(ctx, claim);
  const unmapped = message.mentions.filter(({ slackId }) => !slackId).map(({ handle }) => handle);
  if (skip) {
    await settle(ctx, () =>
      settleDelivery(ctx, workerId, claim, { outcome: 'skipped', reason: skip }, unmapped),
    );
    return true;
  }
  // A process that stood still leaves the message to whoever takes it over, rather than sending it twice.
  const leftMs = ctx.env.NOTIFICATION_LEASE_MS - (performance.now() - askedAt);
  if (leftMs < ctx.env.SLACK_TIMEOUT_MS) return true;
  const result = await ctx.use(NOTIFICATION_DRIVER).send(message);
  ctx.log.info(
    {
      notificationId: claim.notificationId,
      channel,
      attempt: claim.attempt,
      outcome: result.outcome,
      status: result.status,
    },
    'notification attempted',
  );
  await settle(ctx, () => settleDelivery(ctx, workerId, claim, result, unmapped));
  return true;
}

/** The answer is known: it is written even if the database goes away for a moment. */
async function settle(ctx: Ctx, work: () => Promise<void>): Promise<void> {
  await retryWhileTransient(work, { log: ctx.log });
}

async function readMessage(ctx: Ctx, claim: Claim): Promise<{ message: Message; skip: string | null }> {
  const [row, channel] = await Promise.all([
    ctx.db.notification.findUniqueOrThrow({ where: { id: claim.notificationId } }),
    ctx.db.notificationChannel.findUniqueOrThrow({ where: { channel: claim.channel } }),
  ]);
  const known = await ctx.db.notificationMention.findMany({ where: { handle: { in: row.mentions } } });
  const message: Message = {
    notificationId: row.id,
    channel: claim.channel,
    kind: row.kind,
    subject: row.subject,
    text: row.text,
    fields: row.fields as Message['fields'],
    mentions: row.mentions.map((handle) => ({
      handle,
      slackId: known.find((each) => each.handle === handle)?.slackId ?? null,
    })),
    isResolved: row.isResolved,
    url: row.link ? new URL(row.link, publicUrl(ctx)).href : null,
    idempotencyKey: row.idempotencyKey,
    createdAt: row.createdAt,
  };
  if (!ctx.use(NOTIFICATION_DRIVER).describe(claim.channel)) {
    return { message, skip: `No webhook for ${claim.channel}: set ${webhookSetting(claim.channel)}.` };
  }
  // Judged by the database's clock, like everything that is due.
  if (channel.mutedUntil && channel.mutedUntil > claim.startedAt) {
    return { message, skip: `${claim.channel} is muted by ${channel.mutedByName}: ${channel.muteReason}` };
  }
  return { message, skip: null };
}

function publicUrl(ctx: Ctx): string {
  const { HOST, PORT, PUBLIC_URL } = ctx.env;
  return PUBLIC_URL ?? `http://${HOST.includes(':') && !HOST.startsWith('[') ? `[${HOST}]` : HOST}:${PORT}`;
}
