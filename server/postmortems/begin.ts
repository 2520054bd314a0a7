import type { IncidentImpact } from '#server/business/contract';
import { getImpact } from '#server/business/queries';
import type { IncidentDetail } from '#server/incidents/contract';
import { type Ctx, systemActor } from '#server/platform/context';
import { Prisma } from '#server/platform/generated/prisma/client';
import { type Evidence, firstText, impactText } from '#server/postmortems/first-text';
import { addRevision, auditPostmortem, holdPostmortem, tellTeam } from '#server/postmortems/records';
import { addEarlierFixes } from '#server/postmortems/scheduled-fixes';
import type { Sections } from '#server/postmortems/words/contract';
import { findRunSummaries } from '#server/runs/queries';

/** How many alerts and runs the first text names; the timeline has them all. */
const EVIDENCE_MAX = 20;

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
  await addEarlierFixes(tx, held);
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
