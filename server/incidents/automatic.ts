import type { automaticRollbackDecided } from '#server/deployments/contract';
import { copySteps } from '#server/incidents/playbooks/records';
import { addEntry, auditIncident, hintPlaces, holdOpenIncident } from '#server/incidents/records';
import { setLevel } from '#server/incidents/set-level';
import {
  INCIDENT_LEVEL_CONSEQUENCES,
  type IncidentCause,
  type IncidentLevel,
} from '#server/incidents/words/contract';
import type { alertAcknowledged, alertFired, alertResolved } from '#server/monitoring/alerts/contract';
import { type Ctx, systemActor } from '#server/platform/context';
import type { EventType } from '#server/platform/events-contract';
import type { Incident } from '#server/platform/generated/prisma/client';
import type { EnvironmentKey } from '#server/services/contract';

type PayloadOf<E> = E extends EventType<infer T> ? T : never;
type Fired = PayloadOf<typeof alertFired>;
type Acknowledged = PayloadOf<typeof alertAcknowledged>;
type Resolved = PayloadOf<typeof alertResolved>;
type Decided = PayloadOf<typeof automaticRollbackDecided>;

const CONSOLE = systemActor('The console');
/** What the console opens by itself has not been looked at by anybody: if unsure, the higher level. */
const LEVEL: IncidentLevel = 1;
/** An incident that ends or begins between the look and the insert is looked for again. */
const ATTEMPTS = 3;

interface Opening extends EnvironmentKey {
  title: string;
  startedAt: Date | null;
  cause: Exclude<IncidentCause, 'person'>;
  causeId: string;
}

/** A critical alert opens an incident, or joins the open one of its service. Idempotent. */
export async function openForAlert(ctx: Ctx, event: Fired): Promise<void> {
  if (event.severity !== 'critical') return;
  const { alertId, title, service, environment, explanation, breachSince, openedAt } = event;
  const dedupKey = `alert:${alertId}:fired`;
  await ctx.as(CONSOLE).transaction(async (tx) => {
    if (await isTold(tx, dedupKey)) return;
    const startedAt = new Date(breachSince);
    const opening: Opening = { service, environment, title, startedAt, cause: 'alert', causeId: alertId };
    const incidentId = await openOrJoin(tx, opening);
    await addEntry(tx, incidentId, {
      kind: 'system',
      text: `The alert "${title}" fires on ${service}/${environment}. ${explanation}`,
      occurredAt: new Date(openedAt),
      alertId,
      dedupKey,
    });
    // Its end may have been told before its beginning.
    const alert = await tx.db.alert.findUnique({ where: { id: alertId } });
    if (alert?.acknowledgedAt) {
      const { acknowledgedAt, acknowledgedByName, acknowledgeNote } = alert;
      const by = { byName: acknowledgedByName ?? '', note: acknowledgeNote };
      await addAcknowledged(tx, incidentId, { alertId, title, acknowledgedAt, ...by });
    }
    if (alert?.resolvedAt) {
      const { resolvedAt, resolvedByName, resolveReason } = alert;
      const end = { byName: resolvedByName ?? '', reason: resolveReason ?? '' };
      await addResolved(tx, incidentId, { alertId, title, resolvedAt, ...end });
    }
  });
}

/** A rollback that the console has started opens an incident, or joins the open one of its service. Idempotent. */
export async function openForRollback(ctx: Ctx, event: Decided): Promise<void> {
  const { outcome, service, environment, words, runId, alertId } = event;
  if (outcome !== 'started' || runId === null) return;
  const dedupKey = `rollback:${runId}:started`;
  await ctx.as(CONSOLE).transaction(async (tx) => {
    if (await isTold(tx, dedupKey)) return;
    const title = `Automatic rollback of ${service}/${environment}`;
    const alert = await tx.db.alert.findUnique({ where: { id: alertId }, select: { breachSince: true } });
    const startedAt = alert?.breachSince ?? null;
    const incidentId = await openOrJoin(tx, {
      service,
      environment,
      title,
      startedAt,
      cause: 'rollback',
      causeId: runId,
    });
    await addEntry(tx, incidentId, { kind: 'system', text: words, runId, alertId, dedupKey });
  });
}

/** Who deals with an alert is told in the incident that it opened or joined, and acknowledges that. Idempotent. */
export async function noteAlertAcknowledged(ctx: Ctx, event: Acknowledged): Promise<void> {
  await ctx.as(CONSOLE).transaction(async (tx) => {
    const id = await findIncidentOf(tx, event.alertId);
    if (id) await addAcknowledged(tx, id, { ...event, acknowledgedAt: new Date(event.acknowledgedAt) });
  });
}

