import { recordAudit } from '#server/audit/commands';
import type { IncidentSummary } from '#server/incidents/contract';
import { durationMs } from '#server/incidents/state';
import {
  type IncidentCause,
  type IncidentEntryKind,
  type IncidentLevel,
  type IncidentState,
  incidentName,
} from '#server/incidents/words/contract';
import type { Ctx } from '#server/platform/context';
import { AppError } from '#server/platform/errors';
import type { Incident, IncidentEntry } from '#server/platform/generated/prisma/client';
import { notify } from '#server/platform/notify';
import type { EnvironmentKey } from '#server/services/contract';
import { OPS_CONFIG } from '#server/services/queries';

export interface NewEntry {
  kind: IncidentEntryKind;
  text: string;
  /** Absent: now. */
  occurredAt?: Date | null;
  authorName?: string;
  runId?: string | null;
  alertId?: string | null;
  correctsId?: bigint | null;
  /** The same again adds nothing. */
  dedupKey?: string | null;
}

/** Adds to the timeline of an incident, in the caller's transaction, and hints to who looks at it. @returns its id, or null where the key was there */
export async function addEntry(tx: Ctx, incidentId: string, entry: NewEntry): Promise<bigint | null> {
  const { kind, text, occurredAt = null, authorName = tx.actor.name } = entry;
  const { runId = null, alertId = null, correctsId = null, dedupKey = null } = entry;
  const authorId = tx.actor.type === 'user' ? tx.actor.id : null;
  const [row] = await tx.db.$queryRaw<{ id: bigint; number: number }[]>`
    INSERT INTO incident_entry (incident_id, kind, text, occurred_at, recorded_at, author_id, author_name, run_id,
      alert_id, corrects_id, dedup_key)
    SELECT ${incidentId}::uuid, ${kind}, ${text}, least(${occurredAt}::timestamptz, now), now, ${authorId}::uuid,
      ${authorName}, ${runId}::uuid, ${alertId}::uuid, ${correctsId}::bigint, ${dedupKey}
    FROM (SELECT clock_timestamp() AS now) clock
    ON CONFLICT (dedup_key) DO NOTHING
    RETURNING id, (SELECT number FROM incident WHERE id = incident_id)`;
  if (!row) return null;
  await notify(tx.db, { kind: 'incident', number: row.number });
  return row.id;
}

/** Hints that the pages of the environments that an incident is about are out of date: each of them shows what is open. */
export async function hintPlaces(tx: Ctx, { service, environment }: Incident): Promise<void> {
  for (const [name, { environments }] of Object.entries(tx.use(OPS_CONFIG).config.services)) {
    if (service !== null && name !== service) continue;
    for (const each of Object.keys(environments)) {
      if (environment === null || each === environment)
        await notify(tx.db, { kind: 'environment', service: name, environment: each });
    }
  }
}

/**
 * The incident of a number, held until the transaction ends, for a change.
 * @throws AppError `not_found`, or `conflict` for one that was merged into another
 */
export async function holdIncident(tx: Ctx, number: number): Promise<Incident> {
  const [found] = await tx.db.$queryRaw<{ id: string }[]>`
    SELECT id::text FROM incident WHERE number = ${number} FOR UPDATE`;
  if (!found) throw noIncident(number, ' Nothing was changed.');
  const incident = await tx.db.incident.findUniqueOrThrow({
    where: { id: found.id },
    include: { mergedInto: { select: { number: true } } },
  });
  if (incident.mergedInto) {
    const other = incidentName(incident.mergedInto.number);
    throw new AppError('conflict', `${incidentName(number)} was merged into ${other}. Nothing was changed.`, {
      hint: `Go on in ${other}.`,
    });
  }
  return incident;
}

/** The open incident of an environment, or of its service as a whole, held until the transaction ends; null for none. */
export async function holdOpenIncident(
  tx: Ctx,
  { service, environment }: EnvironmentKey,
): Promise<Incident | null> {
  const [open] = await tx.db.$queryRaw<{ id: string }[]>`
    SELECT id::text FROM incident
    WHERE service = ${service} AND (environment = ${environment} OR environment IS NULL)
      AND state <> 'resolved' AND merged_into_id IS NULL
    ORDER BY (environment IS NULL), started_at DESC, number DESC LIMIT 1 FOR UPDATE`;
  return open ? tx.db.incident.findUniqueOrThrow({ where: { id: open.id } }) : null;
}

/** An entry of an incident or of one merged into it. @throws AppError `not_found` */
export async function findEntry(tx: Ctx, { id }: Incident, entryId: string): Promise<IncidentEntry> {
  const entry = await tx.db.incidentEntry.findFirst({
    where: { id: BigInt(entryId), incident: { OR: [{ id }, { mergedIntoId: id }] } },
  });
  if (entry) return entry;
  throw new AppError('not_found', 'This incident has no such entry. Nothing was changed.', {
    hint: 'Take its id from the timeline.',
  });
}

/** @throws AppError `conflict` when an incident is no longer as it was looked at */
export function assertVersion({ number, version, state, level }: Incident, seen: number): void {
  if (version === seen) return;
  throw new AppError(
    'conflict',
    `Somebody has changed ${incidentName(number)} since you opened it: it is ${state} at level ${level} now. Nothing was changed.`,
    { hint: 'Open it again to see how it is now.' },
  );
}

/** The id of the incident that a number leads to. @throws AppError `not_found` */
export async function findIncidentId(ctx: Ctx, number: number): Promise<string> {
  const found = await ctx.db.incident.findUnique({
    where: { number },
    select: { id: true, mergedIntoId: true },
  });
  if (!found) throw noIncident(number);
  return found.mergedIntoId ?? found.id;
}

function noIncident(number: number, more = ''): AppError {
  return new AppError('not_found', `There is no ${incidentName(number)}.${more}`, {
    hint: 'Open it from the list of incidents.',
  });
}

/** Writes who did what to an incident. */
export function auditIncident(
  tx: Ctx,
  action: string,
  { id, number, title, service, environment }: Incident,
  more: { reason?: string | null; details?: Record<string, unknown> } = {},
): Promise<void> {
  const label = `${incidentName(number)} ${title}`;
  return recordAudit(tx, { action, target: { type: 'incident', id, label }, service, environment, ...more });
}

/** The incident as it is by now, as its commands answer it. */
export async function summaryOf(ctx: Ctx, id: string): Promise<IncidentSummary> {
  const row = await ctx.db.incident.findUniqueOrThrow({ where: { id }, include: withCommander });
  return toSummary(row, ctx.clock.now());
}

/** What {@link toSummary} reads beside the row. */
export const withCommander = {
  roles: { where: { role: 'commander', until: null }, select: { personName: true } },
} as const;

export function toSummary(row: Incident & { roles: { personName: string }[] }, now: Date): IncidentSummary {
  const { number, title, service, environment, declaredByName, causeId, version } = row;
  return {
    number,
    name: incidentName(number),
    title,
    level: row.level as IncidentLevel,
    state: row.state as IncidentState,
    service,
    environment,
    startedAt: row.startedAt.toISOString(),
    detectedAt: row.detectedAt.toISOString(),
    resolvedAt: row.resolvedAt?.toISOString() ?? null,
    durationMs: durationMs(row, now),
    declaredByName,
    cause: row.cause as IncidentCause,
    causeId,
    commanderName: row.roles[0]?.personName ?? null,
    version,
  };
}
