import type { MetaFunction } from '@remix-run/node';
import { Link, useLoaderData } from '@remix-run/react';
import { figuresOf, formatValue, stepWords } from '#app/components/chart/chart-model';
import { PageHeader } from '#app/components/layout/page-header';
import { pageTitle } from '#app/components/layout/page-title';
import { Notice } from '#app/components/ui/notice';
import { Section } from '#app/components/ui/section';
import { RelativeTime } from '#app/components/ui/time';
import { protectedLoader } from '#app/http/protected.server';
import { cn } from '#app/lib/cn';
import { paths } from '#app/lib/paths';
import { BoardChart } from '#app/metrics/board-chart';
import { MarkList } from '#app/metrics/mark-list';
import { useRefresh } from '#app/monitoring/use-refresh';
import { CsvLink } from '#app/settings/csv-link';
import {
  BOARD_WINDOW_LABELS,
  BOARD_WINDOWS,
  type Board,
  type BoardWindow,
  type BoardChart as Chart,
} from '#server/monitoring/board/contract';
import { readBoard } from '#server/monitoring/board/queries';

export { ErrorBoundary } from '#app/components/error-boundary';

export const meta: MetaFunction = (args) => pageTitle(args, 'Metrics');

const REFRESH_MS = 15_000;
const HEIGHT = 220;
const STEP_WORDS: Record<BoardWindow, string> = {
  '1h': 'minute by minute',
  '6h': 'two minutes at a time',
  '24h': 'ten minutes at a time',
  '7d': 'hour by hour',
};
/** Without a sample for so long, something is wrong with the measuring itself, ms. */
const SILENT_MS = 120_000;

export const loader = protectedLoader({ access: 'metrics.read' }, async ({ ctx, params, url }) => ({
  board: await readBoard(ctx, {
    service: params.service,
    environment: params.environment,
    window: url.searchParams.get('window') || undefined,
  }),
}));

export default function Metrics() {
  const { board } = useLoaderData<typeof loader>();
  useRefresh(REFRESH_MS);
  const { service, environment, window, heardAt } = board;
  const isSilent = heardAt !== null && Date.parse(board.endsAt) - Date.parse(heardAt) > SILENT_MS;
  return (
    <>
      <PageHeader
        title={
          <>
            Metrics{' '}
            <span className="font-normal text-muted">
              {service} / {environment}
            </span>
          </>
        }
        actions={
          <>
            <WindowChoice board={board} />
            <CsvLink href={paths.metricsCsv(board, { window })} />
          </>
        }
      >
        The last {BOARD_WINDOW_LABELS[window]}, {STEP_WORDS[window]}
        {heardAt ? (
          <>
            , last heard of <RelativeTime at={heardAt} focusable />
          </>
        ) : null}
        . All times are UTC.
      </PageHeader>
      {isSilent ? (
        <Notice tone="warning" title="No metrics come in" className="mb-4">
          What you see ends where the service was last heard of. Rules that look at it say unknown, not well.
        </Notice>
      ) : null}
      <div className="grid gap-4 xl:grid-cols-2">
        {board.charts.map((chart) => (
          <Section
            key={chart.key}
            title={chart.title}
            anchor={chart.key}
            aside={<Newest chart={chart} stepSeconds={board.stepSeconds} />}
          >
            <BoardChart board={board} chart={chart} height={HEIGHT} />
          </Section>
        ))}
      </div>
      <Section
        title="What happened"
        note="Marked in the charts: deployments and rollbacks as lines, alerts as bands."
        className="mt-4"
        flush
      >
        <MarkList marks={board.marks} />
      </Section>
    </>
  );
}

/** The newest value of the series that counts. */
function Newest({ chart: { series, unit }, stepSeconds }: { chart: Chart; stepSeconds: number }) {
  const figures = figuresOf(series[0]?.values ?? []);
  if (!figures) return <span className="text-s text-muted">nothing known</span>;
  const isOld = figures.stepsAgo > 1;
  return (
    <span className="flex items-baseline gap-2">
      <span className="text-s text-muted">
        {isOld
          ? `${stepWords(figures.stepsAgo * stepSeconds * 1_000)} ago`
          : series.length > 1
            ? series[0]?.label
            : ''}
      </span>
      <span className={cn('text-l font-semibold tracking-tight', isOld && 'text-muted')}>
        {formatValue(figures.last, unit)}
      </span>
    </span>
  );
}

function WindowChoice({ board }: { board: Board }) {
  return (
    <ul className="flex overflow-hidden rounded-m bg-surface shadow-raised" aria-label="How far back">
      {BOARD_WINDOWS.map((each) => {
        const isCurrent = each === board.window;
        return (
          <li key={each}>
            <Link
              to={paths.metrics(board, { window: each === '1h' ? '' : each })}
              preventScrollReset
              aria-label={BOARD_WINDOW_LABELS[each]}
              aria-current={isCurrent ? 'true' : undefined}
              className={cn(
                'hit inline-flex items-center px-3 no-underline hover:bg-hover',
                isCurrent ? 'bg-pressed font-semibold' : 'text-muted',
              )}
            >
              {each.replace(/(\d+)/, '$1 ')}
            </Link>
          </li>
        );
      })}
    </ul>
  );
}
