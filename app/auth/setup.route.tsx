import { type MetaFunction, redirect } from '@remix-run/node';
import { Form, useLoaderData, useNavigation } from '@remix-run/react';
import { EntryPage } from '#app/auth/entry-page';
import { enter } from '#app/auth/sign-in.server';
import { Button, LinkButton } from '#app/components/ui/button';
import { TextField } from '#app/components/ui/field';
import { FailureNotice, Notice } from '#app/components/ui/notice';
import { protectedAction, protectedLoader } from '#app/http/protected.server';
import { useAnswer } from '#app/lib/use-answer';
import { createFirstAdmin } from '#server/auth/commands/create-first-admin';
import { PASSWORD_MIN } from '#server/auth/contract';
import { checkSetupLink } from '#server/auth/queries';

export const meta: MetaFunction = () => [{ title: 'Set up · HerbisVeritas Ops' }];

export const loader = protectedLoader({ access: 'anyone' }, async ({ ctx, context, params }) => {
  if (context.session) throw redirect('/', 303);
  const { isOpen } = await checkSetupLink(ctx, { token: params.token ?? '' });
  // The address holds a secret: nothing on the way may keep the page.
  context.setHeader('Cache-Control', 'no-store');
  return { isOpen };
});

export const action = protectedAction({
  intents: {
    default: {
      access: 'anyone',
      handle: async ({ ctx, context, form, params }) => {
        const signedIn = await createFirstAdmin(ctx, { ...form, token: params.token ?? '' });
        return enter(context, signedIn, '/');
      },
    },
  },
});

export default function Setup() {
  const { isOpen } = useLoaderData<typeof loader>();
  const failure = useAnswer<typeof action>();
  const isBusy = useNavigation().state !== 'idle';
  if (!isOpen) {
    return (
      <EntryPage title="Set up this console">
        <Notice
          tone="warning"
          title="This setup link does not open"
          actions={<LinkButton to="/login">Sign in</LinkButton>}
        >
          It was used, it is older than a day, or an admin exists. Restart the console for a new link if
          nobody can sign in.
        </Notice>
      </EntryPage>
    );
  }
  return (
    <EntryPage title="Set up this console">
      <p className="text-muted">You become its first admin. This link works once.</p>
      <FailureNotice failure={failure} />
      <Form method="post" className="grid gap-4 rounded-l bg-surface p-5 shadow-raised">
        <TextField
          label="Your name"
          name="name"
          autoComplete="name"
          required
          defaultValue={String(failure?.values.name ?? '')}
          errors={failure?.fields.name}
        />
        <TextField
          label="E-mail"
          name="email"
          type="email"
          autoComplete="username"
          required
          defaultValue={String(failure?.values.email ?? '')}
          errors={failure?.fields.email}
        />
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
          Create the admin
        </Button>
      </Form>
    </EntryPage>
  );
}
