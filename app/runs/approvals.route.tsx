import type { MetaFunction } from '@remix-run/node';
import { Link, useLoaderData } from '@remix-run/react';
import { createColumnHelper } from '@tanstack/react-table';
import { UserRoundCheck } from 'lucide-react';
import { DataTable } from '#app/components/data-table/data-table';
import type { tableModel } from '#app/components/data-table/features';
import { ChoiceFilter, FilterForm } from '#app/components/data-table/filter-form';
import { Pagination } from '#app/components/data-table/pagination';
import { PageHeader } from '#app/components/layout/page-header';
import { pageTitle } from '#app/components/layout/page-title';
import { useRootData } from '#app/components/layout/root-data';
import { EmptyState } from '#app/components/ui/notice';
import { Section } from '#app/components/ui/section';
import { RelativeTime } from '#app/components/ui/time';
import { protectedLoader } from '#app/http/protected.server';
import { paths } from '#app/lib/paths';
import { ApprovalOutcome, TagStep } from '#app/runs/approval-outcome';
import { AwaitingRun } from '#app/runs/awaiting-run';
import { CsvLink } from '#app/settings/csv-link';
import type { ApprovalView } from '#server/runs/contract';
import { listApprovals } from '#server/runs/queries/approvals';

export { ErrorBoundary } from '#app/components/error-boundary';

export const meta: MetaFunction<typeof loader> = (args) => {
  const waiting = args.data?.open?.total ?? 0;
  return pageTitle(args, waiting > 0 ? `Approvals: ${waiting} waiting` : 'Approvals');
};

/** What waits on the first page of everything; the rest is behind the filter. */
const OPEN_SHOWN = 10;

export const loader = protectedLoader({ access: 'runs.read' }, async ({ ctx, url }) => {
  const filter = Object.fromEntries([...url.searchParams].filter(([, value]) => value !== ''));
  const { state } = filter;
  const [open, decided] = await Promise.all([
    state === 'decided' ? null : listApprovals(ctx, state ? filter : { state: 'open', pageSize: OPEN_SHOWN }),
    state === 'open' ? null : listApprovals(ctx, { ...filter, state: 'decided' }),
  ]);
  return { state: state ?? null, open, decided };
});

const column = createColumnHelper<typeof tableModel, ApprovalView>();

const columns = column.columns([
  column.accessor('number', {
    id: 'run',
    header: 'Run',
    enableHiding: false,
    meta: { className: 'max-w-0 w-2/5 max-md:w-full' },
    cell: ({ row: { original: run } }) => (
      <div className="min-w-0">
        <Link to={paths.run(run.runId)} data-row-link className="block truncate no-underline hover:underline">
          <span className="text-muted">#{run.number}</span> <span className="font-medium">{run.title}</span>
        </Link>
        <span className="mt-0.5 grid gap-0.5 text-s text-muted md:hidden">
          <ApprovalOutcome approval={run} />
          <span>
            asked for by {run.requestedByName}, <RelativeTime at={run.requestedAt} />
          </span>
        </span>
      </div>
    ),
  }),
  column.accessor('decision', {
    id: 'outcome',
    header: 'Decision',
    meta: { wideOnly: true, className: 'max-w-0 w-2/5' },
    cell: ({ row }) => <ApprovalOutcome approval={row.original} />,
  }),
  column.display({
    id: 'change',
    header: 'Change',
    meta: { wideOnly: true, className: 'whitespace-nowrap' },
    cell: ({ row }) => <TagStep from={row.original.fromTag} to={row.original.toTag} />,
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
    header: 'Asked for by',
    meta: { wideOnly: true },
    cell: ({ row }) => <span className="whitespace-nowrap">{row.original.requestedByName}</span>,
  }),
  column.accessor('requestedAt', {
    id: 'asked',
    header: 'Asked for',
    meta: { wideOnly: true, align: 'end' },
    cell: ({ row }) => <RelativeTime at={row.original.requestedAt} className="text-muted" />,
  }),
]);

const FILTER = (
  <FilterForm>
    <ChoiceFilter
      name="state"
      label="Which"
      all="Waiting and decided"
      options={[
        { value: 'open', label: 'Waiting' },
        { value: 'decided', label: 'Decided' },
      ]}
    />
  </FilterForm>
);

export default function Approvals() {
  const { state, open, decided } = useLoaderData<typeof loader>();
  const mine = useRootData()?.approvalsToDecide ?? 0;
  return (
    <>
      <PageHeader title="Approvals" actions={FILTER}>
        What starts only when a second person agrees. Rollbacks never wait here.
      </PageHeader>
      <div className="grid gap-4">
        {open ? (
          <Section
            title="Waiting"
            note={open.total > 0 ? `${open.total} in all, ${mine} for you to decide` : null}
            flush
          >
            {open.rows.length === 0 ? (
              <EmptyState icon={UserRoundCheck} title="Nothing waits for a decision">
                A deploy to an environment that asks for a second person appears here until somebody decides,
                or its time is over.
              </EmptyState>
            ) : (
              <ul className="divide-y divide-line">
                {open.rows.map((run) => (
                  <AwaitingRun key={run.runId} run={run} />
                ))}
              </ul>
            )}
            {state === 'open' ? (
              <Pagination page={open.page} pageSize={open.pageSize} total={open.total} />
            ) : open.total > open.rows.length ? (
              <Link
                to={paths.approvals({ state: 'open' })}
                className="hit flex items-center justify-center border-t border-line text-muted no-underline hover:bg-hover hover:text-ink"
              >
                Show all {open.total}
              </Link>
            ) : null}
          </Section>
        ) : null}
        {decided ? (
          <section aria-labelledby="decided">
            <h2 id="decided" className="mb-2 text-m">
              Decided
            </h2>
            <DataTable
              id="approvals"
              caption="Decided approvals, newest first"
              columns={columns as never}
              rows={decided.rows}
              rowId={(run) => run.runId}
              rowHref={(run) => paths.run(run.runId)}
              total={decided.total}
              page={decided.page}
              pageSize={decided.pageSize}
              actions={<CsvLink href={paths.approvalsCsv()} />}
              empty={
                <EmptyState icon={UserRoundCheck} title="Nobody has decided about anything yet">
                  Who approved or refused what, and why, is kept here.
                </EmptyState>
              }
            />
          </section>
        ) : null}
      </div>
    </>
  );
}
