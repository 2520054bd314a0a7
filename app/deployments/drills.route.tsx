import type { MetaFunction } from '@remix-run/node';
import { Link, useLoaderData } from '@remix-run/react';
import { createColumnHelper } from '@tanstack/react-table';
import { Download, Timer } from 'lucide-react';
import { DataTable } from '#app/components/data-table/data-table';
import type { tableModel } from '#app/components/data-table/features';
import { ChoiceFilter, FilterForm } from '#app/components/data-table/filter-form';
import { PageHeader } from '#app/components/layout/page-header';
import { pageTitle } from '#app/components/layout/page-title';
import { EmptyState } from '#app/components/ui/notice';
import { StatusMark } from '#app/components/ui/status-mark';
import { RelativeTime } from '#app/components/ui/time';
import { BudgetMeter } from '#app/deployments/drill-bars';
import { drillLook } from '#app/deployments/drill-look';
import { DrillPlacePanel } from '#app/deployments/drill-place';
import { protectedLoader } from '#app/http/protected.server';
import { formatDuration } from '#app/lib/format';
import { paths } from '#app/lib/paths';
import { can } from '#server/auth/contract';
import { DRILL_JOB, type DrillView } from '#server/deployments/drills/contract';
import { listDrillPlaces, listDrills } from '#server/deployments/drills/queries';
import { listSchedules } from '#server/schedules/queries';

export { ErrorBoundary } from '#app/components/error-boundary';

export const meta: MetaFunction = (args) => pageTitle(args, 'Rollback drills');

export const loader = protectedLoader({ access: 'deployments.read' }, async ({ ctx, url }) => {
  const filter = Object.fromEntries([...url.searchParams].filter(([, value]) => value !== ''));
  const [places, history, schedules] = await Promise.all([
    listDrillPlaces(ctx, {}),
    listDrills(ctx, filter),
    can(ctx.actor, 'schedules.read') ? listSchedules(ctx, {}) : [],
  ]);
  return { places, history, schedules: schedules.filter(({ job }) => job === DRILL_JOB), filter };
});

const column = createColumnHelper<typeof tableModel, DrillView>();

const columns = column.columns([
  column.accessor('startedAt', {
    id: 'started',
    header: 'Drill',
    enableHiding: false,
    meta: { className: 'max-md:w-full' },
    cell: ({ row: { original: drill } }) => (
      <>
        <Link to={hrefOf(drill)} data-row-link className="font-medium no-underline hover:underline">
          <RelativeTime at={drill.startedAt} />
        </Link>
        <span className="mt-0.5 grid gap-0.5 text-s text-muted md:hidden">
          <span className="flex flex-wrap items-center gap-x-3">
            <StatusMark look={drillLook(drill)} />
            <Took drill={drill} />
          </span>
          <Releases drill={drill} />
          {drill.error ? <span className="text-pretty">{drill.error}</span> : null}
        </span>
      </>
    ),
  }),
  column.accessor('environment', {
    id: 'environment',
    header: 'Environment',
    meta: { wideOnly: true },
    cell: ({ row: { original } }) => (
      <span className="whitespace-nowrap text-muted">
        {original.service} / {original.environment}
      </span>
    ),
  }),
  column.accessor('status', {
    id: 'status',
    header: 'Result',
    meta: { wideOnly: true },
    cell: ({ row }) => <StatusMark look={drillLook(row.original)} className="whitespace-nowrap" />,
  }),
  column.accessor('rollbackMs', {
    id: 'took',
    header: 'Rollback took',
    meta: { wideOnly: true },
    cell: ({ row: { original: drill } }) => (
      <span className="flex items-center gap-2.5">
        <BudgetMeter drill={drill} className="w-16 shrink-0" />
        <Took drill={drill} />
      </span>
    ),
  }),
  column.display({
    id: 'releases',
    header: 'Left, and back to',
    meta: { wideOnly: true },
    cell: ({ row }) => <Releases drill={row.original} />,
  }),
  column.display({
    id: 'runs',
    header: 'Runs',
    meta: { wideOnly: true },
    cell: ({ row: { original: drill } }) => (
      <span className="flex gap-2.5">
        {[drill.deployRun, drill.rollbackRun].map((run) =>
          run ? (
            <Link key={run.id} to={paths.run(run.id)} className="link text-muted">
              #{run.number}
            </Link>
          ) : null,
        )}
      </span>
    ),
  }),
  column.accessor('requestedByName', {
    id: 'by',
    header: 'By',
    meta: { wideOnly: true },
    cell: ({ row }) => <span className="whitespace-nowrap">{row.original.requestedByName}</span>,
  }),
  column.accessor('error', {
    id: 'error',
    header: 'What went wrong',
    meta: { wideOnly: true, className: 'max-w-0 w-1/4' },
    cell: ({ row: { original: drill } }) => (
      <span className="block truncate text-muted" data-tip={drill.error ?? undefined}>
        {drill.error}
      </span>
    ),
  }),
]);

