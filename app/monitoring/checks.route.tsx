import type { MetaFunction } from '@remix-run/node';
import { Link, useLoaderData, useSearchParams } from '@remix-run/react';
import { createColumnHelper } from '@tanstack/react-table';
import { HeartPulse, Plus } from 'lucide-react';
import { DataTable } from '#app/components/data-table/data-table';
import type { tableModel } from '#app/components/data-table/features';
import { ChoiceFilter, FilterForm } from '#app/components/data-table/filter-form';
import { PageHeader } from '#app/components/layout/page-header';
import { pageTitle } from '#app/components/layout/page-title';
import { useRootData, useSubject } from '#app/components/layout/root-data';
import { LinkButton } from '#app/components/ui/button';
import { EmptyState } from '#app/components/ui/notice';
import { StatusMark } from '#app/components/ui/status-mark';
import { Duration, RelativeTime } from '#app/components/ui/time';
import { protectedLoader } from '#app/http/protected.server';
import { cn } from '#app/lib/cn';
import { paths } from '#app/lib/paths';
import { checkLook } from '#app/monitoring/check-looks';
import { Sparkline, UptimeBars } from '#app/monitoring/uptime-bars';
import { formatUptime, RANGES, slotsOf } from '#app/monitoring/uptime-slots';
import { useRefresh } from '#app/monitoring/use-refresh';
import { CsvLink } from '#app/settings/csv-link';
import { can, whyNot } from '#server/auth/contract';
import { listOpenToggles } from '#server/maintenance/queries';
import type { CheckRow } from '#server/monitoring/checks/contract';
import { listChecks } from '#server/monitoring/checks/queries/checks';
import {
  CHECK_KIND_LABELS,
  CHECK_KINDS,
  CHECK_STATES,
  type CheckState,
  UPTIME_RANGES,
  type UptimeRange,
  whyNotWell,
} from '#server/monitoring/checks/words/contract';

export { ErrorBoundary } from '#app/components/error-boundary';

export const meta: MetaFunction = (args) => pageTitle(args, 'Uptime');

const REFRESH_MS = 15_000;

export const loader = protectedLoader({ access: 'checks.read' }, async ({ ctx, url }) => {
  const filter = Object.fromEntries([...url.searchParams].filter(([, value]) => value !== ''));
  const range: UptimeRange = filter.range === 'quarter' ? 'quarter' : 'day';
  const now = ctx.clock.now().toISOString();
  const [checks, places] = await Promise.all([
    listChecks(ctx, filter),
    can(ctx.actor, 'maintenance.read') ? listOpenToggles(ctx, {}) : [],
  ]);
  const watched = places
    .flatMap(({ toggles }) => toggles)
    .filter(
      ({ kind, expiresAt }) => kind === 'enhanced_monitoring' && (expiresAt === null || expiresAt > now),
    );
  return { ...checks, watched, filter, range, now };
});

type Row = CheckRow & { range: UptimeRange; now: string };
const column = createColumnHelper<typeof tableModel, Row>();

const columns = column.columns([
  column.accessor('title', {
    id: 'check',
    header: 'Check',
    enableHiding: false,
    meta: { className: 'align-top max-w-0 w-2/5 max-md:w-full' },
    cell: ({ row: { original: check } }) => (
      <div className="min-w-0">
        <Link
          to={paths.monitorCheck(check.id)}
          data-row-link
          className="block truncate font-medium no-underline hover:underline"
        >
          {check.title}
        </Link>
        <span className="block truncate text-s text-muted">
          {check.service} / {check.environment} · {CHECK_KIND_LABELS[check.kind]} every{' '}
          {check.intervalSeconds} s
        </span>
        <div className="mt-1 grid gap-1 md:hidden">
          <span className="flex flex-wrap items-center gap-x-3 text-s">
            <StatusMark look={checkLook(check.state)} />
            <Duration ms={check.lastDurationMs} className="text-muted" />
            <span className="text-muted">{formatUptime(percentOf(check))}</span>
          </span>
          <UptimeBars buckets={check.bars} range={check.range} now={check.now} />
        </div>
        {whyNotWell(check) ? (
          <span className="block text-s text-pretty break-words text-muted">{whyNotWell(check)}</span>
        ) : null}
        {check.pauseReason ? (
          <span className="block text-s text-pretty text-muted">
            {check.pauseReason} ({check.pausedByName})
          </span>
        ) : null}
      </div>
    ),
  }),
  column.accessor('state', {
    id: 'state',
    header: 'State',
    meta: { className: 'align-top whitespace-nowrap', wideOnly: true },
    cell: ({ row: { original: check } }) => (
      <>
        <StatusMark look={checkLook(check.state)} />
        {check.since ? <RelativeTime at={check.since} className="ml-2 text-s text-muted" /> : null}
      </>
    ),
  }),
  column.display({
    id: 'uptime',
    header: 'Uptime',
    meta: { className: 'align-top w-1/4', wideOnly: true },
    cell: ({ row: { original: check } }) => (
      <span className="flex items-center gap-3">
        <span className="min-w-24 flex-1">
          <UptimeBars buckets={check.bars} range={check.range} now={check.now} />
        </span>
        <span className="w-16 text-right">{formatUptime(percentOf(check))}</span>
      </span>
    ),
  }),
  column.display({
    id: 'answer',
    header: 'Answered in',
    meta: { className: 'align-top', align: 'end', wideOnly: true },
    cell: ({ row: { original: check } }) => (
      <span className="inline-flex items-center gap-3">
        <Sparkline
          values={slotsOf(check.bars, check.range, check.now).map(({ bucket }) => bucket?.averageMs ?? null)}
        />
        <Duration ms={check.lastDurationMs} className="w-14 text-right" />
      </span>
    ),
  }),
  column.accessor('lastAt', {
    id: 'last',
    header: 'Last',
    meta: { className: 'align-top', align: 'end', wideOnly: true },
    cell: ({ row: { original: check } }) =>
      check.lastAt ? <RelativeTime at={check.lastAt} className="text-muted" /> : null,
  }),
]);

