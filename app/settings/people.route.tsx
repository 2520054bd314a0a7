import type { MetaFunction } from '@remix-run/node';
import { Link, useLoaderData } from '@remix-run/react';
import { createColumnHelper } from '@tanstack/react-table';
import { UserRoundPlus, UsersRound } from 'lucide-react';
import { DataTable } from '#app/components/data-table/data-table';
import type { tableModel } from '#app/components/data-table/features';
import { ChoiceFilter, FilterForm, SearchFilter } from '#app/components/data-table/filter-form';
import { pageOfRows } from '#app/components/data-table/table-url';
import { PageHeader } from '#app/components/layout/page-header';
import { pageTitle } from '#app/components/layout/page-title';
import { LinkButton } from '#app/components/ui/button';
import { EmptyState } from '#app/components/ui/notice';
import { StatusMark } from '#app/components/ui/status-mark';
import { RelativeTime } from '#app/components/ui/time';
import { protectedLoader } from '#app/http/protected.server';
import { paths } from '#app/lib/paths';
import { AuditLink } from '#app/settings/audit-link';
import { CsvLink } from '#app/settings/csv-link';
import { personLook } from '#app/settings/looks';
import { filterPeople, peopleFilter } from '#app/settings/people-filter';
import {
  PERSON_STATUS_LABELS,
  PERSON_STATUSES,
  type PersonView,
  ROLE_LABELS,
  ROLES,
} from '#server/auth/contract';
import { listPeople } from '#server/auth/queries';

export { ErrorBoundary } from '#app/components/error-boundary';

export const meta: MetaFunction = (args) => pageTitle(args, 'People');

export const loader = protectedLoader({ access: 'people.manage' }, async ({ ctx, url }) => {
  const filter = peopleFilter(url.searchParams);
  return { ...pageOfRows(filterPeople(await listPeople(ctx, {}), filter), url.searchParams), filter };
});

const column = createColumnHelper<typeof tableModel, PersonView>();

const columns = column.columns([
  column.accessor('name', {
    id: 'name',
    header: 'Name',
    enableHiding: false,
    meta: { className: 'max-md:w-full' },
    cell: ({ row: { original: person } }) => (
      <>
        <span className="flex flex-wrap items-baseline gap-x-2">
          <Link
            to={paths.person(person.id)}
            data-row-link
            className="font-medium break-words no-underline hover:underline"
          >
            {person.name}
          </Link>
          {person.isDemo ? <span className="text-s text-muted">demo</span> : null}
        </span>
        <span className="block text-s break-all text-muted">{person.email}</span>
        <span className="mt-0.5 flex flex-wrap gap-x-3 text-s text-muted md:hidden">
          <StatusMark look={personLook(person.status)} />
          <span>{ROLE_LABELS[person.role]}</span>
        </span>
      </>
    ),
  }),
  column.accessor('role', {
    id: 'role',
    header: 'Role',
    meta: { wideOnly: true, className: 'whitespace-nowrap' },
    cell: ({ row }) => ROLE_LABELS[row.original.role],
  }),
  column.accessor('status', {
    id: 'status',
    header: 'State',
    meta: { wideOnly: true, className: 'whitespace-nowrap' },
    cell: ({ row }) => <StatusMark look={personLook(row.original.status)} />,
  }),
  column.accessor('lastSeenAt', {
    id: 'seen',
    header: 'Last seen',
    meta: { wideOnly: true, align: 'end' },
    cell: ({ row: { original: person } }) =>
      person.lastSeenAt ? (
        <RelativeTime at={person.lastSeenAt} className="text-muted" />
      ) : (
        <span className="text-faint">never</span>
      ),
  }),
  column.accessor('openSessions', {
    id: 'sessions',
    header: 'Sessions',
    meta: { wideOnly: true, align: 'end' },
    cell: ({ row }) => <Count value={row.original.openSessions} />,
  }),
  column.accessor('activeTokens', {
    id: 'tokens',
    header: 'Tokens',
    meta: { wideOnly: true, align: 'end' },
    cell: ({ row }) => <Count value={row.original.activeTokens} />,
  }),
]);

function Count({ value }: { value: number }) {
  return <span className={value === 0 ? 'text-faint' : ''}>{value}</span>;
}

export default function People() {
  const { rows, total, page, pageSize, filter } = useLoaderData<typeof loader>();
  return (
    <>
      <PageHeader
        title="People"
        actions={
          <>
            <AuditLink filter={{ search: 'auth.person' }} />
            <LinkButton to={paths.newPerson()} look="primary">
              <UserRoundPlus aria-hidden="true" size={15} />
              Invite a person
            </LinkButton>
          </>
        }
      >
        Who may use this console, and as what.
      </PageHeader>
      <DataTable
        id="people"
        caption="People, by name"
        columns={columns as never}
        rows={rows}
        rowId={(person) => person.id}
        rowHref={(person) => paths.person(person.id)}
        total={total}
        page={page}
        pageSize={pageSize}
        toolbar={
          <FilterForm>
            <SearchFilter label="Search people" placeholder="Name or e-mail" />
            <ChoiceFilter
              name="role"
              label="Role"
              all="Any role"
              options={ROLES.map((value) => ({ value, label: ROLE_LABELS[value] }))}
            />
            <ChoiceFilter
              name="status"
              label="State"
              all="Any state"
              options={PERSON_STATUSES.map((value) => ({ value, label: PERSON_STATUS_LABELS[value] }))}
            />
          </FilterForm>
        }
        actions={<CsvLink href={paths.peopleCsv({ ...filter })} />}
        empty={
          <EmptyState icon={UsersRound} title="Nobody is like that">
            Take a filter away to see more.
          </EmptyState>
        }
      />
    </>
  );
}
