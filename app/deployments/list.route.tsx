import type { MetaFunction } from '@remix-run/node';
import { Link, useLoaderData } from '@remix-run/react';
import { createColumnHelper } from '@tanstack/react-table';
import { Rocket } from 'lucide-react';
import { DataTable } from '#app/components/data-table/data-table';
import type { tableModel } from '#app/components/data-table/features';
import { ChoiceFilter, FilterForm } from '#app/components/data-table/filter-form';
import { PageHeader } from '#app/components/layout/page-header';
import { pageTitle } from '#app/components/layout/page-title';
import { useRootData, useSubject } from '#app/components/layout/root-data';
import { LinkButton } from '#app/components/ui/button';
import { EmptyState, Notice } from '#app/components/ui/notice';
import { deploymentLook, StatusMark } from '#app/components/ui/status-mark';
import { Duration, RelativeTime } from '#app/components/ui/time';
import { ReleasesTable } from '#app/deployments/releases-table';
import { protectedLoader } from '#app/http/protected.server';
import { paths } from '#app/lib/paths';
import { practiceLast, theOnlyOne } from '#app/lib/places';
import { ReleaseStep } from '#app/overview/recent-deployments';
import { can, whyNot } from '#server/auth/contract';
import type { DeploymentView } from '#server/deployments/contract';
import { listDeployments } from '#server/deployments/queries/deployments';
import { listReleases } from '#server/deployments/queries/releases';
import { AppError } from '#server/platform/errors';
import { listEnvironments } from '#server/services/queries';

export { ErrorBoundary } from '#app/components/error-boundary';

export const meta: MetaFunction = (args) => pageTitle(args, 'Deployments');

/**
 * The newest releases of each environment that are shown until all are asked for, with what is live and what a rollback
 * would go to, however old; fewer where people only practise.
 */
const FIRST_RELEASES = 6;
const FIRST_OF_PRACTICE = 3;

export const loader = protectedLoader({ access: 'deployments.read' }, async ({ ctx, url }) => {
  const filter = Object.fromEntries([...url.searchParams].filter(([, value]) => value !== ''));
  const places = practiceLast(await listEnvironments(ctx, {}));
  const shown = places.filter(
    (place) =>
      (!filter.service || place.service === filter.service) &&
      (!filter.environment || place.environment === filter.environment),
  );
  const [page, releases] = await Promise.all([
    listDeployments(ctx, filter),
    Promise.all(
      shown.map(async ({ service, environment, isPractice }) => ({
        place: { service, environment },
        ...(await listReleases(ctx, { service, environment }).then(
          (all) => ({
            rows:
              url.searchParams.get('releases') === 'all'
                ? all
                : all.filter(
                    ({ isLive, isKnownGood }, at) =>
                      isLive || isKnownGood || at < (isPractice ? FIRST_OF_PRACTICE : FIRST_RELEASES),
                  ),
            total: all.length,
            problem: null,
          }),
          // A repository that cannot be read must not hide what was deployed.
          (error: unknown) => {
            if (!(error instanceof AppError)) throw error;
            return { rows: [], total: 0, problem: error.message };
          },
        )),
      })),
    ),
  ]);
  return { ...page, releases };
});

const column = createColumnHelper<typeof tableModel, DeploymentView>();

