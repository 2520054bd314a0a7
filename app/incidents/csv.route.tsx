import { csvResponse } from '#app/http/csv.server';
import { protectedLoader } from '#app/http/protected.server';
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
    ]);
    afterNumber = rows.at(-1)?.number ?? 0;
    if (rows.length === 0) return;
  }
}
