import type { MetaFunction } from '@remix-run/node';
import { Link, useLoaderData } from '@remix-run/react';
import { createColumnHelper } from '@tanstack/react-table';
import { KeyRound, Plus } from 'lucide-react';
import { DataTable } from '#app/components/data-table/data-table';
import type { tableModel } from '#app/components/data-table/features';
import { pageOfRows } from '#app/components/data-table/table-url';
import { PageHeader } from '#app/components/layout/page-header';
import { pageTitle } from '#app/components/layout/page-title';
import { useSubject } from '#app/components/layout/root-data';
import { LinkButton } from '#app/components/ui/button';
import { EmptyState } from '#app/components/ui/notice';
import { StatusMark } from '#app/components/ui/status-mark';
import { RelativeTime } from '#app/components/ui/time';
import { protectedLoader } from '#app/http/protected.server';
import { useNow } from '#app/lib/clock';
import { paths } from '#app/lib/paths';
import { AuditLink } from '#app/settings/audit-link';
import { CsvLink } from '#app/settings/csv-link';
import { tokenLook } from '#app/settings/looks';
import { summariseScopes } from '#app/settings/permission-words';
import { ScopeSwitch } from '#app/settings/scope-switch';
import { can, type TokenView } from '#server/auth/contract';
import { listTokens } from '#server/auth/queries';

export { ErrorBoundary } from '#app/components/error-boundary';

export const meta: MetaFunction = (args) => pageTitle(args, 'API tokens');

export const loader = protectedLoader({ access: 'account.manage' }, async ({ ctx, url }) => {
  const everybody = url.searchParams.get('everybody') === 'true';
  return { everybody, ...pageOfRows(await listTokens(ctx, { everybody }), url.searchParams) };
});

const column = createColumnHelper<typeof tableModel, TokenView>();

const columns = column.columns([
  column.accessor('name', {
    id: 'name',
    header: 'Name',
    enableHiding: false,
    meta: { className: 'max-md:w-full' },
    cell: ({ row: { original: token } }) => (
      <>
        <span className="flex flex-wrap items-baseline gap-x-2">
          <Link
            to={paths.token(token.id)}
            data-row-link
            className="font-medium break-words no-underline hover:underline"
          >
            {token.name}
          </Link>
          <code className="text-s text-muted">hvo_…{token.hint}</code>
        </span>
        <span className="mt-0.5 flex flex-wrap gap-x-3 gap-y-0.5 text-s text-muted md:hidden">
          <TokenState token={token} />
          <span>{token.ownerName}</span>
          <span>{summariseScopes(token.scopes)}</span>
        </span>
      </>
    ),
  }),
  column.accessor('ownerName', {
    id: 'owner',
    header: 'Person',
    meta: { wideOnly: true, className: 'whitespace-nowrap' },
    cell: ({ row }) => row.original.ownerName,
  }),
  column.accessor('scopes', {
    id: 'scopes',
    header: 'May',
    meta: { wideOnly: true, className: 'whitespace-nowrap' },
    cell: ({ row }) => summariseScopes(row.original.scopes),
  }),
  column.accessor('status', {
    id: 'status',
    header: 'State',
    meta: { wideOnly: true, className: 'whitespace-nowrap' },
    cell: ({ row }) => <TokenState token={row.original} />,
  }),
  column.accessor('lastUsedAt', {
    id: 'used',
    header: 'Last used',
    meta: { wideOnly: true, align: 'end' },
    cell: ({ row: { original: token } }) =>
      token.lastUsedAt ? (
        <RelativeTime at={token.lastUsedAt} className="text-muted" />
      ) : (
        <span className="text-faint">never</span>
      ),
  }),
  column.accessor('expiresAt', {
    id: 'expires',
    header: 'Ends',
    meta: { wideOnly: true, align: 'end' },
    cell: ({ row: { original: token } }) => (
      <RelativeTime at={token.revokedAt ?? token.expiresAt} className="text-muted" />
    ),
  }),
]);

const ownColumns = columns.filter(({ id }) => id !== 'owner');

function TokenState({ token }: { token: TokenView }) {
  return <StatusMark look={tokenLook(token, useNow(60_000))} />;
}

export default function Tokens() {
  const { everybody, rows, total, page, pageSize } = useLoaderData<typeof loader>();
  const subject = useSubject();
  const makeOne = (
    <LinkButton to={paths.newToken()} look="primary">
      <Plus aria-hidden="true" size={15} />
      Make a token
    </LinkButton>
  );
  return (
    <>
      <PageHeader
        title="API tokens"
        actions={
          <>
            <AuditLink filter={{ search: 'auth.token' }} />
            {total > 0 || everybody ? makeOne : null}
          </>
        }
      >
        What a program or the command line acts with, in its person's name and never with more than they may.
      </PageHeader>
      <DataTable
        id={everybody ? 'all-tokens' : 'tokens'}
        caption={everybody ? "Everybody's tokens, newest first" : 'Your tokens, newest first'}
        columns={(everybody ? columns : ownColumns) as never}
        rows={rows}
        rowId={(token) => token.id}
        rowHref={(token) => paths.token(token.id)}
        total={total}
        page={page}
        pageSize={pageSize}
        toolbar={
          can(subject, 'tokens.manage') ? <ScopeSwitch everybody={everybody} to={paths.tokens} /> : null
        }
        actions={<CsvLink href={paths.tokensCsv(everybody ? { everybody } : {})} />}
        empty={
          everybody ? (
            <EmptyState icon={KeyRound} title="Nobody has a token">
              Each person makes their own.
            </EmptyState>
          ) : (
            <EmptyState icon={KeyRound} title="You have no token" action={makeOne}>
              Make one to use the command line or the API.
            </EmptyState>
          )
        }
      />
    </>
  );
}
