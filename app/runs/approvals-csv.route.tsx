import { csvResponse } from '#app/http/csv.server';
import { protectedLoader } from '#app/http/protected.server';
import type { Ctx } from '#server/platform/context';
import { listApprovals } from '#server/runs/queries/approvals';

const HEADER = [
  'number',
  'title',
  'service',
  'environment',
  'from',
  'to',
  'asked for by',
  'asked for (UTC)',
  'reason',
  'decision',
  'decided by',
  'decided (UTC)',
  'reason of the decision',
  'ended because',
];

const BATCH = 200;

export const loader = protectedLoader({ access: 'runs.read' }, async ({ ctx }) =>
  csvResponse('approvals.csv', HEADER, readAll(ctx)),
);

async function* readAll(ctx: Ctx) {
  for (let page = 1; ; page += 1) {
    const { rows } = await listApprovals(ctx, { state: 'decided', page, pageSize: BATCH });
    yield rows.map((run) => [
      run.number,
      run.title,
      run.service,
      run.environment,
      run.fromTag,
      run.toTag,
      run.requestedByName,
      run.requestedAt,
      run.requestReason,
      run.decision,
      run.byName,
      run.at,
      run.reason,
      run.decision ? null : run.cancelReason,
    ]);
    if (rows.length < BATCH) return;
  }
}
