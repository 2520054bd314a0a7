import { TimeSeries } from '#app/components/chart/time-series';
import { formatUtc } from '#app/lib/format';
import { linesOf, marksOf, timeOf } from '#app/metrics/adapt';
import type { Board, BoardChart as Chart } from '#server/monitoring/board/contract';

/** One chart of an environment. */
export function BoardChart({
  board,
  chart,
  height,
  plain,
}: {
  board: Board;
  chart: Chart;
  height: number;
  plain?: boolean;
}) {
  return (
    <TimeSeries
      name={chart.title}
      unit={chart.unit}
      series={chart.series}
      limits={linesOf(chart.limits)}
      marks={marksOf(board)}
      time={timeOf(board)}
      height={height}
      syncId={`${board.service}/${board.environment}`}
      plain={plain ?? false}
      empty={emptyWords(board, chart)}
    />
  );
}

function emptyWords({ heardAt, startsAt }: Board, { key }: Chart): string {
  if (heardAt === null)
    return 'Nothing was ever measured here. Name its metrics in the configuration, or send samples.';
  if (heardAt < startsAt) return `No data since ${formatUtc(heardAt)}.`;
  return key === 'payments' ? 'Nobody paid in this time.' : 'No requests in this time.';
}
