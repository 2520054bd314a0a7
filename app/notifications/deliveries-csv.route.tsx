import { csvResponse } from '#app/http/csv.server';
import { protectedLoader } from '#app/http/protected.server';
import { listDeliveries } from '#server/notifications/queries';
import type { Ctx } from '#server/platform/context';

const HEADER = [
  'id',
  'asked for (UTC)',
  'channel',
  'kind',
  'subject',
  'resolved',
  'group',
  'number in group',
  'state',
  'reason',
  'attempts',
  'last status',
  'ended (UTC)',
  'handles that rang nobody',
];

const BATCH = 200;

export const loader = protectedLoader({ access: 'deliveries.read' }, async ({ ctx, url }) => {
  const filter = Object.fromEntries([...url.searchParams].filter(([, value]) => value !== ''));
  return csvResponse('deliveries.csv', HEADER, readAll(ctx, filter));
});

/** Oldest first: what is told meanwhile comes after the pages that were read, and moves none of them. */
async function* readAll(ctx: Ctx, filter: Record<string, string>) {
  for (let page = 1; ; page += 1) {
    const { rows } = await listDeliveries(ctx, { ...filter, page, pageSize: BATCH, order: 'asc' });
    yield rows.map((delivery) => [
      delivery.notificationId,
      delivery.createdAt,
      delivery.channel,
      delivery.kind,
      delivery.subject,
      delivery.isResolved,
      delivery.groupKey,
      delivery.sequence,
      delivery.state,
      delivery.reason,
      delivery.attempts,
      delivery.lastStatus,
      delivery.endedAt,
      delivery.unmapped.join(' '),
    ]);
    if (rows.length < BATCH) return;
  }
}
