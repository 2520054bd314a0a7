import type { MetaFunction } from '@remix-run/node';
import { Link, useLoaderData } from '@remix-run/react';
import { createColumnHelper } from '@tanstack/react-table';
import { TriangleAlert } from 'lucide-react';
import { DataTable } from '#app/components/data-table/data-table';
import type { tableModel } from '#app/components/data-table/features';
import { ChoiceFilter, FilterForm, SearchFilter } from '#app/components/data-table/filter-form';
import { SavedViews } from '#app/components/data-table/saved-views';
import { PageHeader } from '#app/components/layout/page-header';
import { pageTitle } from '#app/components/layout/page-title';
import { useSubject } from '#app/components/layout/root-data';
import { LinkButton } from '#app/components/ui/button';
import { EmptyState } from '#app/components/ui/notice';
import { StatusMark } from '#app/components/ui/status-mark';
import { Duration, RelativeTime } from '#app/components/ui/time';
import {
  type ActionArgs,
  type ActionFailure,
  protectedAction,
  protectedLoader,
} from '#app/http/protected.server';
import { redirectWithToast } from '#app/http/redirect.server';
import { levelLook, stateLook } from '#app/incidents/looks';
import { cn } from '#app/lib/cn';
import { plural } from '#app/lib/format';
import { paths } from '#app/lib/paths';
import { useAnswer } from '#app/lib/use-answer';
import { CsvLink } from '#app/settings/csv-link';
import { can, whyNot } from '#server/auth/contract';
import type { IncidentSummary } from '#server/incidents/contract';
import { listIncidents } from '#server/incidents/queries';
import { INCIDENT_LEVEL_LABELS, INCIDENT_STATE_LABELS } from '#server/incidents/words/contract';
import { deleteView, renameView, saveView } from '#server/views/commands/keep-views';
import { listViews } from '#server/views/queries';

export { ErrorBoundary } from '#app/components/error-boundary';
export { revalidateAfterRefusal as shouldRevalidate } from '#app/lib/revalidate';

export const meta: MetaFunction = (args) => pageTitle(args, 'Incidents');

export const loader = protectedLoader({ access: 'incidents.read' }, async ({ ctx, url }) => {
  const filter = Object.fromEntries([...url.searchParams].filter(([, value]) => value !== ''));
  const [found, views] = await Promise.all([
    listIncidents(ctx, filter),
    listViews(ctx, { list: 'incidents' }),
  ]);
  return { ...found, filter, views };
});

/** Back to what was shown. */
function done({ context, url }: ActionArgs, to: string, message: string) {
  return redirectWithToast(context, `${url.pathname}${to}`, { kind: 'success', message });
}

const access = 'account.manage';

export const action = protectedAction({
  intents: {
    'save-view': {
      access,
      handle: async (args) => {
        const { name, query, isShared } = args.form;
        const saved = await saveView(args.ctx, {
          list: 'incidents',
          name,
          query,
          isShared: isShared === 'true',
        });
        return done(args, `?${saved.query}`, `The view "${saved.name}" is saved.`);
      },
    },
    'rename-view': {
      access,
      handle: async (args) => {
        const { viewId, version, name } = args.form;
        const renamed = await renameView(args.ctx, { viewId, version, name });
        return done(args, args.url.search, `The view is called "${renamed.name}".`);
      },
    },
    'delete-view': {
      access,
      handle: async (args) => {
        const { viewId, version } = args.form;
        const deleted = await deleteView(args.ctx, { viewId, version });
        return done(args, args.url.search, `The view "${deleted.name}" is deleted.`);
      },
    },
  },
});

const BUILT_IN = [
  { name: 'All', query: '' },
  { name: 'Open', query: 'state=open' },
  { name: 'Mine', query: 'mine=true' },
  { name: 'Level 1–2', query: 'worst=2' },
  { name: 'Last 7 days', query: 'days=7' },
];

const column = createColumnHelper<typeof tableModel, IncidentSummary>();

