import { csvResponse } from '#app/http/csv.server';
import { protectedLoader } from '#app/http/protected.server';
import { readCheckResultBatch } from '#server/monitoring/checks/queries/checks';
import type { Ctx } from '#server/platform/context';

const HEADER = ['due (UTC)', 'ended (UTC)', 'outcome', 'took (ms)', 'status', 'message'];
export const loader = protectedLoader({ access: 'checks.read' }, async ({ ctx, params, url }) => {
  const outcome = url.searchParams.get('outcome') || undefined;
  return csvResponse('check-results.csv', HEADER, readAll(ctx, { checkId: params.checkId ?? '', outcome }));
});

async function* readAll(ctx: Ctx, filter: { checkId: string; outcome: string | undefined }) {
  let before: string | undefined;
  for (;;) {
    const rows = await readCheckResultBatch(ctx, { ...filter, before });
    yield rows.map((result) => [
      result.at,
      result.endedAt,
      result.outcome,
      result.durationMs,
      result.statusCode,
      result.message,
    ]);
    before = rows.at(-1)?.at;
    if (!before) return;
  }
}
