import { Link } from '@remix-run/react';
import { formatUtc } from '#app/lib/format';
import type { Place } from '#app/lib/paths';
import { paths } from '#app/lib/paths';
import { BoardChart } from '#app/metrics/board-chart';
import { useBoard } from '#app/overview/use-board';
import { BOARD_SPECS, type BoardChartKey } from '#server/monitoring/board/contract';

const SHOWN: readonly BoardChartKey[] = ['errors', 'latency', 'requests'];
const HEIGHT = 132;

/**
 * The last hour as curves. They are fetched once the page is there, so that nothing waits for them, and their room is
 * kept; without scripts the tiles say the figures and lead to the page that has them.
 */
export function LastHour({ place }: { place: Place }) {
  const { board, failure } = useBoard(place);
  const address = paths.metrics(place);
  return (
    <div className="grid gap-x-2 gap-y-3 border-t border-line px-4 pt-3 pb-2 lg:grid-cols-3">
      {board && failure ? (
        <p role="status" className="text-s text-warning lg:col-span-3">
          {failure} The curves end at {formatUtc(board.endsAt)}.
        </p>
      ) : null}
      {SHOWN.map((key) => {
        const chart = board?.charts.find((each) => each.key === key);
        return (
          <section key={key} aria-label={`${BOARD_SPECS[key].title}, last hour`} className="min-w-0">
            <h3 className="flex items-baseline gap-2 text-s font-normal text-muted">
              <Link to={`${address}#${key}`} className="font-medium text-ink no-underline hover:underline">
                {BOARD_SPECS[key].title}
              </Link>
              {key === 'latency' ? 'p95 and p50, last hour' : 'last hour'}
            </h3>
            <div style={{ height: HEIGHT }}>
              {board && chart ? (
                <BoardChart board={board} chart={chart} height={HEIGHT} plain />
              ) : failure ? (
                <p className="pt-2 text-s text-pretty text-muted">{failure}</p>
              ) : (
                <noscript>
                  <p className="pt-2 text-s text-muted">The curve is on its page.</p>
                </noscript>
              )}
            </div>
          </section>
        );
      })}
    </div>
  );
}
