import type { IncidentEntryView } from '#server/incidents/contract';
import { listTimeline } from '#server/incidents/queries';
import { type Ctx, systemActor } from '#server/platform/context';
import type { PostmortemTimeline } from '#server/postmortems/contract';

const STEP = 200;

/**
 * The timeline of an incident from its beginning, which whoever reads its post-mortem reads in it. `total` says how many
 * entries there are beyond `most`.
 */
export async function readTimeline(ctx: Ctx, number: number, most: number): Promise<PostmortemTimeline> {
  const reader = ctx.as(systemActor('The console'));
  const ask = (page: number) =>
    listTimeline(reader, { number, page, pageSize: STEP, order: 'oldest', system: 'show' });
  const first = await ask(1);
  const rows: IncidentEntryView[] = [...first.rows];
  for (let page = 2; rows.length < Math.min(first.total, most); page += 1) {
    const next = (await ask(page)).rows;
    if (next.length === 0) break;
    rows.push(...next);
  }
  const told = await ctx.db.statusIncident.findUnique({
    where: { incidentNumber: number },
    select: { number: true },
  });
  return { rows: rows.slice(0, most), total: first.total, publicNumber: told?.number ?? null };
}
