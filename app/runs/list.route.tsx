import type { MetaFunction } from '@remix-run/node';
import { Link, useLoaderData } from '@remix-run/react';
import { createColumnHelper } from '@tanstack/react-table';
import { Activity, Download } from 'lucide-react';
import { DataTable } from '#app/components/data-table/data-table';
import type { tableModel } from '#app/components/data-table/features';
import { ChoiceFilter, FilterForm, SearchFilter } from '#app/components/data-table/filter-form';
import { PageHeader } from '#app/components/layout/page-header';
import { pageTitle } from '#app/components/layout/page-title';
import { useRootData } from '#app/components/layout/root-data';
import { EmptyState } from '#app/components/ui/notice';
import { runLook, StatusMark } from '#app/components/ui/status-mark';
import { Elapsed, RelativeTime } from '#app/components/ui/time';
import { protectedLoader } from '#app/http/protected.server';
import { paths } from '#app/lib/paths';
import { PROCEDURE_LABELS, procedureLabel } from '#app/runs/labels';
import { RUN_STATUS_LABELS, RUN_STATUSES, type RunSummary } from '#server/runs/contract';
import { listRuns } from '#server/runs/queries';

export { ErrorBoundary } from '#app/components/error-boundary';

export const meta: MetaFunction = (args) => pageTitle(args, 'Runs');

export const loader = protectedLoader({ access: 'runs.read' }, async ({ ctx, url }) => {
  const filter = Object.fromEntries([...url.searchParams].filter(([, value]) => value !== ''));
  const page = await listRuns(ctx, filter);
  return {
    ...page,
    sort: {
      sort: filter.sort ?? 'created',
      order: filter.order === 'asc' ? ('asc' as const) : ('desc' as const),
    },
    filter,
  };
});

const column = createColumnHelper<typeof tableModel, RunSummary>();

const columns = column.columns([
  column.accessor('number', {
    id: 'run',
    header: 'Run',
    enableHiding: false,
    meta: { className: 'max-w-0 w-1/2 max-md:w-full' },
    cell: ({ row: { original: run } }) => (
      <div className="min-w-0">
        <Link to={paths.run(run.id)} data-row-link className="block truncate no-underline hover:underline">
          <span className="text-muted">#{run.number}</span> <span className="font-medium">{run.title}</span>
        </Link>
        <span className="mt-0.5 flex flex-wrap items-center gap-x-3 text-s text-muted md:hidden">
          <StatusMark look={runLook(run.status)} />
          <RelativeTime at={run.createdAt} />
          <span>{run.requestedByName}</span>
        </span>
      </div>
    ),
  }),
  column.accessor('status', {
    id: 'status',
    header: 'State',
    meta: { wideOnly: true },
    cell: ({ row }) => <StatusMark look={runLook(row.original.status)} className="whitespace-nowrap" />,
  }),
  column.accessor('procedure', {
    id: 'procedure',
    header: 'Kind',
    meta: { wideOnly: true },
    cell: ({ row }) => (
      <span className="whitespace-nowrap text-muted">{procedureLabel(row.original.procedure)}</span>
    ),
  }),
  column.accessor('environment', {
    id: 'environment',
    header: 'Environment',
    meta: { wideOnly: true },
    cell: ({ row: { original: run } }) => (
      <span className="whitespace-nowrap text-muted">
        {run.service} / {run.environment}
      </span>
    ),
  }),
  column.accessor('requestedByName', {
    id: 'by',
    header: 'By',
    meta: { wideOnly: true },
    cell: ({ row }) => <span className="whitespace-nowrap">{row.original.requestedByName}</span>,
  }),
  column.accessor('reason', {
    id: 'reason',
    header: 'Reason',
    meta: { wideOnly: true, className: 'max-w-0 w-1/4' },
    cell: ({ row }) => <span className="block truncate text-muted">{row.original.reason ?? ''}</span>,
  }),
  column.display({
    id: 'duration',
    header: 'Took',
    meta: { align: 'end', sortKey: 'duration', wideOnly: true },
    cell: ({ row: { original: run } }) =>
      run.startedAt ? (
        <Elapsed from={run.startedAt} to={run.endedAt} />
      ) : (
        <span className="text-faint">–</span>
      ),
  }),
  column.accessor('createdAt', {
    id: 'created',
    header: 'Asked for',
    meta: { align: 'end', sortKey: 'created', wideOnly: true },
    cell: ({ row }) => <RelativeTime at={row.original.createdAt} className="text-muted" />,
  }),
]);

/** Where there is one environment, naming it on every row says nothing. */
const inOnePlace = columns.filter(({ id }) => id !== 'environment');

export default function Runs() {
  const { rows, total, page, pageSize, sort, filter } = useLoaderData<typeof loader>();
  const environments = useRootData()?.environments ?? [];
  const services = [...new Set(environments.map(({ service }) => service))];
  const { page: _page, ...csvFilter } = filter;
  return (
    <>
      <PageHeader title="Runs">Every deploy, rollback and check, with its log.</PageHeader>
      <DataTable
        id="runs"
        caption="Runs"
        columns={(environments.length > 1 ? columns : inOnePlace) as never}
        rows={rows}
        rowId={(run) => run.id}
        rowHref={(run) => paths.run(run.id)}
        total={total}
        page={page}
        pageSize={pageSize}
        sort={sort}
        toolbar={
          <FilterForm>
            <SearchFilter label="Search runs" placeholder="Number, title, person, reason" />
            <ChoiceFilter
              name="status"
              label="State"
              all="Any state"
              options={RUN_STATUSES.map((value) => ({ value, label: RUN_STATUS_LABELS[value] }))}
            />
            <ChoiceFilter
              name="procedure"
              label="Kind"
              all="Any kind"
              options={Object.entries(PROCEDURE_LABELS).map(([value, label]) => ({ value, label }))}
            />
            {services.length > 1 ? (
              <ChoiceFilter
                name="service"
                label="Service"
                all="Any service"
                options={services.map((value) => ({ value, label: value }))}
              />
            ) : null}
          </FilterForm>
        }
        actions={
          <a
            href={paths.runsCsv(csvFilter)}
            download
            className="hit inline-flex items-center gap-1.5 rounded-m px-2 text-muted no-underline hover:bg-hover hover:text-ink max-md:hidden"
          >
            <Download aria-hidden="true" size={15} />
            CSV
          </a>
        }
        empty={
          <EmptyState icon={Activity} title="No run is like that">
            Take a filter away, or start one: a deploy, a rollback or a check.
          </EmptyState>
        }
      />
    </>
  );
}
