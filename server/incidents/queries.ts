import * as z from 'zod/mini';
import { defineQuery } from '#server/auth/guard';
import {
  type IncidentDetail,
  type IncidentFacets,
  type IncidentPage,
  type IncidentSummary,
  type IncidentTimeline,
  incidentBatchInput,
  incidentFilter,
  incidentInput,
  timelineInput,
} from '#server/incidents/contract';
import { viewConditions } from '#server/incidents/list-conditions';
import { findIncidentId, toSummary, withCommander } from '#server/incidents/records';
import { needsPostMortem } from '#server/incidents/state';
import { readEntries } from '#server/incidents/timeline';
import {
  INCIDENT_LEVEL_CONSEQUENCES,
  INCIDENT_LEVELS,
  INCIDENT_STATES,
  type IncidentLevel,
  type IncidentRole,
  type IncidentState,
} from '#server/incidents/words/contract';
import type { Ctx } from '#server/platform/context';
import { Prisma } from '#server/platform/generated/prisma/client';

/** Up to so many incidents that a search finds are all looked at; of more, the newest are enough to fill pages soon. */
const RARE = 4_000;
/** How many are counted where there are more, and beyond the page: counting them all means reading them all. */
const COUNTED = 1_000;
/** The same for a search: each that is counted takes a look at the words of those in between. */
const COUNTED_FOUND = 250;

/** A page of incidents, those that began last first, and how many there are of each kind. Merged ones are not listed. */
export const listIncidents = defineQuery({
  name: 'incidents.list',
  access: 'incidents.read',
  input: incidentFilter,
  handle: async (ctx, filter): Promise<IncidentPage> => {
    const { page, pageSize } = filter;
    const offset = (page - 1) * pageSize;
    const found = (await findRare(ctx, filter, offset)) ?? (await findNewest(ctx, filter, offset));
    const { ids, tally, most, where } = found;
    const isExact = sumOf(tally) <= most;
    const shown = offset + most;
    const asked = tally.filter((each) => matches(each, filter));
    const isEnough = isExact || sumOf(asked) > shown;
    const [rows, counted] = await Promise.all([
      readSummaries(ctx, ids),
      isEnough ? sumOf(asked) : countSome(ctx, where, shown + 1),
    ]);
    const isTotalExact = isExact || counted <= shown;
    return {
      rows,
      total: isTotalExact ? counted : shown,
      isTotalExact,
      page,
      pageSize,
      facets: { isExact, ...facetsOf(tally, filter) },
    };
  },
});

/** The incidents of a filter, by number, {@link incidentBatchInput} `limit` at a time. */
export const readIncidentBatch = defineQuery({
  name: 'incidents.read-batch',
  access: 'incidents.read',
  input: incidentBatchInput,
  handle: async (ctx, { afterNumber, limit, ...filter }): Promise<IncidentSummary[]> => {
    const where = Prisma.join([...baseConditions(ctx, filter), ...facetConditions(filter)], ' AND ');
    const ids = await ctx.db.$queryRaw<{ id: string }[]>`
      SELECT i.id::text FROM incident i WHERE ${where} AND i.number > ${afterNumber}
      ORDER BY i.number LIMIT ${limit}`;
    return readSummaries(ctx, ids);
  },
});

/** Beyond so many, a look at the list is shorter. */
const OPEN_SHOWN = 20;

/** What is open, the gravest first and the newest of each level; at most {@link OPEN_SHOWN}. */
export const listOpenIncidents = defineQuery({
  name: 'incidents.list-open',
  access: 'incidents.read',
  input: z.object({}),
  handle: async (ctx): Promise<IncidentSummary[]> => {
    // The condition of the index of open ones, to the letter.
    const ids = await ctx.db.$queryRaw<{ id: string }[]>`
      SELECT i.id::text FROM incident i WHERE i.state <> 'resolved' AND i.merged_into_id IS NULL
      ORDER BY i.level, i.started_at DESC, i.number DESC LIMIT ${OPEN_SHOWN}`;
    return readSummaries(ctx, ids);
  },
});

/** One incident whole but for its timeline. The number of a merged one leads to the one that goes on. @throws AppError `not_found` */
export const getIncident = defineQuery({
  name: 'incidents.get',
  access: 'incidents.read',
  input: incidentInput,
  handle: async (ctx, { number }): Promise<IncidentDetail> => {
    const id = await findIncidentId(ctx, number);
    const row = await ctx.db.incident.findUniqueOrThrow({
      where: { id },
      include: {
        roles: { orderBy: { id: 'asc' } },
        merged: { select: { number: true }, orderBy: { number: 'asc' } },
      },
    });
    const level = row.level as IncidentLevel;
    const commanders = row.roles.filter(({ role, until }) => role === 'commander' && until === null);
    return {
      ...toSummary({ ...row, roles: commanders }, ctx.clock.now()),
      consequence: INCIDENT_LEVEL_CONSEQUENCES[level],
      needsPostMortem: needsPostMortem(level),
      roles: row.roles.map(({ role, personId, personName, since, until, assignedByName }) => ({
        role: role as IncidentRole,
        personId,
        personName,
        since: since.toISOString(),
        until: until?.toISOString() ?? null,
        assignedByName,
      })),
      merged: row.merged.map((each) => each.number),
    };
  },
});

