import type { MetaFunction } from '@remix-run/node';
import { Link, useLoaderData } from '@remix-run/react';
import { createColumnHelper } from '@tanstack/react-table';
import { Bot, Download, ScrollText, UserRound } from 'lucide-react';
import { DataTable } from '#app/components/data-table/data-table';
import type { tableModel } from '#app/components/data-table/features';
import { ChoiceFilter, FilterForm, SearchFilter } from '#app/components/data-table/filter-form';
import { PageHeader } from '#app/components/layout/page-header';
import { pageTitle } from '#app/components/layout/page-title';
import { EmptyState } from '#app/components/ui/notice';
import { RelativeTime } from '#app/components/ui/time';
import { protectedLoader } from '#app/http/protected.server';
import { formatUtc } from '#app/lib/format';
import { paths } from '#app/lib/paths';
import type { AuditRow } from '#server/audit/contract';
import { listAudit } from '#server/audit/queries';

export { ErrorBoundary } from '#app/components/error-boundary';

export const meta: MetaFunction = (args) => pageTitle(args, 'Audit log');

export const loader = protectedLoader({ access: 'audit.read' }, async ({ ctx, url }) => {
  const filter = Object.fromEntries([...url.searchParams].filter(([, value]) => value !== ''));
  return { ...(await listAudit(ctx, filter)), filter };
});

const column = createColumnHelper<typeof tableModel, AuditRow>();

const columns = column.columns([
  column.accessor('at', {
    id: 'at',
    header: 'When (UTC)',
    enableHiding: false,
    meta: { className: 'align-top whitespace-nowrap' },
    cell: ({ row: { original: entry } }) => (
      <>
        <time dateTime={entry.at} className="text-muted max-md:hidden">
          {formatUtc(entry.at).slice(0, 19)}
        </time>
        <RelativeTime at={entry.at} className="text-muted md:hidden" />
      </>
    ),
  }),
  column.accessor('actorName', {
    id: 'actor',
    header: 'Who',
    meta: { className: 'align-top', wideOnly: true },
    cell: ({ row: { original: entry } }) => <Actor entry={entry} />,
  }),
  column.accessor('action', {
    id: 'action',
    header: 'What',
    enableHiding: false,
    meta: { className: 'align-top max-md:w-full' },
    cell: ({ row: { original: entry } }) => (
      <>
        <code className="break-all md:whitespace-nowrap">{entry.action}</code>
        <span className="mt-0.5 grid gap-0.5 md:hidden">
          <Actor entry={entry} />
          <Target entry={entry} />
          {entry.reason ? <q className="text-muted">{entry.reason}</q> : null}
        </span>
      </>
    ),
  }),
  column.accessor('targetLabel', {
    id: 'target',
    header: 'On what',
    meta: { className: 'align-top max-w-0 w-1/4', wideOnly: true },
    cell: ({ row: { original: entry } }) => <Target entry={entry} />,
  }),
  column.accessor('environment', {
    id: 'environment',
    header: 'Environment',
    meta: { className: 'align-top whitespace-nowrap text-muted', wideOnly: true },
    cell: ({ row: { original: entry } }) =>
      entry.service ? `${entry.service} / ${entry.environment ?? 'any'}` : '',
  }),
  column.accessor('reason', {
    id: 'reason',
    header: 'Reason and details',
    meta: { className: 'align-top max-w-0 w-1/3', wideOnly: true },
    cell: ({ row: { original: entry } }) => <Details entry={entry} />,
  }),
]);

function Actor({ entry }: { entry: AuditRow }) {
  const Icon = entry.actorType === 'user' ? UserRound : Bot;
  return (
    <span className="inline-flex items-center gap-1.5 whitespace-nowrap">
      <Icon aria-hidden="true" size={14} className="shrink-0 text-faint" />
      <span className="sr-only">{entry.actorType}: </span>
      {entry.actorName}
    </span>
  );
}

function Target({ entry }: { entry: AuditRow }) {
  const name = entry.targetLabel ?? entry.targetId ?? entry.targetType;
  return (
    <span className="block truncate" data-tip={name}>
      {entry.runId ? (
        <Link to={paths.run(entry.runId)} data-row-link className="link">
          {name}
        </Link>
      ) : (
        name
      )}
    </span>
  );
}

function Details({ entry }: { entry: AuditRow }) {
  const details = Object.entries(entry.details).map(([key, value]) => [
    key,
    typeof value === 'string' ? value : JSON.stringify(value),
  ]);
  return (
    <details className="group/details min-w-0">
      <summary className="flex items-baseline gap-3 rounded-s hover:text-ink">
        <span className="min-w-0 flex-1 truncate group-open/details:whitespace-normal">{entry.reason}</span>
        <span className="text-s text-muted underline decoration-edge underline-offset-3">
          <span className="group-open/details:hidden">Details</span>
          <span className="hidden group-open/details:inline">Fold</span>
        </span>
      </summary>
      <dl className="mt-1 grid grid-cols-[max-content_minmax(0,1fr)] gap-x-3 pb-1 text-s">
        {[
          ...details,
          ['target', [entry.targetType, entry.targetId].filter(Boolean).join(' ')],
          ['request', entry.requestId ?? 'none'],
        ].map(([label, value]) => (
          <div key={label} className="contents">
            <dt className="text-muted">{label}</dt>
            <dd className="break-all">{value}</dd>
          </div>
        ))}
      </dl>
    </details>
  );
}

export default function Audit() {
  const { rows, total, isTotalExact, page, pageSize, actions, filter } = useLoaderData<typeof loader>();
  const { page: _page, ...csvFilter } = filter;
  return (
    <>
      <PageHeader title="Audit log">
        Who did what, and why. Nothing here can be changed or removed.
      </PageHeader>
      <DataTable
        id="audit"
        caption="Audit entries, newest first"
        columns={columns as never}
        rows={rows}
        rowId={(entry) => entry.id}
        total={total}
        isTotalExact={isTotalExact}
        page={page}
        pageSize={pageSize}
        toolbar={
          <FilterForm>
            <SearchFilter label="Search the audit log" placeholder="Target, person, reason" />
            <ChoiceFilter
              name="action"
              label="Action"
              all="Any action"
              options={actions.map((value) => ({ value, label: value }))}
            />
          </FilterForm>
        }
        actions={
          <a
            href={paths.auditCsv(csvFilter)}
            download
            className="hit inline-flex items-center gap-1.5 rounded-m px-2 text-muted no-underline hover:bg-hover hover:text-ink max-md:hidden"
          >
            <Download aria-hidden="true" size={15} />
            CSV
          </a>
        }
        empty={
          <EmptyState icon={ScrollText} title="No entry is like that">
            Take a filter away to see more.
          </EmptyState>
        }
      />
    </>
  );
}
