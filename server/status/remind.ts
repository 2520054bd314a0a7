import { enqueueNotification } from '#server/notifications/commands';
import type { Ctx } from '#server/platform/context';
import { findEnvironmentConfig } from '#server/services/queries';
import { FIRST_POST_MS, lastDue, nextPostDue, POST_EVERY_MS, POST_FOR_MS } from '#server/status/state';

/** Reminders that a stopped console has missed for longer than this are not made up for, ms. */
const LATEST_MS = 24 * 3_600_000;

interface Unposted {
  number: number;
  title: string;
  level: number;
  service: string | null;
  environment: string | null;
  graveSince: Date;
}

interface Open {
  number: number;
  title: string;
  incidentNumber: number | null;
  /** When it was opened, or opened again. */
  beganAt: Date;
  postedAt: Date;
  promisedAt: Date | null;
}

/**
 * Reminds of what the public should have been told by now, once for each due time, however many workers look:
 * - of an open incident that the public knows nothing of, five minutes after it became grave: recorded at level 1 or 2, raised
 *   to it, or opened again at it. Whatever went before, the public could not have been told of it then.
 * - of an open public incident when its promised next update is due; where no time is promised, 20 minutes after the last one.
 * - and of each again every 20 minutes, in the first two hours of the incident, inside or outside.
 */
export async function remindOfStatusUpdates(ctx: Ctx): Promise<void> {
  await remindOfFirstPosts(ctx);
  await remindOfNextPosts(ctx);
}

async function remindOfFirstPosts(ctx: Ctx): Promise<void> {
  const now = ctx.clock.now();
  const since = new Date(now.getTime() - POST_FOR_MS - POST_EVERY_MS);
  const unposted = await ctx.db.$queryRaw<Unposted[]>`
    SELECT i.number, i.title, i.level, i.service, i.environment, i.grave_since AS "graveSince" FROM incident i
    WHERE i.state <> 'resolved' AND i.merged_into_id IS NULL AND i.grave_since > ${since}::timestamptz
      AND NOT EXISTS (SELECT FROM status_incident s WHERE s.incident_number = i.number)
    ORDER BY i.grave_since`;
  for (const incident of unposted) {
    if (isPractice(ctx, incident)) continue;
    const { number, title, level, graveSince } = incident;
    const first = { at: new Date(graveSince.getTime() + FIRST_POST_MS), isPromise: false };
    const due = lastDue(first, graveSince, now);
    if (due === null) continue;
    await remind(ctx, {
      subject: `The public knows nothing of INC-${number} yet`,
      text: `${title}. It has level ${level}: the status page should say so within 5 minutes, and then at least every 20.`,
      level,
      key: `status:first:${number}`,
      due,
      link: `/status-updates?incident=${number}`,
    });
  }
}

async function remindOfNextPosts(ctx: Ctx): Promise<void> {
  const now = ctx.clock.now();
  const at = (agoMs: number) => new Date(now.getTime() - agoMs);
  const open = await ctx.db.$queryRaw<Open[]>`
    SELECT s.number, s.title, s.incident_number AS "incidentNumber", s.updated_at AS "postedAt",
      s.next_update_at AS "promisedAt", coalesce(told.began_at, s.opened_at) AS "beganAt"
    FROM status_incident s CROSS JOIN LATERAL (
      SELECT min(u.at) AS began_at FROM status_update u WHERE u.status_incident_id = s.id AND u.id > coalesce(
        (SELECT max(r.id) FROM status_update r WHERE r.status_incident_id = s.id AND r.state = 'resolved'), 0)
    ) told
    WHERE s.state <> 'resolved' AND CASE WHEN s.next_update_at IS NULL
      THEN s.updated_at > ${at(POST_FOR_MS + POST_EVERY_MS)}::timestamptz
      ELSE s.next_update_at BETWEEN ${at(LATEST_MS)}::timestamptz AND ${now}::timestamptz END
    ORDER BY coalesce(s.next_update_at, s.updated_at)`;
  for (const { number, title, incidentNumber, beganAt, postedAt, promisedAt } of open) {
    const due = lastDue(nextPostDue({ promisedAt, postedAt }), beganAt, now);
    if (due === null) continue;
    const which = `public incident ${number}${incidentNumber === null ? '' : ` (INC-${incidentNumber})`}`;
    const wasDue = `was due at ${due.toISOString().slice(11, 16)} UTC`;
    await remind(ctx, {
      subject: `The public waits for an update: ${title}`,
      text:
        promisedAt === null
          ? `No time was promised for ${which}. In the first two hours the public hears of it at least every 20 minutes all the same: an update ${wasDue}.`
          : `An update of ${which} ${wasDue}.`,
      level: 2,
      key: `status:next:${number}`,
      due,
      link: `/status-updates?number=${number}`,
    });
  }
}

/** Nobody outside waits for news of a rehearsal. */
function isPractice(ctx: Ctx, { service, environment }: Unposted): boolean {
  if (service === null || environment === null) return false;
  return findEnvironmentConfig(ctx, { service, environment })?.practice ?? false;
}

async function remind(
  ctx: Ctx,
  about: { subject: string; text: string; level: number; key: string; due: Date; link: string },
): Promise<void> {
  await ctx.transaction((tx) =>
    enqueueNotification(tx, {
      channel: about.level === 1 ? 'CRITICAL' : 'ALERTS',
      kind: 'status.update-due',
      subject: about.subject,
      text: about.text,
      link: about.link,
      groupKey: about.key,
      dedupKey: `${about.key}:${about.due.toISOString()}`,
    }),
  );
}
