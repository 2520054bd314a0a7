import type { MetaFunction } from '@remix-run/node';
import { Form, useLoaderData, useNavigation } from '@remix-run/react';
import { PageHeader } from '#app/components/layout/page-header';
import { pageTitle } from '#app/components/layout/page-title';
import { useRootData } from '#app/components/layout/root-data';
import { Button } from '#app/components/ui/button';
import { FailureNotice } from '#app/components/ui/notice';
import { Facts, Section } from '#app/components/ui/section';
import { StatusMark } from '#app/components/ui/status-mark';
import { RelativeTime } from '#app/components/ui/time';
import { type ActionFailure, protectedAction, protectedLoader } from '#app/http/protected.server';
import { redirectWithToast } from '#app/http/redirect.server';
import { useNow } from '#app/lib/clock';
import { paths } from '#app/lib/paths';
import { useAnswer } from '#app/lib/use-answer';
import { AuditLink } from '#app/settings/audit-link';
import { BackLink } from '#app/settings/back-link';
import { tokenLook } from '#app/settings/looks';
import { PermissionList } from '#app/settings/permission-list';
import { revokeToken } from '#server/auth/commands/manage-tokens';
import { can } from '#server/auth/contract';
import { listTokens } from '#server/auth/queries';
import { AppError } from '#server/platform/errors';

export { ErrorBoundary } from '#app/components/error-boundary';
export { revalidateAfterRefusal as shouldRevalidate } from '#app/lib/revalidate';

export const meta: MetaFunction<typeof loader> = (args) =>
  pageTitle(args, args.data ? `Token ${args.data.name}` : 'API token');

export const loader = protectedLoader({ access: 'account.manage' }, async ({ ctx, params }) => {
  const tokens = await listTokens(ctx, { everybody: can(ctx.actor, 'tokens.manage') });
  const token = tokens.find((candidate) => candidate.id === params.tokenId);
  if (!token) {
    throw new AppError('not_found', 'There is no such token of yours, or it ended long ago.', {
      hint: 'Open it from the list of tokens.',
    });
  }
  return token;
});

export const action = protectedAction({
  intents: {
    revoke: {
      access: 'account.manage',
      handle: async ({ ctx, context, params }) => {
        const token = await revokeToken(ctx, { tokenId: params.tokenId });
        return redirectWithToast(context, paths.token(token.id), {
          kind: 'success',
          message: `${token.name} is revoked. It opens nothing any more.`,
        });
      },
    },
  },
});

export default function Token() {
  const token = useLoaderData<typeof loader>();
  const failure = useAnswer<typeof action>() as ActionFailure | undefined;
  const viewer = useRootData()?.viewer;
  const isBusy = useNavigation().state === 'submitting';
  const now = useNow(60_000);
  const isMine = token.ownerId === viewer?.id;
  const back = isMine ? paths.tokens() : paths.tokens({ everybody: true });
  return (
    <>
      <BackLink to={back}>API tokens</BackLink>
      <PageHeader title={token.name} actions={<AuditLink filter={{ search: token.id }} />}>
        <StatusMark look={tokenLook(token, now)} />
      </PageHeader>
      <FailureNotice failure={failure} className="mb-4" />
      <div className="grid gap-4">
        <Section title="The token">
          <Facts
            items={[
              ['Person', isMine ? `${token.ownerName} (you)` : token.ownerName],
              ['Looks like', <code key="hint">hvo_…{token.hint}</code>],
              ['Made', <RelativeTime key="made" at={token.createdAt} focusable />],
              [
                'Last used',
                token.lastUsedAt ? (
                  <RelativeTime key="used" at={token.lastUsedAt} focusable />
                ) : (
                  <span key="used">never</span>
                ),
              ],
              [
                token.status === 'expired' ? 'Ended' : 'Ends',
                <RelativeTime key="ends" at={token.expiresAt} focusable />,
              ],
              ...(token.revokedAt
                ? ([
                    [
                      'Revoked',
                      <span key="revoked">
                        by {token.revokedByName}, <RelativeTime at={token.revokedAt} focusable />
                      </span>,
                    ],
                  ] as [string, React.ReactNode][])
                : []),
            ]}
          />
        </Section>
        {token.status === 'active' ? (
          <Section title="Revoke">
            <Form method="post" className="flex flex-wrap items-center gap-x-4 gap-y-3">
              <input type="hidden" name="intent" value="revoke" />
              <p className="min-w-56 flex-1 text-muted">
                Whatever uses it is refused from that moment on. A revoked token does not come back.
              </p>
              <Button type="submit" look="danger" aria-busy={isBusy}>
                Revoke the token
              </Button>
            </Form>
          </Section>
        ) : null}
        <Section title="What it may do" note="At most; its person's role narrows it further.">
          <PermissionList granted={token.scopes} />
        </Section>
      </div>
    </>
  );
}
