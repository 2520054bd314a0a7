import { csvResponse } from '#app/http/csv.server';
import { protectedLoader } from '#app/http/protected.server';
import { listAlerts } from '#server/monitoring/alerts/queries';
import type { Ctx } from '#server/platform/context';

const HEADER = [
  'id',
  'fired (UTC)',
  'began (UTC)',
  'rule',
  'title',
  'cause',
  'service',
  'environment',
  'state',
  'severity',
  'value',
  'why',
  'acknowledged by',
  'acknowledged (UTC)',
  'resolved by',
  'resolved (UTC)',
  'resolved because',
];

const BATCH = 200;

export const loader = protectedLoader({ access: 'alerts.read' }, async ({ ctx, url }) => {
  const filter = Object.fromEntries([...url.searchParams].filter(([, value]) => value !== ''));
  return csvResponse('alerts.csv', HEADER, readAll(ctx, filter));
});

/** Oldest first: alerts that fire meanwhile come after the pages that were read, and move none of them. */
async function* readAll(ctx: Ctx, filter: Record<string, string>) {
  for (let page = 1; ; page += 1) {
    const { rows } = await listAlerts(ctx, { ...filter, page, pageSize: BATCH, order: 'oldest' });
    yield rows.map((alert) => [
      alert.id,
      alert.openedAt,
      alert.breachSince,
      alert.ruleKey,
      alert.title,
      alert.cause,
      alert.service,
      alert.environment,
      alert.state,
      alert.severity,
      alert.value,
      alert.explanation,
      alert.acknowledgedByName,
      alert.acknowledgedAt,
      alert.resolvedByName,
      alert.resolvedAt,
      alert.resolveReason,
    ]);
    if (rows.length < BATCH) return;
  }
}
