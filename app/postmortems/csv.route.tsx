import { csvResponse } from '#app/http/csv.server';
import { protectedLoader } from '#app/http/protected.server';
import type { Ctx } from '#server/platform/context';
import { listPostmortems } from '#server/postmortems/queries';

const HEADER = [
  'incident',
  'title',
  'level',
  'service',
  'environment',
  'resolved (UTC)',
  'state',
  'begun (UTC)',
  'changed (UTC)',
  'published (UTC)',
  'published revision',
  'open action items',
];

const BATCH = 200;

export const loader = protectedLoader({ access: 'postmortems.read' }, async ({ ctx, url }) => {
  const filter = Object.fromEntries([...url.searchParams].filter(([, value]) => value !== ''));
  return csvResponse('post-mortems.csv', HEADER, readAll(ctx, filter));
});

async function* readAll(ctx: Ctx, filter: Record<string, string>) {
  for (let page = 1; ; page += 1) {
    const { rows } = await listPostmortems(ctx, { ...filter, page, pageSize: BATCH });
    yield rows.map((row) => [
      row.incidentName,
      row.title,
      row.level,
      row.service,
      row.environment,
      row.resolvedAt,
      row.state ?? 'not begun',
      row.createdAt,
      row.changedAt,
      row.publishedAt,
      row.publishedRevision,
      row.openItems,
    ]);
    if (rows.length < BATCH) return;
  }
}
