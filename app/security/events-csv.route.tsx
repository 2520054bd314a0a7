import { csvResponse } from '#app/http/csv.server';
import { protectedLoader } from '#app/http/protected.server';
import { listSecurityEvents } from '#server/monitoring/security-events/queries';
import type { Ctx } from '#server/platform/context';

const HEADER = [
  'at (UTC)',
  'kind',
  'service',
  'environment',
  'told by',
  'address',
  'method',
  'path',
  'evidence',
];
const BATCH = 200;

export const loader = protectedLoader({ access: 'security.read' }, async ({ ctx, url }) => {
  const filter = Object.fromEntries([...url.searchParams].filter(([, value]) => value !== ''));
  return csvResponse('security-events.csv', HEADER, readAll(ctx, filter));
});

async function* readAll(ctx: Ctx, filter: Record<string, string>) {
  for (let page = 1; ; page += 1) {
    const { rows } = await listSecurityEvents(ctx, { ...filter, page, pageSize: BATCH });
    yield rows.map((event) => [
      event.at,
      event.kind,
      event.service,
      event.environment,
      event.source,
      event.sourceIp,
      event.method,
      event.path,
      event.evidence,
    ]);
    if (rows.length < BATCH) return;
  }
}