const columns = column.columns([
  column.accessor('number', {
    id: 'incident',
    header: 'Incident',
    enableHiding: false,
    meta: { className: 'max-w-0 w-1/2 max-md:w-full' },
    cell: ({ row: { original: incident } }) => (
      <div className="min-w-0">
        <Link
          to={paths.incident(incident.number)}
          data-row-link
          className="block truncate no-underline hover:underline"
        >
          <span className="text-muted">{incident.name}</span>{' '}
          <span className="font-medium">{incident.title}</span>
        </Link>
        <span className="mt-0.5 flex flex-wrap items-center gap-x-3 text-s text-muted md:hidden">
          <StatusMark look={levelLook(incident.level)} />
          <StatusMark look={stateLook(incident.state)} />
          <RelativeTime at={incident.startedAt} />
        </span>
      </div>
    ),
  }),
  column.accessor('level', {
    id: 'level',
    header: 'Level',
    meta: { wideOnly: true },
    cell: ({ row }) => <StatusMark look={levelLook(row.original.level)} className="whitespace-nowrap" />,
  }),
  column.accessor('state', {
    id: 'state',
    header: 'State',
    meta: { wideOnly: true },
    cell: ({ row }) => <StatusMark look={stateLook(row.original.state)} className="whitespace-nowrap" />,
  }),
  column.display({
    id: 'place',
    header: 'Where',
    meta: { wideOnly: true },
    cell: ({ row: { original: incident } }) => (
      <span className="whitespace-nowrap text-muted">{placeOf(incident)}</span>
    ),
  }),
  column.accessor('commanderName', {
    id: 'commander',
    header: 'Commander',
    meta: { wideOnly: true },
    cell: ({ row: { original: incident } }) => (
      <span className={cn('whitespace-nowrap', incident.commanderName === null && 'text-muted')}>
        {incident.commanderName ?? 'nobody'}
      </span>
    ),
  }),
  column.accessor('durationMs', {
    id: 'duration',
    header: 'Lasted',
    meta: { align: 'end', wideOnly: true },
    cell: ({ row }) => <Duration ms={row.original.durationMs} />,
  }),
  column.accessor('startedAt', {
    id: 'began',
    header: 'Began',
    meta: { align: 'end', wideOnly: true },
    cell: ({ row }) => <RelativeTime at={row.original.startedAt} className="text-muted" />,
  }),
]);

function placeOf({ service, environment }: IncidentSummary): string {
  return service === null ? '' : environment === null ? service : `${service} / ${environment}`;
}

export default function Incidents() {
  const { rows, total, isTotalExact, page, pageSize, facets, filter, views } = useLoaderData<typeof loader>();
  const failure = useAnswer<typeof action>() as ActionFailure | undefined;
  const subject = useSubject();
  const { page: _page, pageSize: _size, ...csvFilter } = filter;
  const isFiltered = Object.keys(csvFilter).length > 0;
  const count = (value: number) => `(${value}${facets.isExact ? '' : '+'})`;
  const open = facets.states.reduce(
    (sum, { value, count: one }) => sum + (value === 'resolved' ? 0 : one),
    0,
  );
  const services = facets.services.flatMap(({ value, count: one }) =>
    value === null ? [] : [{ value, label: `${value} ${count(one)}` }],
  );
  const declare = (
    <LinkButton
      to={paths.newIncident()}
      look="primary"
      blockedBy={can(subject, 'incidents.manage') ? null : whyNot('incidents.manage', subject)}
    >
      <TriangleAlert aria-hidden="true" size={15} />
      Declare an incident
    </LinkButton>
  );
  return (
    <>
      <PageHeader title="Incidents" actions={declare}>
        {isFiltered
          ? 'What went wrong, who dealt with it, and how it went.'
          : open === 0
            ? 'Nothing is open.'
            : `${plural(open, 'incident')} open.`}
      </PageHeader>
      <SavedViews
        list="incidents"
        builtIn={BUILT_IN}
        views={views}
        shareBlockedBy={can(subject, 'incidents.manage') ? null : whyNot('incidents.manage', subject)}
        failure={failure}
      />
      <DataTable
        id="incidents"
        caption="Incidents, those that began last first"
        columns={columns as never}
        rows={rows}
        rowId={(incident) => incident.name}
        rowHref={(incident) => paths.incident(incident.number)}
        total={total}
        isTotalExact={isTotalExact}
        page={page}
        pageSize={pageSize}
        toolbar={
          <FilterForm>
            <SearchFilter label="Search incidents" placeholder="INC-42, words of title, timeline" />
            <ChoiceFilter
              name="state"
              label="State"
              all="Any state"
              options={[
                { value: 'open', label: `Open ${count(open)}` },
                ...facets.states.map(({ value, count: one }) => ({
                  value,
                  label: `${INCIDENT_STATE_LABELS[value]} ${count(one)}`,
                })),
              ]}
            />
            <ChoiceFilter
              name="level"
              label="Level"
              all="Any level"
              options={facets.levels.map(({ value, count: one }) => ({
                value: String(value),
                label: `${value} ${INCIDENT_LEVEL_LABELS[value]} ${count(one)}`,
              }))}
            />
            {services.length > 0 ? (
              <ChoiceFilter name="service" label="Service" all="Any service" options={services} />
            ) : null}
          </FilterForm>
        }
        actions={<CsvLink href={paths.incidentsCsv(csvFilter)} />}
        empty={
          isFiltered ? (
            <EmptyState icon={TriangleAlert} title="No incident is like that">
              Take a filter away to see more.
            </EmptyState>
          ) : (
            <EmptyState icon={TriangleAlert} title="There has been no incident" action={declare}>
              Declare one as soon as something is wrong: a title is enough. Critical alerts and automatic
              rollbacks open theirs by themselves.
            </EmptyState>
          )
        }
      />
    </>
  );
}