/** A page of the timeline of an incident, with that of those merged into it. @throws AppError `not_found` */
export const listTimeline = defineQuery({
  name: 'incidents.list-timeline',
  access: 'incidents.read',
  input: timelineInput,
  handle: async (ctx, { number, page, pageSize, order, system }): Promise<IncidentTimeline> => {
    const id = await findIncidentId(ctx, number);
    const merged = await ctx.db.incident.findMany({ where: { mergedIntoId: id }, select: { id: true } });
    const all = Prisma.join([id, ...merged.map((each) => each.id)].map((each) => Prisma.sql`${each}::uuid`));
    const where = Prisma.join(
      [Prisma.sql`e.incident_id IN (${all})`, ...(system === 'hide' ? [Prisma.sql`e.kind <> 'system'`] : [])],
      ' AND ',
    );
    const by =
      order === 'newest'
        ? Prisma.sql`e.occurred_at DESC, e.id DESC`
        : Prisma.sql`e.occurred_at ASC, e.id ASC`;
    const [rows, [count]] = await Promise.all([
      readEntries(ctx, where, by, pageSize, (page - 1) * pageSize),
      ctx.db.$queryRaw<{ total: number }[]>`
        SELECT count(*)::int AS total FROM incident_entry e WHERE ${where}`,
    ]);
    return { rows, total: count?.total ?? 0, page, pageSize };
  },
});

type PagedFilter = z.infer<typeof incidentFilter>;
type Filter = Omit<PagedFilter, 'page' | 'pageSize'>;

/** Incidents in the order of their ids. */
async function readSummaries(ctx: Ctx, ids: readonly { id: string }[]): Promise<IncidentSummary[]> {
  const rows = await ctx.db.incident.findMany({
    where: { id: { in: ids.map(({ id }) => id) } },
    include: withCommander,
  });
  const now = ctx.clock.now();
  const byId = new Map(rows.map((row) => [row.id, toSummary(row, now)]));
  return ids.flatMap(({ id }) => byId.get(id) ?? []);
}

interface Tally {
  state: IncidentState;
  level: IncidentLevel;
  service: string | null;
  count: number;
}

/** A page of ids, the count of each combination of facets among the first `most`, and what is asked of each incident. */
interface Found {
  ids: { id: string }[];
  tally: Tally[];
  most: number;
  where: Prisma.Sql;
}

/** By the index of words, counted as a whole; null where there is no search or it finds more than {@link RARE}. */
async function findRare(ctx: Ctx, filter: PagedFilter, offset: number): Promise<Found | null> {
  const { search, ...others } = filter;
  if (!search) return null;
  const base = Prisma.join(baseConditions(ctx, others), ' AND ');
  const facets = Prisma.join([Prisma.sql`true`, ...facetConditions(filter)], ' AND ');
  const number = numberIn(search);
  const hits = number
    ? Prisma.sql`(SELECT * FROM hit UNION SELECT ${FACTS} FROM incident_search
        WHERE incident_id = (SELECT id FROM incident WHERE number = ${number})) i`
    : Prisma.sql`hit i`;
  // What is found is written down once: the planner, who guesses how much that is, would look for it twice.
  const [found] = await ctx.db.$queryRaw<{ isRare: boolean; tally: Tally[] | null; ids: string[] | null }[]>`
    WITH hit AS MATERIALIZED (
      SELECT ${FACTS} FROM incident_search WHERE words @@ ${queryOf(search)} LIMIT ${RARE + 1}
    ), measure AS MATERIALIZED (SELECT count(*) <= ${RARE} AS "isRare" FROM hit),
    i AS MATERIALIZED (
      SELECT i.id, i.number, i.started_at, i.state, i.level, i.service
      FROM ${hits} WHERE (SELECT "isRare" FROM measure) AND ${base}
    )
    SELECT "isRare",
      (SELECT json_agg(t) FROM (SELECT state, level, service, count(*)::int AS count FROM i GROUP BY 1, 2, 3) t) AS tally,
      (SELECT json_agg(p.id) FROM (
        SELECT i.id FROM i WHERE ${facets} ${NEWEST} LIMIT ${filter.pageSize} OFFSET ${offset}) p) AS ids
    FROM measure`;
  if (!found?.isRare) return null;
  const ids = (found.ids ?? []).map((id) => ({ id }));
  return { ids, tally: found.tally ?? [], most: RARE + 1, where: facets };
}

