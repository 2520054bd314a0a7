import type { MetaFunction } from '@remix-run/node';
import { Form, Link, useLoaderData, useNavigation } from '@remix-run/react';
import { PageHeader } from '#app/components/layout/page-header';
import { pageTitle } from '#app/components/layout/page-title';
import { useSubject } from '#app/components/layout/root-data';
import { Button, LinkButton } from '#app/components/ui/button';
import { SelectField, TextField } from '#app/components/ui/field';
import { FailureNotice, Notice } from '#app/components/ui/notice';
import type { FormValues } from '#app/http/form.server';
import { type ActionFailure, protectedAction, protectedLoader } from '#app/http/protected.server';
import { formatUtc } from '#app/lib/format';
import { paths } from '#app/lib/paths';
import { useAnswer } from '#app/lib/use-answer';
import { BackLink } from '#app/settings/back-link';
import { isPreset, presetScopes, summariseScopes } from '#app/settings/permission-words';
import { ScopePicker } from '#app/settings/scope-picker';
import { CopyText, ShownOnce } from '#app/settings/shown-once';
import { createToken } from '#server/auth/commands/manage-tokens';
import { type CreatedToken, permissionsOf, TOKEN_DAYS_DEFAULT, TOKEN_DAYS_MAX } from '#server/auth/contract';

export { ErrorBoundary } from '#app/components/error-boundary';

export const meta: MetaFunction = (args) => pageTitle(args, 'Make a token');

/** What the form begins with: the address carries it where a preset was chosen without JavaScript. */
export const loader = protectedLoader({ access: 'account.manage' }, async ({ url }) => ({
  name: url.searchParams.get('name') ?? '',
  days: url.searchParams.get('days') ?? String(TOKEN_DAYS_DEFAULT),
  preset: url.searchParams.get('preset') ?? '',
}));

export const action = protectedAction({
  intents: {
    default: {
      access: 'account.manage',
      handle: async ({ ctx, context, form, url }) => {
        const made = await createToken(ctx, {
          name: form.name,
          days: form.days,
          scopes: listOf(form.scopes),
        });
        // The secret is in this answer and nowhere else: nothing on the way may keep it.
        context.setHeader('Cache-Control', 'no-store');
        return { made, origin: ctx.env.PUBLIC_URL ?? url.origin };
      },
    },
  },
});

function listOf(value: FormValues[string] | undefined): string[] {
  if (value === undefined) return [];
  return Array.isArray(value) ? value : [value];
}

const DURATIONS = [
  { value: '1', label: '1 day' },
  { value: '7', label: '7 days' },
  { value: '30', label: '30 days' },
  { value: String(TOKEN_DAYS_DEFAULT), label: `${TOKEN_DAYS_DEFAULT} days` },
  { value: String(TOKEN_DAYS_MAX), label: 'a year' },
];

export default function NewToken() {
  const answer = useAnswer<typeof action>() as
    | ActionFailure
    | { made: CreatedToken; origin: string }
    | undefined;
  if (answer && 'made' in answer && answer.made.secret) {
    return <MadeToken token={answer.made.token} secret={answer.made.secret} origin={answer.origin} />;
  }
  return <TokenForm failure={answer && 'error' in answer ? answer : undefined} />;
}

function TokenForm({ failure }: { failure: ActionFailure | undefined }) {
  const { name, days, preset } = useLoaderData<typeof loader>();
  const own = permissionsOf(useSubject());
  const isBusy = useNavigation().state === 'submitting';
  const refused = failure?.values;
  return (
    <div className="max-w-2xl">
      <BackLink to={paths.tokens()}>API tokens</BackLink>
      <PageHeader title="Make a token">
        It acts in your name. When your role gets less, so does the token.
      </PageHeader>
      <FailureNotice failure={failure} className="mb-4" />
      <Form method="post" className="grid gap-5 rounded-l bg-surface p-4 shadow-raised sm:p-5">
        <div className="grid items-start gap-4 sm:grid-cols-[minmax(0,1fr)_11rem]">
          <TextField
            label="Name"
            name="name"
            required
            maxLength={100}
            autoComplete="off"
            placeholder="Laptop, CI of the shop"
            defaultValue={textOf(refused?.name) ?? name}
            errors={failure?.fields.name}
            hint="What or where it is for."
          />
          <SelectField
            label="Ends after"
            name="days"
            options={DURATIONS}
            defaultValue={textOf(refused?.days) ?? days}
            errors={failure?.fields.days}
          />
        </div>
        <ScopePicker
          // Another preset by the address is another beginning.
          key={preset}
          own={own}
          initial={refused ? listOf(refused.scopes) : presetScopes(isPreset(preset) ? preset : 'read', own)}
          errors={failure?.fields.scopes}
        />
        <div className="flex flex-wrap items-center gap-3 border-t border-line pt-4">
          <Button type="submit" look="primary" size="big" aria-busy={isBusy}>
            Make the token
          </Button>
          <Link to={paths.tokens()} className="link text-muted">
            Make none
          </Link>
        </div>
      </Form>
    </div>
  );
}

function textOf(value: FormValues[string] | undefined): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

function MadeToken({
  token,
  secret,
  origin,
}: {
  token: CreatedToken['token'];
  secret: string;
  origin: string;
}) {
  return (
    <div className="max-w-2xl">
      <BackLink to={paths.tokens()}>API tokens</BackLink>
      <PageHeader title={token.name}>
        {summariseScopes(token.scopes)}. Ends on {formatUtc(token.expiresAt)}.
      </PageHeader>
      <ShownOnce
        title="The token is made"
        actions={
          <>
            <LinkButton to={paths.tokens()} look="primary">
              I have it
            </LinkButton>
            <LinkButton to={paths.token(token.id)} look="quiet">
              Open the token
            </LinkButton>
          </>
        }
      >
        <Notice tone="warning" title="Copy it now: it is shown this once">
          The console keeps only its fingerprint. Who has it acts as you; treat it like your password.
        </Notice>
        <div className="grid gap-1.5">
          <p className="font-medium">The token</p>
          <CopyText text={secret} what="the token" />
        </div>
        <div className="grid gap-1.5">
          <p className="font-medium">Use it in a shell</p>
          <CopyText
            text={`export OPS_URL=${origin} OPS_TOKEN=${secret}\nnpm run ops -- status`}
            what="the two lines"
          />
        </div>
      </ShownOnce>
    </div>
  );
}
