import { defineQuery } from '#server/auth/guard';
import { type ImpactEntry, type IncidentImpact, impactInput, impactsInput } from '#server/business/contract';
import { findSource, readHistory, toEntry } from '#server/business/records';
import { currentOf } from '#server/business/state';
import { getIncident } from '#server/incidents/queries';

/** What an incident cost, with all that was said of it. The number of a merged one leads to the one that goes on. @throws AppError `not_found` */
export const getImpact = defineQuery({
  name: 'business.get-impact',
  access: 'incidents.read',
  input: impactInput,
  handle: async (ctx, given): Promise<IncidentImpact> => {
    const incident = await getIncident(ctx, given);
    const found = findSource(ctx, incident);
    const all = await readHistory(ctx, incident.number);
    const current = currentOf(all);
    const history = all.map(({ isOfConsole: _who, ...entry }) => entry);
    return {
      incidentNumber: incident.number,
      incidentName: incident.name,
      durationMs: incident.durationMs,
      source:
        found.problem === null
          ? {
              service: found.service,
              environment: found.environment,
              currency: found.source.currency,
            }
          : null,
      sourceProblem: found.problem,
      current: history.find(({ id }) => id === current?.id) ?? null,
      history: history.reverse(),
    };
  },
});

/** The entries that count of several incidents, by number; those without any are left out. */
export const listImpacts = defineQuery({
  name: 'business.list-impacts',
  access: 'incidents.read',
  input: impactsInput,
  handle: async (ctx, { numbers }): Promise<Map<number, ImpactEntry>> => {
    const incidents = await ctx.db.incident.findMany({
      where: { number: { in: numbers }, impacts: { some: {} } },
      select: { number: true, impacts: { orderBy: { id: 'asc' } } },
    });
    return new Map(
      incidents.flatMap(({ number, impacts }) => {
        const current = currentOf(
          impacts.map((row) => ({ ...toEntry(row), isOfConsole: row.authorId === null })),
        );
        return current ? [[number, current] as const] : [];
      }),
    );
  },
});