/** From the newest on, incident by incident, until a page is full and {@link COUNTED} or {@link COUNTED_FOUND} are counted. */
async function findNewest(ctx: Ctx, filter: PagedFilter, offset: number): Promise<Found> {
  const base = Prisma.join(baseConditions(ctx, filter), ' AND ');
  const where = Prisma.join([base, ...facetConditions(filter)], ' AND ');
  const most = filter.search ? COUNTED_FOUND : COUNTED;
  const [ids, tally] = await Promise.all([
    ctx.db.$queryRaw<{ id: string }[]>`
      SELECT i.id::text FROM incident i WHERE ${where} ${NEWEST} LIMIT ${filter.pageSize} OFFSET ${offset}`,
    // One count of every combination answers for all facets.
    ctx.db.$queryRaw<Tally[]>`
      SELECT state, level, service, count(*)::int AS count
      FROM (SELECT i.state, i.level, i.service FROM incident i WHERE ${base} ${NEWEST} LIMIT ${most + 1}) counted
      GROUP BY 1, 2, 3`,
  ]);
  return { ids, tally, most, where };
}

/** What lists ask of an incident, as it stands beside its words: what is found need not be looked up. */
const FACTS = Prisma.sql`incident_id AS id, number, started_at, state, level, service, environment, merged_into_id`;
const NEWEST = Prisma.sql`ORDER BY i.started_at DESC, i.number DESC`;

/** What is searched for, made ready once and not again for each row, whatever plan the database keeps. */
function queryOf(search: string): Prisma.Sql {
  return Prisma.sql`(SELECT incident_query(${search}))`;
}

/** The number that a search may mean; 0 for none. */
function numberIn(search: string): number {
  return Number(/^(?:inc-?)?(\d{1,9})$/i.exec(search)?.[1] ?? 0);
}

async function countSome(ctx: Ctx, where: Prisma.Sql, most: number): Promise<number> {
  const [found] = await ctx.db.$queryRaw<{ count: number }[]>`
    SELECT count(*)::int AS count FROM (SELECT FROM incident i WHERE ${where} LIMIT ${most}) found`;
  return found?.count ?? 0;
}

/** What is asked besides state, level and service, by which it is counted. */
function baseConditions(ctx: Ctx, filter: Filter): Prisma.Sql[] {
  const { environment, search } = filter;
  const all: Prisma.Sql[] = [Prisma.sql`i.merged_into_id IS NULL`, ...viewConditions(ctx, filter)];
  if (environment) all.push(Prisma.sql`i.environment = ${environment}`);
  if (search) {
    all.push(
      Prisma.sql`((SELECT s.words FROM incident_search s WHERE s.incident_id = i.id) @@ ${queryOf(search)}
        OR i.number = ${numberIn(search)})`,
    );
  }
  return all;
}

function facetConditions({ state, level, service }: Filter): Prisma.Sql[] {
  const all: Prisma.Sql[] = [];
  // Said of each open state, too: few are open, and an index has just those.
  if (state && state !== 'resolved') all.push(Prisma.sql`i.state <> 'resolved'`);
  if (state && state !== 'open') all.push(Prisma.sql`i.state = ${state}`);
  if (level) all.push(Prisma.sql`i.level = ${level}`);
  if (service) all.push(Prisma.sql`i.service = ${service}`);
  return all;
}

/** The same as {@link facetConditions}, of what was counted. */
function matches(each: Tally, { state, level, service }: Partial<Filter>): boolean {
  const isState = !state || (state === 'open' ? each.state !== 'resolved' : each.state === state);
  return isState && (!level || each.level === level) && (!service || each.service === service);
}

function facetsOf(
  tally: readonly Tally[],
  { state, level, service }: Filter,
): Omit<IncidentFacets, 'isExact'> {
  const services = [...new Set(tally.map((each) => each.service))].sort((a, b) =>
    (a ?? '').localeCompare(b ?? ''),
  );
  return {
    states: INCIDENT_STATES.map((value) => ({
      value,
      count: sumOf(tally.filter((each) => each.state === value && matches(each, { level, service }))),
    })),
    levels: INCIDENT_LEVELS.map((value) => ({
      value,
      count: sumOf(tally.filter((each) => each.level === value && matches(each, { state, service }))),
    })),
    services: services.map((value) => ({
      value,
      count: sumOf(tally.filter((each) => each.service === value && matches(each, { state, level }))),
    })),
  };
}

function sumOf(tally: readonly Tally[]): number {
  return tally.reduce((sum, { count }) => sum + count, 0);
}
