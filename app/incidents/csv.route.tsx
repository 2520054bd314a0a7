import { csvResponse } from '#app/http/csv.server';
import { protectedLoader } from '#app/http/protected.server';
import type { ImpactEntry } from '#server/business/contract';
import { listImpacts } from '#server/business/queries';
import { decimalOf } from '#server/business/words/contract';
import { readIncidentBatch } from '#server/incidents/queries';
import type { Ctx } from '#server/platform/context';

const HEADER = [
  'incident',
  'title',
  'level',
  'state',
  'service',
  'environment',
  'began (UTC)',
  'recorded (UTC)',
  'resolved (UTC)',
  'lasted (s)',
  'declared by',
  'opened by',
  'commander',
  'lost revenue from',
  'lost revenue to',
  'currency',
  'users affected from',
  'users affected to',
];

export const loader = protectedLoader({ access: 'incidents.read' }, async ({ ctx, url }) => {
  const given = [...url.searchParams].filter(([, value]) => value !== '');
  const { page: _page, pageSize: _size, ...filter } = Object.fromEntries(given);
  return csvResponse('incidents.csv', HEADER, readAll(ctx, filter));
});

async function* readAll(ctx: Ctx, filter: Record<string, string>) {
  let afterNumber = 0;
  for (;;) {
    const rows = await readIncidentBatch(ctx, { ...filter, afterNumber });
    const impacts = await listImpacts(ctx, { numbers: rows.map(({ number }) => number) });
    yield rows.map((incident) => [
      incident.name,
      incident.title,
      incident.level,
      incident.state,
      incident.service,
      incident.environment,
      incident.startedAt,
      incident.detectedAt,
      incident.resolvedAt,
      Math.round(incident.durationMs / 1000),
      incident.declaredByName,
      incident.cause,
      incident.commanderName,
      ...cost(impacts.get(incident.number)),
    ]);
    afterNumber = rows.at(-1)?.number ?? 0;
    if (rows.length === 0) return;
  }
}

function cost(impact: ImpactEntry | undefined): (string | number | null)[] {
  if (!impact) return [null, null, null, null, null];
  const { currency, revenueLowMinor, revenueHighMinor, usersLow, usersHigh } = impact;
  const amount = (minor: number | null) =>
    currency === null || minor === null ? null : decimalOf(minor, currency);
  return [amount(revenueLowMinor), amount(revenueHighMinor), currency, usersLow, usersHigh];
}
