import { csvResponse } from '#app/http/csv.server';
import { protectedLoader } from '#app/http/protected.server';
import { listCheckResults } from '#server/monitoring/checks/queries/checks';
import type { Ctx } from '#server/platform/context';

const HEADER = ['due (UTC)', 'ended (UTC)', 'outcome', 'took (ms)', 'status', 'message'];
const BATCH = 200;
/** Paging by place slows down with depth; who needs more asks the API by its pages. */
const MOST_PAGES = 100;

export const loader = protectedLoader({ access: 'checks.read' }, async ({ ctx, params, url }) => {
  const { checkId = '' } = params;
  const outcome = url.searchParams.get('outcome') || undefined;
  // A check that is not there is told as such, not as an empty file.
  await listCheckResults(ctx, { checkId, outcome, pageSize: 10 });
  return csvResponse('check-results.csv', HEADER, readAll(ctx, { checkId, outcome }));
});

async function* readAll(ctx: Ctx, filter: { checkId: string; outcome: string | undefined }) {
  for (let page = 1; page <= MOST_PAGES; page += 1) {
    const { rows } = await listCheckResults(ctx, { ...filter, page, pageSize: BATCH });
    yield rows.map((result) => [
      result.at,
      result.endedAt,
      result.outcome,
      result.durationMs,
      result.statusCode,
      result.message,
    ]);
    if (rows.length < BATCH) return;
  }
}
