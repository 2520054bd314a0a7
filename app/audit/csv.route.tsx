import { csvResponse } from '#app/http/csv.server';
import { protectedLoader } from '#app/http/protected.server';
import { readAuditBatch } from '#server/audit/queries';
import type { Ctx } from '#server/platform/context';

const HEADER = [
  'at (UTC)',
  'actor',
  'actor type',
  'action',
  'target type',
  'target',
  'target id',
  'service',
  'environment',
  'reason',
  'details',
  'run',
  'request',
];

export const loader = protectedLoader({ access: 'audit.read' }, async ({ ctx, url }) => {
  const { page: _page, pageSize: _size, ...filter } = Object.fromEntries(url.searchParams);
  return csvResponse('audit.csv', HEADER, readAll(ctx, filter));
});

async function* readAll(ctx: Ctx, filter: Record<string, string>) {
  let beforeId: string | undefined;
  for (;;) {
    const rows = await readAuditBatch(ctx, { ...filter, beforeId });
    yield rows.map((row) => [
      row.at,
      row.actorName,
      row.actorType,
      row.action,
      row.targetType,
      row.targetLabel,
      row.targetId,
      row.service,
      row.environment,
      row.reason,
      JSON.stringify(row.details),
      row.runId,
      row.requestId,
    ]);
    beforeId = rows.at(-1)?.id;
    if (!beforeId) return;
  }
}
