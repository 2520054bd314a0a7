import { csvResponse } from '#app/http/csv.server';
import { protectedLoader } from '#app/http/protected.server';
import { listFreezes } from '#server/deployments/queries/freezes';
import type { Ctx } from '#server/platform/context';

const HEADER = [
  'state',
  'service',
  'environment',
  'reason',
  'starts (UTC)',
  'ends (UTC)',
  'cron',
  'time zone',
  'duration (min)',
  'declared by',
  'declared (UTC)',
  'ended by',
  'ended (UTC)',
  'ended because',
];

const BATCH = 200;

export const loader = protectedLoader({ access: 'deployments.read' }, async ({ ctx }) =>
  csvResponse('freezes.csv', HEADER, readAll(ctx)),
);

async function* readAll(ctx: Ctx) {
  for (let page = 1; ; page += 1) {
    const { rows } = await listFreezes(ctx, { page, pageSize: BATCH });
    yield rows.map((freeze) => [
      freeze.status,
      freeze.service ?? 'every service',
      freeze.environment ?? 'every environment',
      freeze.reason,
      freeze.startsAt,
      freeze.endsAt,
      freeze.cron,
      freeze.timeZone,
      freeze.durationMinutes,
      freeze.createdByName,
      freeze.createdAt,
      freeze.endedByName,
      freeze.endedAt,
      freeze.endReason,
    ]);
    if (rows.length < BATCH) return;
  }
}
