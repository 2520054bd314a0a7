import type { MetaFunction } from '@remix-run/node';
import { Form, useLoaderData, useNavigation } from '@remix-run/react';
import { EntryPage } from '#app/auth/entry-page';
import { enter } from '#app/auth/sign-in.server';
import { Button, LinkButton } from '#app/components/ui/button';
import { TextField } from '#app/components/ui/field';
import { FailureNotice, Notice } from '#app/components/ui/notice';
import { type ActionFailure, protectedAction, protectedLoader } from '#app/http/protected.server';
import { paths } from '#app/lib/paths';
import { useAnswer } from '#app/lib/use-answer';
import { acceptInvitation } from '#server/auth/commands/join';
import { PASSWORD_MIN } from '#server/auth/contract';
import { checkInvitation } from '#server/auth/queries';

export { ErrorBoundary } from '#app/components/error-boundary';

export const meta: MetaFunction = () => [{ title: 'Choose a password · HerbisVeritas Ops' }];

export const loader = protectedLoader({ access: 'anyone' }, async ({ ctx, context, params }) => {
  // The address holds a secret: nothing on the way may keep the page.
  context.setHeader('Cache-Control', 'no-store');
  const invitation = await checkInvitation(ctx, { token: params.token ?? '' });
  return { invitation, signedInAs: context.session?.viewer.name ?? null };
});

export const action = protectedAction({
  intents: {
    default: {
      access: 'anyone',
      handle: async ({ ctx, context, form, params }) => {
        const signedIn = await acceptInvitation(ctx, { password: form.password, token: params.token });
        return enter(context, signedIn, paths.overview());
      },
    },
  },
});

export default function Join() {
  const { invitation, signedInAs } = useLoaderData<typeof loader>();
  if (signedInAs !== null) return <SignOutFirst name={signedInAs} />;
  if (!invitation.isOpen) {
    return (
      <EntryPage title="Choose a password">
        <Notice
          tone="warning"
          title="This link does not open"
          actions={<LinkButton to={paths.login()}>Sign in</LinkButton>}
        >
          It was used, it has ended, or a newer one was made. Ask an admin for a new link.
        </Notice>
      </EntryPage>
    );
  }
  return (
    <EntryPage title={invitation.hasPassword ? 'Choose a new password' : `Welcome, ${invitation.name}`}>
      <PasswordForm email={invitation.email ?? ''} hasPassword={invitation.hasPassword} />
    </EntryPage>
  );
}

function PasswordForm({ email, hasPassword }: { email: string; hasPassword: boolean }) {
  const failure = useAnswer<typeof action>() as ActionFailure | undefined;
  const isBusy = useNavigation().state !== 'idle';
  return (
    <>
      <p className="text-muted">
        {hasPassword
          ? 'The old password counts until you have chosen. Your other sessions end then. This link works once.'
          : 'Choose the password that you will sign in with. This link works once.'}
      </p>
      <FailureNotice failure={failure} />
      <Form method="post" className="grid gap-4 rounded-l bg-surface p-5 shadow-raised">
        <TextField label="E-mail" name="email" type="email" autoComplete="username" value={email} readOnly />
        <TextField
          label="Password"
          name="password"
          type="password"
          autoComplete="new-password"
          required
          minLength={PASSWORD_MIN}
          hint={`At least ${PASSWORD_MIN} characters. A sentence is good.`}
          errors={failure?.fields.password}
        />
        <Button type="submit" look="primary" size="big" aria-busy={isBusy}>
          {hasPassword ? 'Keep the new password' : 'Join'}
        </Button>
      </Form>
    </>
  );
}

/** Somebody else's browser: the link stays unused. */
function SignOutFirst({ name }: { name: string }) {
  return (
    <div className="mx-auto max-w-md py-10">
      <h1 className="mb-4 text-l">Choose a password</h1>
      <Notice tone="info" title={`You are signed in as ${name}`}>
        <p>
          This link is for somebody who chooses a password. It was not used: sign out, then open it again.
        </p>
        <Form method="post" action={paths.logout()} className="mt-3">
          <Button type="submit">Sign out</Button>
        </Form>
      </Notice>
    </div>
  );
}