const columns = column.columns([
  column.display({
    id: 'release',
    header: 'Release',
    enableHiding: false,
    meta: { className: 'max-w-0 w-2/5 max-md:w-full' },
    cell: ({ row: { original: deployment } }) => (
      <div className="min-w-0">
        <Link
          to={paths.run(deployment.runId)}
          data-row-link
          className="flex min-w-0 no-underline hover:underline"
        >
          <ReleaseStep deployment={deployment} />
        </Link>
        <span className="mt-0.5 flex flex-wrap gap-x-3 text-s text-muted md:hidden">
          <StatusMark look={deploymentLook(deployment.status)} />
          <RelativeTime at={deployment.startedAt} />
          <span>{deployment.byName}</span>
        </span>
      </div>
    ),
  }),
  column.accessor('status', {
    id: 'status',
    header: 'State',
    meta: { wideOnly: true },
    cell: ({ row }) => (
      <StatusMark look={deploymentLook(row.original.status)} className="whitespace-nowrap" />
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
  column.accessor('byName', {
    id: 'by',
    header: 'By',
    meta: { wideOnly: true },
    cell: ({ row }) => <span className="whitespace-nowrap">{row.original.byName}</span>,
  }),
  column.accessor('runNumber', {
    id: 'run',
    header: 'Run',
    meta: { wideOnly: true, align: 'end' },
    cell: ({ row }) => <span className="text-muted">#{row.original.runNumber}</span>,
  }),
  column.accessor('durationMs', {
    id: 'duration',
    header: 'Took',
    meta: { wideOnly: true, align: 'end' },
    cell: ({ row }) => <Duration ms={row.original.durationMs} />,
  }),
  column.accessor('startedAt', {
    id: 'started',
    header: 'Started',
    meta: { wideOnly: true, align: 'end' },
    cell: ({ row }) => <RelativeTime at={row.original.startedAt} className="text-muted" />,
  }),
]);

/** Where there is one environment, naming it on every row says nothing. */
const inOnePlace = columns.filter(({ id }) => id !== 'environment');

export default function Deployments() {
  const { rows, total, page, pageSize, releases } = useLoaderData<typeof loader>();
  const environments = useRootData()?.environments ?? [];
  const subject = useSubject();
  const services = [...new Set(environments.map(({ service }) => service))];
  const names = [...new Set(environments.map(({ environment }) => environment))];
  const only = theOnlyOne(environments);
  return (
    <>
      <PageHeader
        title="Deployments"
        actions={
          <LinkButton
            to={only ? paths.newDeployment(only) : paths.newDeploymentAnywhere()}
            look="primary"
            blockedBy={can(subject, 'deployments.deploy') ? null : whyNot('deployments.deploy')}
          >
            <Rocket aria-hidden="true" size={15} />
            Deploy a release
          </LinkButton>
        }
      >
        The releases there are, and what was done with them.
      </PageHeader>
      <div className="grid gap-4">
        {releases.map(({ place, rows: views, total: count, problem }) =>
          problem ? (
            <Notice
              key={`${place.service}/${place.environment}`}
              tone="warning"
              title={`The releases of ${place.service} cannot be listed`}
            >
              {problem}
            </Notice>
          ) : (
            <ReleasesTable
              key={`${place.service}/${place.environment}`}
              place={place}
              releases={views}
              total={count}
              title={
                releases.length > 1 ? `Releases for ${place.service} / ${place.environment}` : 'Releases'
              }
            />
          ),
        )}
        <section aria-labelledby="history">
          <h2 id="history" className="mb-2 text-m">
            History
          </h2>
          <DataTable
            id="deployments"
            caption="Deployments, newest first"
            columns={(environments.length > 1 ? columns : inOnePlace) as never}
            rows={rows}
            rowId={(deployment) => deployment.id}
            rowHref={(deployment) => paths.run(deployment.runId)}
            total={total}
            page={page}
            pageSize={pageSize}
            toolbar={
              environments.length > 1 ? (
                <FilterForm>
                  <ChoiceFilter
                    name="service"
                    label="Service"
                    all="Any service"
                    options={services.map((value) => ({ value, label: value }))}
                  />
                  <ChoiceFilter
                    name="environment"
                    label="Environment"
                    all="Any environment"
                    options={names.map((value) => ({ value, label: value }))}
                  />
                </FilterForm>
              ) : null
            }
            empty={
              <EmptyState icon={Rocket} title="Nothing has been deployed here yet">
                Choose a release above; its deployment appears here with its run.
              </EmptyState>
            }
          />
        </section>
      </div>
    </>
  );
}
