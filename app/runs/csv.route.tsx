import { csvResponse } from '#app/http/csv.server';
import { protectedLoader } from '#app/http/protected.server';
import type { Ctx } from '#server/platform/context';
import { listRuns } from '#server/runs/queries';

const HEADER = [
  'number',
  'kind',
  'title',
  'service',
  'environment',
  'state',
  'from',
  'to',
  'by',
  'reason',
  'asked for (UTC)',
  'started (UTC)',
  'ended (UTC)',
  'budget (ms)',
];

const BATCH = 200;

export const loader = protectedLoader({ access: 'runs.read' }, async ({ ctx, url }) => {
  const filter = Object.fromEntries([...url.searchParams].filter(([, value]) => value !== ''));
  return csvResponse('runs.csv', HEADER, readAll(ctx, filter));
});

/** Oldest first: runs that start meanwhile come after the pages that were read, and move none of them. */
async function* readAll(ctx: Ctx, filter: Record<string, string>) {
  for (let page = 1; ; page += 1) {
    const { rows } = await listRuns(ctx, { ...filter, page, pageSize: BATCH, sort: 'created', order: 'asc' });
    yield rows.map((run) => [
      run.number,
      run.procedure,
      run.title,
      run.service,
      run.environment,
      run.status,
      run.fromTag,
      run.toTag,
      run.requestedByName,
      run.reason,
      run.createdAt,
      run.startedAt,
      run.endedAt,
      run.budgetMs,
    ]);
    if (rows.length < BATCH) return;
  }
}
