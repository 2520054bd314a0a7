import { recordAudit } from '#server/audit/commands';
import type { Ctx } from '#server/platform/context';
import { AppError } from '#server/platform/errors';
import type {
  StatusComponent,
  StatusDraft,
  StatusIncident,
  StatusMaintenance,
} from '#server/platform/generated/prisma/client';
import type {
  StatusComponentView,
  StatusDraftView,
  StatusIncidentView,
  StatusMaintenanceView,
} from '#server/status/contract';
import { type Impacts, maintenanceStatus } from '#server/status/state';
import type { Impact, PublicState } from '#server/status/words/contract';

/** How many updates of an incident are shown to whoever writes the next. */
const SHOWN_UPDATES = 10;

/** What {@link toIncidentView} reads beside the row. */
export const withUpdates = {
  updates: { orderBy: { id: 'desc' }, take: SHOWN_UPDATES },
} as const;

interface UpdateRow {
  id: bigint;
  state: string;
  text: string;
  at: Date;
  authorName: string;
}

export function toIncidentView(row: StatusIncident & { updates: UpdateRow[] }): StatusIncidentView {
  return {
    number: row.number,
    title: row.title,
    incident: row.incidentNumber,
    state: row.state as PublicState,
    impacts: impactList(row.impacts as Impacts),
    openedAt: row.openedAt.toISOString(),
    resolvedAt: row.resolvedAt?.toISOString() ?? null,
    nextUpdateAt: row.nextUpdateAt?.toISOString() ?? null,
    version: row.version,
    updates: row.updates.map(({ id, state, text, at, authorName }) => ({
      id: String(id),
      state: state as PublicState,
      text,
      at: at.toISOString(),
      authorName,
    })),
  };
}

export function toComponentView(row: StatusComponent): StatusComponentView {
  const { key, name, description, group, position, service, environment, checkKeys, isShown, version } = row;
  const isRetired = row.retiredAt !== null;
  const stands = { service, environment, checkKeys };
  return { key, name, description, group, position, ...stands, isShown, isRetired, version };
}

export function toMaintenanceView(row: StatusMaintenance, now: Date): StatusMaintenanceView {
  const { id, title, text, startsAt, endsAt, components, announcedByName } = row;
  return {
    id,
    title,
    text,
    startsAt: startsAt.toISOString(),
    endsAt: endsAt.toISOString(),
    status: maintenanceStatus(row, now),
    components,
    announcedByName,
  };
}

export function toDraftView(ctx: Ctx, row: StatusDraft): StatusDraftView {
  const [kind, number] = row.about.split(':');
  const { id, ownerName, title, text, nextUpdateMinutes, takenId, takenVersion, version } = row;
  return {
    id,
    ownerName,
    isOwn: row.ownerId === ctx.actor.id,
    number: kind === 'public' ? Number(number) : null,
    incident: kind === 'incident' ? Number(number) : null,
    title,
    state: row.state as PublicState,
    text,
    impacts: impactList(row.impacts as Impacts),
    nextUpdateMinutes,
    taken: takenId !== null && takenVersion !== null ? { draftId: takenId, version: takenVersion } : null,
    keptAt: row.keptAt.toISOString(),
    version,
  };
}

/** What a draft is for, as the key under which a person has one. */
export function aboutOf({ number, incident }: { number: number | null; incident: number | null }): string {
  if (number !== null) return `public:${number}`;
  return incident === null ? 'new' : `incident:${incident}`;
}

function impactList(impacts: Impacts): { component: string; impact: Impact }[] {
  return Object.entries(impacts).map(([component, impact]) => ({ component, impact }));
}

/**
 * The number of the incident of the console behind a public one: of a merged one, that which goes on.
 * @throws AppError `unprocessable` for one that there is not
 */
export async function incidentBehind(tx: Ctx, number: number | undefined): Promise<number | null> {
  if (number === undefined) return null;
  const found = await tx.db.incident.findUnique({
    where: { number },
    select: { number: true, mergedInto: { select: { number: true } } },
  });
  if (found) return found.mergedInto?.number ?? found.number;
  throw new AppError('unprocessable', `There is no INC-${number}. Nothing was changed.`, {
    hint: 'Leave it out, or give the number of an incident of this console.',
  });
}

/** The key of the component that an environment gets by itself. */
export function ownKeyOf({ service, environment }: { service: string; environment: string }): string {
  return `${service}-${environment}`;
}

/**
 * Sees that components are on the status page, and to it that none is retired before the transaction ends.
 * @throws AppError `unprocessable` naming the first that is not
 */
export async function assertComponents(tx: Ctx, keys: readonly string[]): Promise<void> {
  if (keys.length === 0) return;
  const known = await tx.db.$queryRaw<{ key: string }[]>`
    SELECT key FROM status_component WHERE key = ANY(${[...keys]}) AND retired_at IS NULL ORDER BY key FOR SHARE`;
  const missing = keys.find((key) => !known.some((each) => each.key === key));
  if (missing !== undefined)
    throw new AppError(
      'unprocessable',
      `There is no component "${missing}" on the status page. Nothing was changed.`,
      { hint: 'Open the page again and choose from those that there are.' },
    );
}

/** Writes who changed what the public sees. */
export function auditStatus(
  tx: Ctx,
  action: string,
  target: { type: string; id: string; label: string },
  details: Record<string, unknown>,
): Promise<void> {
  return recordAudit(tx, { action, target, details });
}

/** Impacts as they are kept; what is not affected is left out. */
export function keptImpacts(
  impacts: readonly { component: string; impact: Impact }[],
): Record<string, Impact> {
  return Object.fromEntries(
    impacts.flatMap(({ component, impact }) => (impact === 'none' ? [] : [[component, impact]])),
  );
}
