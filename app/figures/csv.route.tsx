import { csvResponse } from '#app/http/csv.server';
import { protectedLoader } from '#app/http/protected.server';
import type { FigureIncident } from '#server/figures/contract';
import { readFigureIncidentBatch } from '#server/figures/queries';
import { MILESTONES } from '#server/figures/words/contract';
import type { Ctx } from '#server/platform/context';

const HEADER = [
  'incident',
  'title',
  'level',
  'state',
  'opened by',
  'service',
  'environment',
  'began (UTC)',
  'recorded (UTC)',
  'acknowledged (UTC)',
  'resolved (UTC)',
  ...MILESTONES.flatMap((key) => [`to ${key}`, `to ${key} (s)`]),
];
const BATCH = 200;

/** The incidents behind the figures, each with its times. */
export const loader = protectedLoader({ access: 'incidents.read' }, async ({ ctx, url }) => {
  const given = [...url.searchParams].filter(([, value]) => value !== '');
  const { page: _page, pageSize: _size, ...filter } = Object.fromEntries(given);
  return csvResponse('figures.csv', HEADER, readAll(ctx, filter));
});

async function* readAll(ctx: Ctx, filter: Record<string, string>) {
  let afterNumber = 0;
  for (;;) {
    const rows = await readFigureIncidentBatch(ctx, { ...filter, afterNumber, pageSize: BATCH });
    yield rows.map(cellsOf);
    afterNumber = rows.at(-1)?.number ?? 0;
    if (rows.length < BATCH) return;
  }
}

function cellsOf(row: FigureIncident) {
  return [
    row.name,
    row.title,
    row.level,
    row.isMerged ? 'merged' : row.state,
    row.cause,
    row.service,
    row.environment,
    row.startedAt,
    row.detectedAt,
    row.acknowledgedAt,
    row.resolvedAt,
    ...MILESTONES.flatMap((key) => {
      const { kind, ms } = row[key];
      return [kind, ms === null ? null : Math.round(ms / 1_000)];
    }),
  ];
}
