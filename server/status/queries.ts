import * as z from 'zod/mini';
import { defineQuery } from '#server/auth/guard';
import type { Ctx } from '#server/platform/context';
import { environmentViews } from '#server/services/queries';
import type { PublicStatus, StatusComposer, StatusPlace, StatusProposal } from '#server/status/contract';
import {
  toComponentView,
  toDraftView,
  toIncidentView,
  toMaintenanceView,
  withUpdates,
} from '#server/status/records';
import { readPublicStatus } from '#server/status/snapshot';
import { FIRST_POST_MS } from '#server/status/state';

/** Open incidents that the public could be told of; more than a handful at once are never open in truth. */
const PROPOSALS = 20;
/** Drafts that are shown; more are never begun at once in truth. */
const DRAFTS = 50;

/** What the public sees, read from the database. Requests of the public are answered from a copy; see `copy.ts`. */
export const getPublicStatus = defineQuery({
  name: 'status.get-public',
  access: 'anyone',
  input: z.object({}),
  handle: (ctx): Promise<PublicStatus> => readPublicStatus(ctx),
});

/** What whoever tells the public works with: what is open, what is announced, and what should be told. */
export const getStatusComposer = defineQuery({
  name: 'status.get-composer',
  access: 'status.manage',
  input: z.object({}),
  handle: async (ctx): Promise<StatusComposer> => {
    const now = ctx.clock.now();
    const [components, open, recent, maintenance, proposals, drafts, places] = await Promise.all([
      ctx.db.statusComponent.findMany({ orderBy: [{ position: 'asc' }, { key: 'asc' }] }),
      ctx.db.statusIncident.findMany({
        where: { state: { not: 'resolved' } },
        orderBy: { openedAt: 'desc' },
        take: 100,
        include: withUpdates,
      }),
      ctx.db.statusIncident.findMany({
        where: { state: 'resolved' },
        orderBy: { openedAt: 'desc' },
        take: 10,
        include: withUpdates,
      }),
      ctx.db.statusMaintenance.findMany({ orderBy: { startsAt: 'desc' }, take: 20 }),
      readProposals(ctx),
      ctx.db.statusDraft.findMany({ orderBy: [{ keptAt: 'desc' }, { id: 'desc' }], take: DRAFTS }),
      readPlaces(ctx),
    ]);
    return {
      components: components.map(toComponentView),
      open: open.map(toIncidentView),
      recent: recent.map(toIncidentView),
      maintenance: maintenance.map((row) => toMaintenanceView(row, now)),
      proposals,
      drafts: drafts.map((row) => toDraftView(ctx, row)),
      places,
    };
  },
});

/** The environments that are configured, with their checks. */
async function readPlaces(ctx: Ctx): Promise<StatusPlace[]> {
  const checks = await ctx.db.monitorCheck.findMany({
    where: { removedAt: null },
    select: { key: true, title: true, service: true, environment: true },
    orderBy: [{ title: 'asc' }, { key: 'asc' }],
  });
  return environmentViews(ctx).map(({ service, environment }) => ({
    service,
    environment,
    checks: checks
      .filter((each) => each.service === service && each.environment === environment)
      .map(({ key, title }) => ({ key, title })),
  }));
}

interface ProposalRow {
  kind: StatusProposal['kind'];
  incident: number;
  incidentTitle: string;
  level: number;
  number: number | null;
  graveSince: Date | null;
}

async function readProposals(ctx: Ctx): Promise<StatusProposal[]> {
  const rows = await ctx.db.$queryRaw<ProposalRow[]>`
    (SELECT 'resolved' AS kind, i.number AS incident, i.title AS "incidentTitle", i.level, s.number,
       i.grave_since AS "graveSince"
     FROM status_incident s JOIN incident i ON i.number = s.incident_number
     WHERE s.state <> 'resolved' AND i.state = 'resolved' ORDER BY i.resolved_at DESC LIMIT ${PROPOSALS})
    UNION ALL
    (SELECT 'first', i.number, i.title, i.level, NULL, i.grave_since FROM incident i
     WHERE i.state <> 'resolved' AND i.merged_into_id IS NULL AND i.level <= 2
       AND NOT EXISTS (SELECT FROM status_incident s WHERE s.incident_number = i.number)
     ORDER BY i.level, i.grave_since DESC LIMIT ${PROPOSALS})`;
  return rows.map(({ graveSince, ...row }) => ({
    ...row,
    dueAt:
      row.kind === 'first' && graveSince
        ? new Date(graveSince.getTime() + FIRST_POST_MS).toISOString()
        : null,
  }));
}
