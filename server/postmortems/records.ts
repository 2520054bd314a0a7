import { recordAudit } from '#server/audit/commands';
import type { IncidentImpact } from '#server/business/contract';
import { getImpact } from '#server/business/queries';
import type { IncidentDetail } from '#server/incidents/contract';
import { incidentName } from '#server/incidents/words/contract';
import { enqueueNotification } from '#server/notifications/commands';
import { type Ctx, systemActor } from '#server/platform/context';
import { AppError } from '#server/platform/errors';
import { Prisma } from '#server/platform/generated/prisma/client';
import { type Evidence, firstText, impactText } from '#server/postmortems/first-text';
import {
  POSTMORTEM_STATE_LABELS,
  type PostmortemState,
  type RootCauseKind,
  type Sections,
} from '#server/postmortems/words/contract';
import { findRunSummaries } from '#server/runs/queries';

/** How many alerts and runs the first text names; the timeline has them all. */
const EVIDENCE_MAX = 20;

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
  rootCauseKind: RootCauseKind;
}

/**
 * Begins the post-mortem of an incident with what the incident knows, and tells the team. @returns false when there is one
 */
export async function begin(tx: Ctx, incident: IncidentDetail): Promise<boolean> {
  const { number } = incident;
  const { id: incidentId } = await tx.db.incident.findUniqueOrThrow({
    where: { number },
    select: { id: true },
  });
  const id = tx.ids.uuid();
  const made = await tx.db.$executeRaw`
    INSERT INTO postmortem (id, incident_id, created_by_name) VALUES (${id}::uuid, ${incidentId}::uuid, ${tx.actor.name})
    ON CONFLICT (incident_id) DO NOTHING`;
  if (made === 0) return false;
  const impact = await impactOf(tx, number);
  await addRevision(tx, id, 1, firstText(incident, await evidenceOf(tx, incidentId), impact), null);
  const held = await holdPostmortem(tx, number);
  await auditPostmortem(tx, 'postmortems.create', held);
  await tellTeam(tx, held, 'created', 'is to be written', 'Its draft has what the incident knows.');
  return true;
}

/** What an incident cost, which whoever writes its post-mortem reads in it. */
function impactOf(tx: Ctx, number: number): Promise<IncidentImpact> {
  return getImpact(tx.as(systemActor('The console')), { number });
}

/** Says anew what an incident cost in the draft of its post-mortem, where only the console has written so far. */
export async function renewImpact(tx: Ctx, incident: IncidentDetail): Promise<void> {
  const [found] = await tx.db.$queryRaw<{ id: string; sections: Sections }[]>`
    SELECT p.id::text AS id, r.sections FROM postmortem p JOIN incident i ON i.id = p.incident_id
    JOIN postmortem_revision r ON r.postmortem_id = p.id AND r.number = p.revision
    WHERE i.number = ${incident.number} AND p.state = 'draft' AND NOT EXISTS (
      SELECT FROM postmortem_revision written WHERE written.postmortem_id = p.id AND written.author_id IS NOT NULL)
    FOR UPDATE OF p`;
  if (!found) return;
  const impact = impactText(incident, await impactOf(tx, incident.number));
  if (found.sections.impact === impact) return;
  const held = await holdPostmortem(tx, incident.number);
  const revision = held.revision + 1;
  await addRevision(tx, held.id, revision, { ...found.sections, impact }, null);
  await tx.db.$executeRaw`
    UPDATE postmortem SET version = version + 1, revision = ${revision}, changed_at = clock_timestamp()
    WHERE id = ${held.id}::uuid`;
  await auditPostmortem(tx, 'postmortems.save', held, { details: { revision, sections: ['impact'] } });
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

async function evidenceOf(tx: Ctx, incidentId: string): Promise<Evidence> {
  const entries = await tx.db.$queryRaw<{ alertId: string | null; runId: string | null }[]>`
    SELECT DISTINCT e.alert_id::text AS "alertId", e.run_id::text AS "runId" FROM incident_entry e
    JOIN incident i ON i.id = e.incident_id
    WHERE (i.id = ${incidentId}::uuid OR i.merged_into_id = ${incidentId}::uuid)
      AND (e.alert_id IS NOT NULL OR e.run_id IS NOT NULL)`;
  const runIds = entries.flatMap(({ runId }) => runId ?? []);
  const [alerts, runs, end] = await Promise.all([
    tx.db.alert.findMany({
      where: { id: { in: entries.flatMap(({ alertId }) => alertId ?? []) } },
      select: { id: true, title: true },
      orderBy: { openedAt: 'asc' },
      take: EVIDENCE_MAX,
    }),
    runIds.length === 0 ? [] : findRunSummaries(tx, Prisma.sql`r.id = ANY (${runIds}::uuid[])`, EVIDENCE_MAX),
    tx.db.incidentEntry.findFirst({
      where: { incidentId, kind: 'state', text: { startsWith: 'Resolved' } },
      orderBy: { id: 'desc' },
      select: { text: true },
    }),
  ]);
  return { alerts, runs, resolution: end?.text.replace(/^Resolved\.\s*/, '') || null };
}

/**
 * The post-mortem of an incident, held until the transaction ends, for a change. @throws AppError `not_found`
 */
export async function holdPostmortem(tx: Ctx, number: number): Promise<Held> {
  const [held] = await tx.db.$queryRaw<Held[]>`
    SELECT p.id::text AS id, p.incident_id::text AS "incidentId", i.number, i.title, i.service, i.environment, p.state,
      p.version, p.revision, p.root_cause_kind AS "rootCauseKind"
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

/** Tells the team once of each version of a post-mortem. */
export async function tellTeam(
  tx: Ctx,
  { id, number, title, version }: Held,
  kind: 'created' | 'published',
  what: string,
  text: string,
): Promise<void> {
  await enqueueNotification(tx, {
    channel: 'ALERTS',
    kind: `postmortem.${kind}`,
    subject: `The post-mortem of ${incidentName(number)} ${what}: ${title}`,
    text,
    link: `/postmortems/${number}`,
    groupKey: `postmortem:${id}`,
    dedupKey: `postmortem:${id}:${kind}:${version}`,
    resolved: kind === 'published',
  });
}
