import { csvResponse } from '#app/http/csv.server';
import { protectedLoader } from '#app/http/protected.server';
import type { Ctx } from '#server/platform/context';
import { listActionItems } from '#server/postmortems/queries';

const HEADER = [
  'id',
  'due',
  'when',
  'state',
  'priority',
  'title',
  'owner',
  'owner address',
  'incident',
  'added (UTC)',
  'added by',
  'ended (UTC)',
  'last reminded (UTC)',
];

const BATCH = 200;

export const loader = protectedLoader({ access: 'postmortems.read' }, async ({ ctx, url }) => {
  const filter = Object.fromEntries([...url.searchParams].filter(([, value]) => value !== ''));
  return csvResponse('action-items.csv', HEADER, readAll(ctx, filter));
});

async function* readAll(ctx: Ctx, filter: Record<string, string>) {
  for (let page = 1; ; page += 1) {
    const { rows } = await listActionItems(ctx, { ...filter, page, pageSize: BATCH });
    yield rows.map((item) => [
      item.id,
      item.dueOn,
      item.group,
      item.state,
      item.priority,
      item.title,
      item.ownerName,
      item.ownerEmail,
      item.incidentName,
      item.createdAt,
      item.createdByName,
      item.endedAt,
      item.remindedAt,
    ]);
    if (rows.length < BATCH) return;
  }
}