const inOnePlace = columns.filter(({ id }) => id !== 'environment');

function hrefOf(drill: DrillView): string {
  return paths.run((drill.rollbackRun ?? drill.deployRun).id);
}

function Took({ drill }: { drill: DrillView }) {
  if (drill.rollbackMs === null) return <span className="text-faint">–</span>;
  return (
    <span className="whitespace-nowrap">
      <span className="font-medium text-ink">{formatDuration(drill.rollbackMs)}</span>{' '}
      <span className="text-muted">of {formatDuration(drill.budgetMs)}</span>
    </span>
  );
}

function Releases({ drill }: { drill: DrillView }) {
  return (
    <span className="font-mono text-s whitespace-nowrap">
      {drill.releaseTag} <span className="font-sans text-faint">→</span> {drill.restoredTag}
    </span>
  );
}

export default function Drills() {
  const { places, history, schedules, filter } = useLoaderData<typeof loader>();
  const { page: _page, ...csvFilter } = filter;
  const shown = places.filter(
    (place) =>
      (!filter.service || place.service === filter.service) &&
      (!filter.environment || place.environment === filter.environment),
  );
  const services = [...new Set(places.map(({ service }) => service))];
  const names = [...new Set(places.map(({ environment }) => environment))];
  return (
    <>
      <PageHeader title="Rollback drills">
        A drill deploys another good release to a practice environment and rolls it back, with the clock
        running. Visitors of production never notice.
      </PageHeader>
      <div className="grid gap-4">
        {places.length === 0 ? <HowToConfigure /> : null}
        {shown.map((place) => (
          <DrillPlacePanel
            key={`${place.service}/${place.environment}`}
            place={place}
            schedule={
              schedules.find(
                ({ service, environment }) => service === place.service && environment === place.environment,
              ) ?? null
            }
          />
        ))}
        {places.length > 0 || history.total > 0 ? (
          <section aria-labelledby="history">
            <h2 id="history" className="mb-2 text-m">
              History
            </h2>
            <DataTable
              id="drills"
              caption="Drills, newest first"
              columns={(places.length > 1 ? columns : inOnePlace) as never}
              rows={history.rows}
              rowId={(drill) => drill.id}
              rowHref={hrefOf}
              total={history.total}
              page={history.page}
              pageSize={history.pageSize}
              toolbar={
                places.length > 1 || filter.service || filter.environment ? (
                  <FilterForm>
                    {services.length > 1 ? (
                      <ChoiceFilter
                        name="service"
                        label="Service"
                        all="Any service"
                        options={services.map((value) => ({ value, label: value }))}
                      />
                    ) : null}
                    <ChoiceFilter
                      name="environment"
                      label="Environment"
                      all="Any environment"
                      options={names.map((value) => ({ value, label: value }))}
                    />
                  </FilterForm>
                ) : null
              }
              actions={
                <a
                  href={paths.drillsCsv(csvFilter)}
                  download
                  className="hit inline-flex items-center gap-1.5 rounded-m px-2 text-muted no-underline hover:bg-hover hover:text-ink max-md:hidden"
                >
                  <Download aria-hidden="true" size={15} />
                  CSV
                </a>
              }
              empty={
                <EmptyState icon={Timer} title="No drill yet">
                  Run one above, or wait for the schedule. Each appears here with the seconds that its
                  rollback took.
                </EmptyState>
              }
            />
          </section>
        ) : null}
      </div>
    </>
  );
}

/** What to write where there is nothing to practise in. */
function HowToConfigure() {
  return (
    <section className="rounded-l bg-surface shadow-raised">
      <EmptyState icon={Timer} title="There is no practice environment">
        A rollback that nobody has rehearsed is a hope. Give a service an environment that no visitor depends
        on, mark it as one for practice in the configuration file and restart: drills then run there every
        week, and nowhere else.
      </EmptyState>
      <pre className="mx-auto mb-6 w-fit max-w-full overflow-x-auto rounded-m bg-sunken px-4 py-3 font-mono text-s">
        {`environments: {
  practice: {
    title: 'Practice',
    practice: true,
    …
  },
}`}
      </pre>
    </section>
  );
}