/** The end of an alert is told in the incident that it opened or joined. Idempotent. */
export async function noteAlertResolved(ctx: Ctx, event: Resolved): Promise<void> {
  await ctx.as(CONSOLE).transaction(async (tx) => {
    const id = await findIncidentOf(tx, event.alertId);
    if (id) await addResolved(tx, id, { ...event, resolvedAt: new Date(event.resolvedAt) });
  });
}

/** The incident that an alert opened or joined, or what that was merged into. */
async function findIncidentOf(tx: Ctx, alertId: string): Promise<string | null> {
  const [found] = await tx.db.$queryRaw<{ id: string }[]>`
    SELECT coalesce(i.merged_into_id, i.id)::text AS id FROM incident_entry e JOIN incident i ON i.id = e.incident_id
    WHERE e.alert_id = ${alertId}::uuid AND e.kind = 'system' ORDER BY e.id LIMIT 1`;
  return found?.id ?? null;
}

async function addAcknowledged(
  tx: Ctx,
  incidentId: string,
  by: { alertId: string; title: string; acknowledgedAt: Date; byName: string; note: string | null },
): Promise<void> {
  const { alertId, acknowledgedAt } = by;
  const added = await addEntry(tx, incidentId, {
    kind: 'system',
    text: `${by.byName} deals with the alert "${by.title}".${by.note ? ` ${by.note}` : ''}`,
    occurredAt: acknowledgedAt,
    alertId,
    dedupKey: `alert:${alertId}:acknowledged:${acknowledgedAt.toISOString()}`,
  });
  if (added === null) return;
  await tx.db.$executeRaw`
    UPDATE incident SET acknowledged_at = least(acknowledged_at, ${acknowledgedAt}) WHERE id = ${incidentId}::uuid`;
}

function addResolved(
  tx: Ctx,
  incidentId: string,
  end: { alertId: string; title: string; resolvedAt: Date; byName: string; reason: string },
): Promise<bigint | null> {
  return addEntry(tx, incidentId, {
    kind: 'system',
    text: `The alert "${end.title}" is resolved, by ${end.byName}. ${end.reason}`,
    occurredAt: end.resolvedAt,
    alertId: end.alertId,
    dedupKey: `alert:${end.alertId}:resolved`,
  });
}

async function isTold(tx: Ctx, dedupKey: string): Promise<boolean> {
  return (await tx.db.incidentEntry.findUnique({ where: { dedupKey }, select: { id: true } })) !== null;
}

/** The open incident of the environment or its service, whoever opened it, held; a new one where there is none. */
async function openOrJoin(tx: Ctx, opening: Opening): Promise<string> {
  const { service, environment, title, startedAt, cause, causeId } = opening;
  for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
    const open = await holdOpenIncident(tx, opening);
    if (open) {
      await raise(tx, open, title);
      return open.id;
    }
    const id = tx.ids.uuid();
    const made = await tx.db.$executeRaw`
      INSERT INTO incident (id, title, level, service, environment, started_at, detected_at, declared_by_name, cause, cause_id)
      SELECT ${id}::uuid, ${title}, ${LEVEL}, ${service}, ${environment}, least(${startedAt}::timestamptz, now), now,
        ${tx.actor.name}, ${cause}, ${causeId}::uuid
      FROM (SELECT clock_timestamp() AS now) clock
      ON CONFLICT (service, environment) WHERE cause <> 'person' AND state <> 'resolved' AND merged_into_id IS NULL
      DO NOTHING`;
    if (made === 0) continue;
    const incident = await tx.db.incident.findUniqueOrThrow({ where: { id } });
    const text = `Opened by the console at level ${LEVEL}: ${title}. ${INCIDENT_LEVEL_CONSEQUENCES[LEVEL]}`;
    await addEntry(tx, id, { kind: 'system', text });
    await copySteps(tx, incident);
    await auditIncident(tx, 'incidents.declare', incident, { details: { level: LEVEL, cause, causeId } });
    await hintPlaces(tx, incident);
    return id;
  }
  throw new Error(`No incident of ${service}/${environment} stayed open or could be opened`);
}

/** What it joins gets the level that it would have opened at, unless a person has looked at the level since it began. */
async function raise(tx: Ctx, open: Incident, title: string): Promise<void> {
  if (open.level <= LEVEL) return;
  const chosen = await tx.db.incidentEntry.findFirst({
    where: { incidentId: open.id, kind: 'level', authorId: { not: null } },
    select: { id: true },
  });
  if (chosen === null)
    await setLevel(tx, open, LEVEL, `${title}. What the console sees by itself is critical.`);
}
