import { csvResponse } from '#app/http/csv.server';
import { protectedLoader } from '#app/http/protected.server';
import { listToggles } from '#server/maintenance/queries';
import type { Ctx } from '#server/platform/context';

const HEADER = [
  'id',
  'kind',
  'service',
  'environment',
  'reason',
  'on by',
  'on (UTC)',
  'until (UTC)',
  'verification',
  'verified (UTC)',
  'what was seen',
  'off by',
  'off (UTC)',
  'off because',
];

const BATCH = 200;

export const loader = protectedLoader({ access: 'maintenance.read' }, async ({ ctx, url }) => {
  const filter = Object.fromEntries([...url.searchParams].filter(([, value]) => value !== ''));
  return csvResponse('maintenance.csv', HEADER, readAll(ctx, filter));
});

/** Oldest first: what is switched on meanwhile comes after the pages that were read, and moves none of them. */
async function* readAll(ctx: Ctx, filter: Record<string, string>) {
  for (let page = 1; ; page += 1) {
    const { rows } = await listToggles(ctx, { ...filter, page, pageSize: BATCH, order: 'oldest' });
    yield rows.map((toggle) => [
      toggle.id,
      toggle.kind,
      toggle.service,
      toggle.environment,
      toggle.reason,
      toggle.startedByName,
      toggle.startedAt,
      toggle.expiresAt,
      toggle.verification,
      toggle.verifiedAt,
      toggle.verificationNote,
      toggle.endedByName,
      toggle.endedAt,
      toggle.endReason,
    ]);
    if (rows.length < BATCH) return;
  }
}