const percentOf = (check: Row): number | null =>
  check.range === 'day' ? check.uptimeDay : check.uptimeQuarter;

export default function Checks() {
  const { rows, total, page, pageSize, counts, watched, filter, range, now } = useLoaderData<typeof loader>();
  useRefresh(REFRESH_MS);
  const subject = useSubject();
  const places = useRootData()?.environments ?? [];
  const { page: _page, range: _range, ...csvFilter } = filter;
  const isFiltered = Object.keys(csvFilter).length > 0;
  return (
    <>
      <PageHeader
        title="Uptime"
        actions={
          <LinkButton
            to={paths.newMonitorCheck()}
            look="primary"
            blockedBy={can(subject, 'checks.manage') ? null : whyNot('checks.manage')}
          >
            <Plus aria-hidden="true" size={15} />
            Add a check
          </LinkButton>
        }
      >
        What is looked at again and again, and how it was in {RANGES[range].words}.
      </PageHeader>
      {watched.map((toggle) => (
        <p key={toggle.id} className="mb-3 rounded-m bg-info-soft px-3 py-2">
          {toggle.service} / {toggle.environment} is checked every {toggle.intervalSeconds} s
          {toggle.expiresAt ? (
            <>
              , ends <RelativeTime at={toggle.expiresAt} focusable />
            </>
          ) : null}
          . {toggle.startedByName}: {toggle.reason}{' '}
          <Link to={paths.enhancedMonitoring(toggle)} className="link whitespace-nowrap">
            Change or end it
          </Link>
        </p>
      ))}
      <div className="mb-3 flex flex-wrap items-center justify-between gap-2">
        <StateCounts counts={counts} />
        <RangeChoice range={range} />
      </div>
      <DataTable
        id="monitor-checks"
        caption="Checks by service and environment"
        columns={columns as never}
        rows={rows.map((row) => ({ ...row, range, now }))}
        rowId={(check) => check.id}
        rowHref={(check) => paths.monitorCheck(check.id)}
        total={total}
        page={page}
        pageSize={pageSize}
        toolbar={
          <FilterForm shownBeside={['state', 'range']}>
            <ChoiceFilter
              name="environment"
              label="Environment"
              all="Every environment"
              options={[...new Set(places.map(({ environment }) => environment))].map((name) => ({
                value: name,
                label: name,
              }))}
            />
            <ChoiceFilter
              name="kind"
              label="Kind"
              all="Any kind"
              options={CHECK_KINDS.map((value) => ({ value, label: CHECK_KIND_LABELS[value] }))}
            />
          </FilterForm>
        }
        actions={<CsvLink href={paths.monitorChecksCsv(csvFilter)} />}
        empty={
          <EmptyState
            icon={HeartPulse}
            title={isFiltered ? 'No check is like that' : 'Nothing is looked at yet'}
          >
            {isFiltered
              ? 'Take a filter away to see more.'
              : 'A worker makes the checks of the configuration when it starts. You can add your own.'}
          </EmptyState>
        }
      />
    </>
  );
}

/** How many of each state; what is not well comes first and leads to its list. */
function StateCounts({ counts }: { counts: Record<CheckState, number> }) {
  const [search] = useSearchParams();
  const shown = CHECK_STATES.filter((state) => counts[state] > 0 || search.get('state') === state);
  const query = Object.fromEntries([...search].filter(([name]) => name !== 'page'));
  return (
    <ul className="flex flex-wrap gap-2" aria-label="Checks by state">
      {shown.map((state) => {
        const isCurrent = search.get('state') === state;
        return (
          <li key={state}>
            <Link
              to={paths.monitorChecks({ ...query, state: isCurrent ? '' : state })}
              aria-current={isCurrent ? 'true' : undefined}
              className={cn(
                'hit inline-flex items-center gap-2 rounded-m bg-surface px-3 no-underline shadow-raised hover:bg-hover',
                isCurrent && 'bg-pressed',
              )}
            >
              <StatusMark look={checkLook(state)} />
              <span className="font-semibold">{counts[state]}</span>
            </Link>
          </li>
        );
      })}
    </ul>
  );
}

const RANGE_LABELS: Record<UptimeRange, string> = { day: '24 hours', quarter: '90 days' };

/** What the bars show. */
function RangeChoice({ range }: { range: UptimeRange }) {
  const [search] = useSearchParams();
  const query = Object.fromEntries([...search]);
  return (
    <ul className="flex overflow-hidden rounded-m bg-surface shadow-raised" aria-label="Range of the bars">
      {UPTIME_RANGES.map((each) => (
        <li key={each}>
          <Link
            to={paths.monitorChecks({ ...query, range: each === 'day' ? '' : each })}
            preventScrollReset
            aria-current={each === range ? 'true' : undefined}
            className={cn(
              'hit inline-flex items-center px-3 no-underline hover:bg-hover',
              each === range ? 'bg-pressed font-semibold' : 'text-muted',
            )}
          >
            {RANGE_LABELS[each]}
          </Link>
        </li>
      ))}
    </ul>
  );
}
