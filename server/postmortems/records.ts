import { recordAudit } from '#server/audit/commands';
import { incidentName } from '#server/incidents/words/contract';
import { enqueueNotification } from '#server/notifications/commands';
import type { Ctx } from '#server/platform/context';
import { AppError } from '#server/platform/errors';
import {
  POSTMORTEM_STATE_LABELS,
  type PostmortemState,
  type RootCauseKind,
  type Sections,
} from '#server/postmortems/words/contract';

/** A post-mortem with the incident that it is about. */
export interface Held {
  id: string;
  incidentId: string;
  number: number;
  title: string;
  service: string | null;
  environment: string | null;
  state: PostmortemState;
  version: number;
  revision: number;
  publishedRevision: number | null;
  rootCauseKind: RootCauseKind;
}

/** Keeps a whole text, in the caller's transaction. @param authorId null for the console */
export async function addRevision(
  tx: Ctx,
  postmortemId: string,
  number: number,
  sections: Sections,
  authorId: string | null,
): Promise<void> {
  await tx.db.postmortemRevision.create({
    data: {
      postmortemId,
      number,
      sections: { ...sections },
      authorId,
      authorName: authorId === null ? 'The console' : tx.actor.name,
    },
    select: { id: true },
  });
}

/**
 * The post-mortem of an incident, held until the transaction ends, for a change. @throws AppError `not_found`
 */
export async function holdPostmortem(tx: Ctx, number: number): Promise<Held> {
  const [held] = await tx.db.$queryRaw<Held[]>`
    SELECT p.id::text AS id, p.incident_id::text AS "incidentId", i.number, i.title, i.service, i.environment, p.state,
      p.version, p.revision, p.published_revision AS "publishedRevision", p.root_cause_kind AS "rootCauseKind"
    FROM postmortem p JOIN incident i ON i.id = p.incident_id WHERE i.number = ${number} FOR UPDATE OF p`;
  if (!held) throw noPostmortem(number, ' Nothing was changed.');
  return held;
}

/** @throws AppError `conflict` when a post-mortem is no longer as it was looked at */
export function assertVersion({ number, state, version }: Held, seen: number): void {
  if (version === seen) return;
  throw new AppError(
    'conflict',
    `Somebody has changed the post-mortem of ${incidentName(number)} since you opened it: it is ${POSTMORTEM_STATE_LABELS[state].toLowerCase()} now. Nothing was changed.`,
    { hint: 'Open it again to see how it is now.' },
  );
}

export function noPostmortem(number: number, more = ''): AppError {
  return new AppError('not_found', `There is no post-mortem of ${incidentName(number)}.${more}`, {
    hint: 'Begin one once the incident is resolved.',
  });
}

/** Writes who did what to a post-mortem or one of its action items. */
export function auditPostmortem(
  tx: Ctx,
  action: string,
  { id, number, title, service, environment }: Held,
  more: { reason?: string | null; details?: Record<string, unknown> } = {},
): Promise<void> {
  const label = `${incidentName(number)} ${title}`;
  return recordAudit(tx, {
    action,
    target: { type: 'postmortem', id, label },
    service,
    environment,
    ...more,
  });
}

/** Tells the team once of each version of a post-mortem. @param mentions handles of those whom it concerns */
export async function tellTeam(
  tx: Ctx,
  { id, number, title, version }: Held,
  kind: 'created' | 'review' | 'published',
  what: string,
  text: string,
  mentions: string[] = [],
): Promise<void> {
  await enqueueNotification(tx, {
    channel: 'ALERTS',
    kind: `postmortem.${kind}`,
    subject: `The post-mortem of ${incidentName(number)} ${what}: ${title}`,
    text,
    link: `/postmortems/${number}`,
    mentions,
    groupKey: `postmortem:${id}`,
    dedupKey: `postmortem:${id}:${kind}:${version}`,
    resolved: kind === 'published',
  });
}
