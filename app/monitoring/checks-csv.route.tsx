import { csvResponse } from '#app/http/csv.server';
import { protectedLoader } from '#app/http/protected.server';
import { listChecks } from '#server/monitoring/checks/queries/checks';
import type { Ctx } from '#server/platform/context';

const HEADER = [
  'service',
  'environment',
  'key',
  'title',
  'kind',
  'target',
  'every (s)',
  'state',
  'since (UTC)',
  'last (UTC)',
  'took (ms)',
  'message',
  'uptime 24 h (%)',
  'uptime 90 d (%)',
];
const BATCH = 200;

export const loader = protectedLoader({ access: 'checks.read' }, async ({ ctx, url }) => {
  const filter = Object.fromEntries([...url.searchParams].filter(([, value]) => value !== ''));
  return csvResponse('checks.csv', HEADER, readAll(ctx, filter));
});

async function* readAll(ctx: Ctx, filter: Record<string, string>) {
  for (let page = 1; ; page += 1) {
    const { rows } = await listChecks(ctx, { ...filter, page, pageSize: BATCH });
    yield rows.map((check) => [
      check.service,
      check.environment,
      check.key,
      check.title,
      check.kind,
      check.target,
      check.intervalSeconds,
      check.state,
      check.since,
      check.lastAt,
      check.lastDurationMs,
      check.lastMessage,
      check.uptimeDay,
      check.uptimeQuarter,
    ]);
    if (rows.length < BATCH) return;
  }
}
