import type { MetaFunction } from '@remix-run/node';
import { Link, useLoaderData } from '@remix-run/react';
import { createColumnHelper } from '@tanstack/react-table';
import { Send } from 'lucide-react';
import { DataTable } from '#app/components/data-table/data-table';
import type { tableModel } from '#app/components/data-table/features';
import { ChoiceFilter, FilterForm, SearchFilter } from '#app/components/data-table/filter-form';
import { PageHeader } from '#app/components/layout/page-header';
import { pageTitle } from '#app/components/layout/page-title';
import { LinkButton } from '#app/components/ui/button';
import { EmptyState } from '#app/components/ui/notice';
import { StatusMark } from '#app/components/ui/status-mark';
import { RelativeTime } from '#app/components/ui/time';
import { protectedLoader } from '#app/http/protected.server';
import { paths } from '#app/lib/paths';
import { deliveryLook } from '#app/notifications/looks';
import { CsvLink } from '#app/settings/csv-link';
import {
  CHANNELS,
  DELIVERY_STATE_LABELS,
  DELIVERY_STATES,
  type DeliverySummary,
} from '#server/notifications/contract';
import { listDeliveries } from '#server/notifications/queries';

export { ErrorBoundary } from '#app/components/error-boundary';

export const meta: MetaFunction = (args) => pageTitle(args, 'Deliveries');

export const loader = protectedLoader({ access: 'deliveries.read' }, async ({ ctx, url }) => {
  const filter = Object.fromEntries([...url.searchParams].filter(([, value]) => value !== ''));
  return { ...(await listDeliveries(ctx, filter)), filter };
});

const column = createColumnHelper<typeof tableModel, DeliverySummary>();

const columns = column.columns([
  column.accessor('subject', {
    id: 'subject',
    header: 'Notification',
    enableHiding: false,
    meta: { className: 'max-w-0 w-2/5 max-md:w-full' },
    cell: ({ row: { original: delivery } }) => (
      <div className="min-w-0">
        <Link
          to={paths.delivery(delivery.notificationId)}
          data-row-link
          className="block truncate font-medium no-underline hover:underline"
        >
          {delivery.isResolved ? 'Resolved: ' : ''}
          {delivery.subject}
        </Link>
        <span className="mt-0.5 flex flex-wrap items-center gap-x-3 text-s text-muted md:hidden">
          <StatusMark look={deliveryLook(delivery)} />
          <span>{delivery.channel}</span>
          <RelativeTime at={delivery.createdAt} />
        </span>
        {delivery.reason ? (
          <span className="mt-0.5 block text-s text-pretty text-muted md:hidden">{delivery.reason}</span>
        ) : null}
      </div>
    ),
  }),
  column.accessor('state', {
    id: 'state',
    header: 'State',
    meta: { wideOnly: true },
    cell: ({ row }) => <StatusMark look={deliveryLook(row.original)} className="whitespace-nowrap" />,
  }),
  column.accessor('channel', {
    id: 'channel',
    header: 'Channel',
    meta: { wideOnly: true, className: 'whitespace-nowrap' },
    cell: ({ row }) => row.original.channel,
  }),
  column.accessor('reason', {
    id: 'reason',
    header: 'Why',
    meta: { wideOnly: true, className: 'max-w-0 w-2/5' },
    cell: ({ row: { original: delivery } }) => (
      <span className="block truncate text-muted" data-tip={delivery.reason ?? undefined}>
        {delivery.reason ?? unmappedText(delivery.unmapped)}
      </span>
    ),
  }),
  column.accessor('attempts', {
    id: 'attempts',
    header: 'Attempts',
    meta: { wideOnly: true, align: 'end' },
    cell: ({ row }) => row.original.attempts,
  }),
  column.accessor('createdAt', {
    id: 'created',
    header: 'Asked for',
    meta: { wideOnly: true, align: 'end' },
    cell: ({ row }) => <RelativeTime at={row.original.createdAt} className="text-muted" />,
  }),
]);

function unmappedText(handles: readonly string[]): string {
  return handles.length > 0 ? `Rang nobody for ${handles.map((handle) => `@${handle}`).join(', ')}` : '';
}

export default function Deliveries() {
  const { rows, total, page, pageSize, filter } = useLoaderData<typeof loader>();
  const { page: _page, ...csvFilter } = filter;
  return (
    <>
      <PageHeader title="Deliveries" actions={<LinkButton to={paths.channels()}>Channels</LinkButton>}>
        What people were told in Slack, what waits, and what was skipped and why.
      </PageHeader>
      <DataTable
        id="deliveries"
        caption="Notifications, newest first"
        columns={columns as never}
        rows={rows}
        rowId={(delivery) => delivery.notificationId}
        rowHref={(delivery) => paths.delivery(delivery.notificationId)}
        total={total}
        page={page}
        pageSize={pageSize}
        toolbar={
          <FilterForm>
            <SearchFilter label="Search deliveries" placeholder="Subject, kind, group, reason" />
            <ChoiceFilter
              name="state"
              label="State"
              all="Any state"
              options={DELIVERY_STATES.map((value) => ({ value, label: DELIVERY_STATE_LABELS[value] }))}
            />
            <ChoiceFilter
              name="channel"
              label="Channel"
              all="Any channel"
              options={CHANNELS.map((value) => ({ value, label: value }))}
            />
          </FilterForm>
        }
        actions={<CsvLink href={paths.deliveriesCsv(csvFilter)} />}
        empty={
          <EmptyState
            icon={Send}
            title={
              Object.keys(csvFilter).length > 0 ? 'No notification is like that' : 'Nothing was told yet'
            }
            action={<LinkButton to={paths.channels()}>See the channels</LinkButton>}
          >
            {Object.keys(csvFilter).length > 0
              ? 'Take a filter away to see more.'
              : 'Alerts, lockdowns and automatic rollbacks are told here. Test a channel to see one.'}
          </EmptyState>
        }
      />
    </>
  );
}
