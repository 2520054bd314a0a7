import type { MetaFunction } from '@remix-run/node';
import { Form, useLoaderData, useNavigation } from '@remix-run/react';
import { PageHeader } from '#app/components/layout/page-header';
import { pageTitle } from '#app/components/layout/page-title';
import { Button } from '#app/components/ui/button';
import { TextField } from '#app/components/ui/field';
import { FailureNotice } from '#app/components/ui/notice';
import { Facts, Section } from '#app/components/ui/section';
import { type ActionFailure, protectedAction, protectedLoader } from '#app/http/protected.server';
import { redirectWithToast } from '#app/http/redirect.server';
import { plural } from '#app/lib/format';
import { paths } from '#app/lib/paths';
import { useAnswer } from '#app/lib/use-answer';
import { AuditLink } from '#app/settings/audit-link';
import { PermissionList } from '#app/settings/permission-list';
import { ROLE_MEANINGS } from '#app/settings/permission-words';
import { SlackHandle } from '#app/settings/slack-handle';
import { changePassword } from '#server/auth/commands/manage-account';
import { setOwnSlackHandle } from '#server/auth/commands/set-slack-handle';
import { PASSWORD_MIN, ROLE_LABELS } from '#server/auth/contract';
import { getMe } from '#server/auth/queries';
import { listMentions } from '#server/notifications/queries';

export { ErrorBoundary } from '#app/components/error-boundary';

export const meta: MetaFunction = (args) => pageTitle(args, 'Your account');

export const loader = protectedLoader({ access: 'account.manage' }, async ({ ctx }) => {
  const [me, mentions] = await Promise.all([getMe(ctx, {}), listMentions(ctx, {})]);
  const slackId = mentions.find(({ handle }) => handle === me.slackHandle)?.slackId ?? null;
  return { ...me, slackId };
});

export const action = protectedAction({
  intents: {
    'slack-handle': {
      access: 'account.manage',
      handle: async ({ ctx, context, form }) => {
        const { slackHandle } = await setOwnSlackHandle(ctx, { slackHandle: form.slackHandle });
        return redirectWithToast(context, paths.account(), {
          kind: 'success',
          message: slackHandle ? `Slack’s messages call you @${slackHandle}.` : 'You have no Slack handle.',
        });
      },
    },
    password: {
      access: 'account.manage',
      handle: async ({ ctx, context, form }) => {
        const { ended } = await changePassword(ctx, form);
        return redirectWithToast(context, paths.account(), {
          kind: 'success',
          message: `Your password is changed.${ended > 0 ? ` ${plural(ended, 'other session')} ended.` : ''}`,
        });
      },
    },
  },
});

export default function Account() {
  const me = useLoaderData<typeof loader>();
  const failure = useAnswer<typeof action>() as ActionFailure | undefined;
  return (
    <>
      <PageHeader
        title="Your account"
        actions={<AuditLink filter={{ actor: me.id }}>What you did</AuditLink>}
      />
      <FailureNotice failure={failure?.intent === 'slack-handle' ? failure : undefined} className="mb-4" />
      <div className="grid gap-4">
        <Section title="You">
          <Facts
            items={[
              ['Name', me.name],
              ['E-mail', me.email],
              [
                'Role',
                <span key="role">
                  <span className="font-medium">{ROLE_LABELS[me.role]}</span>
                  <span className="block text-muted">{ROLE_MEANINGS[me.role]}</span>
                </span>,
              ],
            ]}
          />
          <p className="mt-3 text-s text-muted">An admin changes these.</p>
        </Section>
        <SlackHandle key={me.slackHandle} handle={me.slackHandle} slackId={me.slackId} failure={failure} />
        <PasswordSection isDemo={me.isDemo} email={me.email} />
        <Section title="What your role may do">
          <PermissionList granted={me.permissions} tellRoles />
        </Section>
      </div>
    </>
  );
}

function PasswordSection({ isDemo, email }: { isDemo: boolean; email: string }) {
  const failure = useAnswer<typeof action>() as ActionFailure | undefined;
  const isBusy = useNavigation().state === 'submitting';
  if (isDemo) {
    return (
      <Section title="Password">
        <p className="text-muted">
          Demo people keep the password that everybody knows. People whom an admin invites choose their own.
        </p>
      </Section>
    );
  }
  return (
    <Section title="Password" note="Changing it ends your other sessions. Your tokens stay.">
      <FailureNotice failure={failure?.intent === 'password' ? failure : undefined} className="mb-4" />
      <Form method="post" className="grid max-w-sm gap-4">
        <input type="hidden" name="intent" value="password" />
        <input type="text" name="username" autoComplete="username" value={email} readOnly hidden />
        <TextField
          label="Current password"
          name="currentPassword"
          type="password"
          autoComplete="current-password"
          required
          errors={failure?.fields.currentPassword}
        />
        <TextField
          label="New password"
          name="newPassword"
          type="password"
          autoComplete="new-password"
          required
          minLength={PASSWORD_MIN}
          hint={`At least ${PASSWORD_MIN} characters. A sentence is good.`}
          errors={failure?.fields.newPassword}
        />
        <div>
          <Button type="submit" look="primary" aria-busy={isBusy}>
            Change the password
          </Button>
        </div>
      </Form>
    </Section>
  );
}
