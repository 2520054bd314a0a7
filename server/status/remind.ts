import { enqueueNotification } from '#server/notifications/commands';
import type { Ctx } from '#server/platform/context';
import { findEnvironmentConfig } from '#server/services/queries';
import { FIRST_POST_MS, lastDue, POST_FOR_MS } from '#server/status/state';

/** Reminders that a stopped console has missed for longer than this are not made up for, ms. */
const LATEST_MS = 24 * 3_600_000;

interface Unposted {
  number: number;
  title: string;
  level: number;
  service: string | null;
  environment: string | null;
  detectedAt: Date;
}

interface Promised {
  number: number;
  title: string;
  incidentNumber: number | null;
  openedAt: Date;
  nextUpdateAt: Date;
}

/**
 * Reminds of what the public should have been told by now: of a new incident of level 1 or 2 within five minutes, of an open
 * one when its next update is due, and again every 20 minutes in the first two hours. Once for each due time, however many
 * workers look.
 */
export async function remindOfStatusUpdates(ctx: Ctx): Promise<void> {
  const now = ctx.clock.now();
  const since = new Date(now.getTime() - POST_FOR_MS);
  const until = new Date(now.getTime() - FIRST_POST_MS);
  const unposted = await ctx.db.$queryRaw<Unposted[]>`
    SELECT i.number, i.title, i.level, i.service, i.environment, i.detected_at AS "detectedAt" FROM incident i
    WHERE i.state <> 'resolved' AND i.merged_into_id IS NULL AND i.level <= 2
      AND i.detected_at BETWEEN ${since}::timestamptz AND ${until}::timestamptz
      AND NOT EXISTS (SELECT FROM status_incident s WHERE s.incident_number = i.number)
    ORDER BY i.detected_at`;
  for (const incident of unposted) {
    if (isPractice(ctx, incident)) continue;
    const due = lastDue(new Date(incident.detectedAt.getTime() + FIRST_POST_MS), incident.detectedAt, now);
    if (due === null) continue;
    await remind(ctx, {
      subject: `The public knows nothing of INC-${incident.number} yet`,
      text: `${incident.title}. It has level ${incident.level}: the status page should say so within 5 minutes, and then at least every 20.`,
      level: incident.level,
      key: `status:first:${incident.number}`,
      due,
      link: `/status-updates?incident=${incident.number}`,
    });
  }
  const promised = await ctx.db.$queryRaw<Promised[]>`
    SELECT number, title, incident_number AS "incidentNumber", opened_at AS "openedAt", next_update_at AS "nextUpdateAt"
    FROM status_incident
    WHERE state <> 'resolved' AND next_update_at <= ${now}::timestamptz
      AND next_update_at > ${new Date(now.getTime() - LATEST_MS)}::timestamptz
    ORDER BY next_update_at`;
  for (const incident of promised) {
    const due = lastDue(incident.nextUpdateAt, incident.openedAt, now);
    if (due === null) continue;
    const inside = incident.incidentNumber === null ? '' : ` (INC-${incident.incidentNumber})`;
    await remind(ctx, {
      subject: `The public waits for an update: ${incident.title}`,
      text: `An update of public incident ${incident.number}${inside} was due at ${due.toISOString().slice(11, 16)} UTC.`,
      level: 2,
      key: `status:next:${incident.number}`,
      due,
      link: `/status-updates?number=${incident.number}`,
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
