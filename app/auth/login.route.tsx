import { type MetaFunction, redirect } from '@remix-run/node';
import { Form, useLoaderData, useNavigation } from '@remix-run/react';
import { DemoPeople } from '#app/auth/demo-people';
import { EntryPage } from '#app/auth/entry-page';
import { enter } from '#app/auth/sign-in.server';
import { Button } from '#app/components/ui/button';
import { TextField } from '#app/components/ui/field';
import { FailureNotice, Notice } from '#app/components/ui/notice';
import { protectedAction, protectedLoader } from '#app/http/protected.server';
import { safeRedirect } from '#app/http/redirect.server';
import { useAnswer } from '#app/lib/use-answer';
import { login } from '#server/auth/commands/sign-in';
import { listDemoPeople, needsSetup } from '#server/auth/queries';

export const meta: MetaFunction = () => [{ title: 'Sign in · HerbisVeritas Ops' }];

export const loader = protectedLoader({ access: 'anyone' }, async ({ ctx, context, url }) => {
  const redirectTo = safeRedirect(url.searchParams.get('redirectTo'));
  if (context.session) throw redirect(redirectTo, 303);
  const [people, isEmpty] = await Promise.all([listDemoPeople(ctx, {}), needsSetup(ctx, {})]);
  return { redirectTo, people, isEmpty: isEmpty && people.length === 0 };
});

export const action = protectedAction({
  intents: {
    default: {
      access: 'anyone',
      handle: async ({ ctx, context, form }) => {
        const signedIn = await login(ctx, form);
        return enter(
          context,
          signedIn,
          safeRedirect(typeof form.redirectTo === 'string' ? form.redirectTo : null),
        );
      },
    },
  },
});

export default function Login() {
  const { redirectTo, people, isEmpty } = useLoaderData<typeof loader>();
  const failure = useAnswer<typeof action>();
  const isBusy = useNavigation().state !== 'idle';
  return (
    <EntryPage title="Sign in">
      {isEmpty ? (
        <Notice tone="info" title="Nobody can sign in yet">
          Open the setup link that the console printed in its terminal.
        </Notice>
      ) : null}
      <FailureNotice failure={failure} />
      <Form method="post" className="grid gap-4 rounded-l bg-surface p-5 shadow-raised">
        <input type="hidden" name="redirectTo" value={redirectTo} />
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
          autoComplete="current-password"
          required
          errors={failure?.fields.password}
        />
        <Button type="submit" look="primary" size="big" aria-busy={isBusy}>
          Sign in
        </Button>
      </Form>
      {people.length > 0 ? <DemoPeople people={people} redirectTo={redirectTo} /> : null}
    </EntryPage>
  );
}
