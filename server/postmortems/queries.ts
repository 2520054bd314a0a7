import { mayAct } from '#server/auth/conditions';
import { can, nothingInput, ROLES } from '#server/auth/contract';
import { defineQuery } from '#server/auth/guard';
import { incidentName } from '#server/incidents/words/contract';
import { AppError } from '#server/platform/errors';
import { Prisma } from '#server/platform/generated/prisma/client';
import { readItems } from '#server/postmortems/action-items';
import {
  type ActionItemPage,
  actionItemFilter,
  type OwnerView,
  type PostmortemDetail,
  type PostmortemDocument,
  type PostmortemPage,
  type PostmortemRevisionView,
  type PostmortemTimeline,
  postmortemFilter,
  postmortemInput,
  postmortemTimelineInput,
  previewPostmortemInput,
  revisionInput,
} from '#server/postmortems/contract';
import { toMarkdown } from '#server/postmortems/export';
import { renderMarkdown } from '#server/postmortems/markdown';
import { findPostmortem, readDetail, sectionsOf } from '#server/postmortems/read-detail';
import { countRows, readRows } from '#server/postmortems/rows';
import { addDays, dayOf } from '#server/postmortems/state';
import { readTimeline } from '#server/postmortems/timeline';
import {
  type DueGroup,
  POSTMORTEM_TIMELINE_MAX,
  type PostmortemView,
  SECTION_KEYS,
  type Sections,
} from '#server/postmortems/words/contract';

/** How many are counted beyond a page: counting them all means reading them all. */
const COUNTED = 1_000;

const VIEWS: Record<PostmortemView, { where: Prisma.Sql; order: Prisma.Sql }> = {
  // Who waits longest comes first.
  review: {
    where: Prisma.sql`p.state IN ('in_review', 'approved')`,
    order: Prisma.sql`p.changed_at, i.number`,
  },
  missing: {
    where: Prisma.sql`i.state = 'resolved' AND i.level <= 2 AND i.merged_into_id IS NULL
      AND (p.state IS NULL OR p.state IN ('draft', 'in_review'))`,
    order: Prisma.sql`i.resolved_at DESC, i.number DESC`,
  },
  all: { where: Prisma.sql`p.id IS NOT NULL`, order: Prisma.sql`p.created_at DESC, p.id DESC` },
};

