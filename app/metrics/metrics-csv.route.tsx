import { csvResponse } from '#app/http/csv.server';
import { protectedLoader } from '#app/http/protected.server';
import type { Board, BoardUnit } from '#server/monitoring/board/contract';
import { readBoard } from '#server/monitoring/board/queries';

const UNITS: Record<BoardUnit, string> = { percent: '%', ms: 'ms', per_second: '1/s' };

/** What the charts show, step by step. */
export const loader = protectedLoader({ access: 'metrics.read' }, async ({ ctx, params, url }) => {
  const board = await readBoard(ctx, {
    service: params.service,
    environment: params.environment,
    window: url.searchParams.get('window') || undefined,
  });
  const columns = board.charts.flatMap(({ unit, series }) =>
    series.map(({ label, values }) => ({ title: `${label} (${UNITS[unit]})`, values })),
  );
  return csvResponse(
    `metrics-${board.service}-${board.environment}-${board.window}.csv`,
    ['from (UTC)', ...columns.map(({ title }) => title)],
    rowsOf(board, columns),
  );
});

async function* rowsOf(board: Board, columns: readonly { values: (number | null)[] }[]) {
  const first = Date.parse(board.startsAt);
  const count = Math.max(0, ...columns.map(({ values }) => values.length));
  yield Array.from({ length: count }, (_, at) => [
    new Date(first + at * board.stepSeconds * 1_000).toISOString(),
    ...columns.map(({ values }) => {
      const value = values[at] ?? null;
      return value === null ? null : Number(value.toPrecision(6));
    }),
  ]);
}
