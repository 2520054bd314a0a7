import { protectedLoader } from '#app/http/protected.server';
import { readRunLog } from '#server/runs/queries';

/** Lines of a run's log for a page that already shows others: those after `after`, at most `limit`. */
export const loader = protectedLoader({ access: 'runs.read' }, async ({ ctx, params, url }) => ({
  lines: await readRunLog(ctx, {
    runId: params.runId,
    afterSeq: url.searchParams.get('after') ?? 0,
    limit: url.searchParams.get('limit') ?? 1_000,
  }),
}));