/** A page of post-mortems, or of incidents that lack one. `total` says 1,000 more than the page where there are more. */
export const listPostmortems = defineQuery({
  name: 'postmortems.list',
  access: 'postmortems.read',
  input: postmortemFilter,
  handle: async (ctx, { page, pageSize, view, state, search }): Promise<PostmortemPage> => {
    const conditions = [VIEWS[view].where];
    if (state) conditions.push(Prisma.sql`p.state = ${state}`);
    if (search) {
      const pattern = `%${search.replaceAll(/[\\%_]/g, '\\$&')}%`;
      const number = /^(?:inc-|#)?(\d{1,9})$/i.exec(search)?.[1];
      const named = number === undefined ? Prisma.sql`false` : Prisma.sql`i.number = ${Number(number)}`;
      conditions.push(Prisma.sql`(i.title ILIKE ${pattern} OR ${named})`);
    }
    const where = Prisma.join(conditions, ' AND ');
    const offset = (page - 1) * pageSize;
    const [rows, total] = await Promise.all([
      readRows(ctx, where, VIEWS[view].order, pageSize, offset),
      countRows(ctx, where, offset + COUNTED),
    ]);
    return { rows, total, page, pageSize };
  },
});

/** The post-mortem of an incident whole, but for the timeline, which the incident has. @throws AppError `not_found` */
export const getPostmortem = defineQuery({
  name: 'postmortems.get',
  access: 'postmortems.read',
  input: postmortemInput,
  handle: (ctx, { number }): Promise<PostmortemDetail> => readDetail(ctx, number),
});

/** A text as it was saved. @throws AppError `not_found` */
export const getPostmortemRevision = defineQuery({
  name: 'postmortems.get-revision',
  access: 'postmortems.read',
  input: revisionInput,
  handle: async (ctx, { number, revision }): Promise<PostmortemRevisionView> => {
    const found = await ctx.db.postmortemRevision.findFirst({
      where: { number: revision, postmortem: { incident: { number } } },
    });
    if (!found)
      throw new AppError(
        'not_found',
        `The post-mortem of ${incidentName(number)} has no revision ${revision}.`,
      );
    const { authorName, createdAt, sections } = found;
    return {
      number: revision,
      authorName,
      createdAt: createdAt.toISOString(),
      sections: sectionsOf(sections),
    };
  },
});

/** The post-mortem as one document, with the timeline as it is now; links are whole addresses where PUBLIC_URL is set. @throws AppError `not_found` */
export const exportPostmortem = defineQuery({
  name: 'postmortems.export',
  access: 'postmortems.read',
  input: postmortemInput,
  handle: async (ctx, { number }): Promise<PostmortemDocument> => {
    const postmortem = await readDetail(ctx, number);
    const timeline = await readTimeline(ctx, postmortem.incidentNumber, POSTMORTEM_TIMELINE_MAX);
    return {
      fileName: `post-mortem-${postmortem.incidentName}.md`,
      markdown: toMarkdown(postmortem, timeline, ctx.env.PUBLIC_URL ?? null),
    };
  },
});

/** The timeline from its beginning, as far as it is asked for. @throws AppError `not_found` */
export const getPostmortemTimeline = defineQuery({
  name: 'postmortems.get-timeline',
  access: 'postmortems.read',
  input: postmortemTimelineInput,
  handle: async (ctx, { number, most }): Promise<PostmortemTimeline> =>
    readTimeline(ctx, (await findPostmortem(ctx, number)).incidentNumber, most),
});

/** A page of action items: those that are due first, and of ended ones those that ended last. */
export const listActionItems = defineQuery({
  name: 'postmortems.list-items',
  access: 'postmortems.read',
  input: actionItemFilter,
  handle: async (ctx, { page, pageSize, group, owner, number }): Promise<ActionItemPage> => {
    const conditions = [group ? inGroup(group, dayOf(ctx.clock.now())) : Prisma.sql`true`];
    if (owner === 'me') conditions.push(Prisma.sql`a.owner_id = ${ctx.actor.id}::uuid`);
    else if (owner) conditions.push(Prisma.sql`u.email = ${owner}`);
    if (number) conditions.push(Prisma.sql`i.number = ${number}`);
    const where = Prisma.join(conditions, ' AND ');
    const order =
      group === 'ended'
        ? Prisma.sql`a.ended_at DESC, a.id`
        : Prisma.sql`(a.ended_at IS NOT NULL), a.due_on, a.id`;
    const [rows, [count]] = await Promise.all([
      readItems(ctx, where, order, pageSize, (page - 1) * pageSize),
      ctx.db.$queryRaw<{ total: number }[]>`
        SELECT count(*)::int AS total FROM action_item a JOIN postmortem p ON p.id = a.postmortem_id
        JOIN incident i ON i.id = p.incident_id JOIN app_user u ON u.id = a.owner_id WHERE ${where}`,
    ]);
    return { rows, total: count?.total ?? 0, page, pageSize };
  },
});

/** The same as `dueGroup` of `state.ts`, as SQL. */
function inGroup(group: DueGroup, today: string): Prisma.Sql {
  const open = Prisma.sql`a.state IN ('open', 'in_progress')`;
  const week = addDays(today, 7);
  return {
    overdue: Prisma.sql`${open} AND a.due_on < ${today}::date`,
    week: Prisma.sql`${open} AND a.due_on BETWEEN ${today}::date AND ${week}::date`,
    later: Prisma.sql`${open} AND a.due_on > ${week}::date`,
    ended: Prisma.sql`a.state IN ('done', 'cancelled')`,
  }[group];
}

/** Everybody who may own an action item, by name. */
export const listOwners = defineQuery({
  name: 'postmortems.list-owners',
  access: 'postmortems.manage',
  input: nothingInput,
  handle: async (ctx): Promise<OwnerView[]> => {
    const roles = ROLES.filter((role) => can({ type: 'user', role }, 'postmortems.manage'));
    return ctx.db.$queryRaw<OwnerView[]>`
      SELECT u.name, u.email FROM app_user u
      WHERE u.role::text = ANY (${roles}::text[]) AND ${mayAct(ctx)} ORDER BY u.name, u.email`;
  },
});

/** How a text looks, saved or not: safe HTML by section; empty where nothing is written. */
export const previewPostmortem = defineQuery({
  name: 'postmortems.preview',
  access: 'postmortems.read',
  input: previewPostmortemInput,
  handle: async (_ctx, given): Promise<Sections> =>
    Object.fromEntries(SECTION_KEYS.map((key) => [key, renderMarkdown(given[key] ?? '')])) as Sections,
});
