import type { MetaFunction } from '@remix-run/node';
import { Form, Link, useNavigation } from '@remix-run/react';
import { PageHeader } from '#app/components/layout/page-header';
import { pageTitle } from '#app/components/layout/page-title';
import { Button, LinkButton } from '#app/components/ui/button';
import { TextField } from '#app/components/ui/field';
import { FailureNotice } from '#app/components/ui/notice';
import { type ActionFailure, protectedAction, protectedLoader } from '#app/http/protected.server';
import { redirectWithToast } from '#app/http/redirect.server';
import { paths } from '#app/lib/paths';
import { useAnswer } from '#app/lib/use-answer';
import { BackLink } from '#app/settings/back-link';
import { InvitationLink, type MadeLink } from '#app/settings/invitation-link';
import { RoleChoice } from '#app/settings/role-choice';
import { createPerson } from '#server/auth/commands/manage-people';

export { ErrorBoundary } from '#app/components/error-boundary';

export const meta: MetaFunction = (args) => pageTitle(args, 'Invite a person');

export const loader = protectedLoader({ access: 'people.manage' }, async () => null);

export const action = protectedAction({
  intents: {
    default: {
      access: 'people.manage',
      handle: async ({ ctx, context, form, url }) => {
        const { person, link } = await createPerson(ctx, form);
        if (!link) {
          return redirectWithToast(context, paths.person(person.id), {
            kind: 'info',
            message: `${person.name} was invited before. Make a new link if it was not kept.`,
          });
        }
        // The link is in this answer and nowhere else: nothing on the way may keep it.
        context.setHeader('Cache-Control', 'no-store');
        return { person, link, origin: ctx.env.PUBLIC_URL ?? url.origin };
      },
    },
  },
});

export default function NewPerson() {
  const answer = useAnswer<typeof action>() as ActionFailure | MadeLink | undefined;
  return (
    <div className="max-w-xl">
      <BackLink to={paths.people()}>People</BackLink>
      <PageHeader title="Invite a person">
        They get a link by which they choose their own password.
      </PageHeader>
      {answer && 'link' in answer ? (
        <InvitationLink
          made={answer}
          actions={
            <>
              <LinkButton to={paths.people()} look="primary">
                I have it
              </LinkButton>
              <LinkButton to={paths.newPerson()} look="quiet" reloadDocument>
                Invite another
              </LinkButton>
            </>
          }
        />
      ) : (
        <InvitationForm failure={answer} />
      )}
    </div>
  );
}

function InvitationForm({ failure }: { failure: ActionFailure | undefined }) {
  const isBusy = useNavigation().state === 'submitting';
  const { name, email, role } = failure?.values ?? {};
  return (
    <>
      <FailureNotice failure={failure} className="mb-4" />
      <Form method="post" className="grid gap-4 rounded-l bg-surface p-4 shadow-raised sm:p-5">
        <TextField
          label="Name"
          name="name"
          required
          maxLength={100}
          autoComplete="off"
          defaultValue={typeof name === 'string' ? name : ''}
          errors={failure?.fields.name}
        />
        <TextField
          label="E-mail"
          name="email"
          type="email"
          required
          autoComplete="off"
          defaultValue={typeof email === 'string' ? email : ''}
          errors={failure?.fields.email}
          hint="They sign in with it."
        />
        <RoleChoice chosen={typeof role === 'string' ? role : 'viewer'} errors={failure?.fields.role} />
        <div className="flex flex-wrap items-center gap-3">
          <Button type="submit" look="primary" size="big" aria-busy={isBusy}>
            Invite
          </Button>
          <Link to={paths.people()} className="link text-muted">
            Invite nobody
          </Link>
        </div>
      </Form>
    </>
  );
}
