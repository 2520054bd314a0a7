import { csvResponse } from '#app/http/csv.server';
import { protectedLoader } from '#app/http/protected.server';
import { listDrills } from '#server/deployments/drills/queries';
import type { Ctx } from '#server/platform/context';

const HEADER = [
  'started (UTC)',
  'ended (UTC)',
  'service',
  'environment',
  'state',
  'rollback took (ms)',
  'budget (ms)',
  'deployed',
  'rolled back to',
  'by',
  'deploy run',
  'rollback run',
  'what went wrong',
];

const BATCH = 200;

export const loader = protectedLoader({ access: 'deployments.read' }, async ({ ctx, url }) => {
  const filter = Object.fromEntries([...url.searchParams].filter(([, value]) => value !== ''));
  return csvResponse('drills.csv', HEADER, readAll(ctx, filter));
});

/** Oldest first: drills that start meanwhile come after the pages that were read, and move none of them. */
async function* readAll(ctx: Ctx, filter: Record<string, string>) {
  for (let page = 1; ; page += 1) {
    const { rows } = await listDrills(ctx, { ...filter, page, pageSize: BATCH, order: 'asc' });
    yield rows.map((drill) => [
      drill.startedAt,
      drill.endedAt,
      drill.service,
      drill.environment,
      drill.status,
      drill.rollbackMs,
      drill.budgetMs,
      drill.releaseTag,
      drill.restoredTag,
      drill.requestedByName,
      drill.deployRun.number,
      drill.rollbackRun?.number ?? null,
      drill.error,
    ]);
    if (rows.length < BATCH) return;
  }
}
