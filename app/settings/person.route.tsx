import type { MetaFunction } from '@remix-run/node';
import { Form, useLoaderData } from '@remix-run/react';
import { PageHeader } from '#app/components/layout/page-header';
import { pageTitle } from '#app/components/layout/page-title';
import { useRootData } from '#app/components/layout/root-data';
import { Button, LinkButton } from '#app/components/ui/button';
import { TextField } from '#app/components/ui/field';
import { FailureNotice, Notice } from '#app/components/ui/notice';
import { Facts, Section } from '#app/components/ui/section';
import { StatusMark } from '#app/components/ui/status-mark';
import { RelativeTime } from '#app/components/ui/time';
import { type ActionFailure, protectedAction, protectedLoader } from '#app/http/protected.server';
import { redirectWithToast } from '#app/http/redirect.server';
import { plural } from '#app/lib/format';
import { paths } from '#app/lib/paths';
import { useAnswer } from '#app/lib/use-answer';
import { AuditLink } from '#app/settings/audit-link';
import { BackLink } from '#app/settings/back-link';
import { InvitationLink, type MadeLink } from '#app/settings/invitation-link';
import { personLook } from '#app/settings/looks';
import { PersonTokens } from '#app/settings/person-tokens';
import { RoleChoice } from '#app/settings/role-choice';
import { SlackHandle } from '#app/settings/slack-handle';
import { changeRole, disablePerson, enablePerson, renewLink } from '#server/auth/commands/manage-people';
import { endSessionsOf } from '#server/auth/commands/manage-sessions';
import { setSlackHandle } from '#server/auth/commands/set-slack-handle';
import { can, type PersonView, ROLE_LABELS } from '#server/auth/contract';
import { listPeople, listTokens } from '#server/auth/queries';
import { listMentions } from '#server/notifications/queries';
import { AppError } from '#server/platform/errors';

export { ErrorBoundary } from '#app/components/error-boundary';
export { revalidateAfterRefusal as shouldRevalidate } from '#app/lib/revalidate';

export const meta: MetaFunction<typeof loader> = (args) =>
  pageTitle(args, args.data?.person.name ?? 'Person');

export const loader = protectedLoader({ access: 'people.manage' }, async ({ ctx, params }) => {
  const [people, mentions, tokens] = await Promise.all([
    listPeople(ctx, {}),
    can(ctx.actor, 'deliveries.read') ? listMentions(ctx, {}) : [],
    can(ctx.actor, 'tokens.manage') ? listTokens(ctx, { everybody: true }) : [],
  ]);
  const person = people.find((candidate) => candidate.id === params.userId);
  if (!person) {
    throw new AppError('not_found', 'There is no such person.', {
      hint: 'Open them from the list of people.',
    });
  }
  return {
    person,
    slackId: mentions.find(({ handle }) => handle === person.slackHandle)?.slackId ?? null,
    tokens: tokens.filter((token) => token.ownerId === person.id),
  };
});

const access = 'people.manage';

export const action = protectedAction({
  intents: {
    role: {
      access,
      handle: async ({ ctx, context, params, form }) => {
        const person = await changeRole(ctx, { userId: params.userId, role: form.role });
        return redirectWithToast(context, paths.person(person.id), {
          kind: 'success',
          message: `${person.name} is ${ROLE_LABELS[person.role]} now. Their sessions ended.`,
        });
      },
    },
    'slack-handle': {
      access,
      handle: async ({ ctx, context, params, form }) => {
        const person = await setSlackHandle(ctx, { userId: params.userId, slackHandle: form.slackHandle });
        return redirectWithToast(context, paths.person(person.id), {
          kind: 'success',
          message: person.slackHandle
            ? `Slack’s messages call ${person.name} @${person.slackHandle}.`
            : `${person.name} has no Slack handle.`,
        });
      },
    },
    'end-sessions': {
      access,
      handle: async ({ ctx, context, params }) => {
        const { ended } = await endSessionsOf(ctx, { userId: params.userId });
        return redirectWithToast(context, paths.person(params.userId ?? ''), {
          kind: ended > 0 ? 'success' : 'info',
          message:
            ended > 0 ? `${plural(ended, 'session')} ended.` : 'No session was open. Nothing was changed.',
        });
      },
    },
    link: {
      access,
      handle: async ({ ctx, context, params, url }) => {
        const { person, link } = await renewLink(ctx, { userId: params.userId });
        if (!link) {
          throw new AppError('conflict', 'The link was made by an earlier request. Nothing was changed.', {
            hint: 'Make a new one if it was not kept.',
          });
        }
        // The link is in this answer and nowhere else: nothing on the way may keep it.
        context.setHeader('Cache-Control', 'no-store');
        return { person, link, origin: ctx.env.PUBLIC_URL ?? url.origin };
      },
    },
    disable: {
      access,
      handle: async ({ ctx, context, params, form }) => {
        const person = await disablePerson(ctx, { userId: params.userId, reason: form.reason });
        return redirectWithToast(context, paths.person(person.id), {
          kind: 'success',
          message: `${person.name} is disabled. Their sessions ended, and their tokens open nothing.`,
        });
      },
    },
    enable: {
      access,
      handle: async ({ ctx, context, params }) => {
        const person = await enablePerson(ctx, { userId: params.userId });
        return redirectWithToast(context, paths.person(person.id), {
          kind: 'success',
          message: `${person.name} may sign in again.`,
        });
      },
    },
  },
});

export default function Person() {
  const { person, slackId, tokens } = useLoaderData<typeof loader>();
  const answer = useAnswer<typeof action>() as ActionFailure | MadeLink | undefined;
  const viewer = useRootData()?.viewer;
  const isMe = viewer?.id === person.id;
  const failure = answer && 'error' in answer ? answer : undefined;
  return (
    <>
      <BackLink to={paths.people()}>People</BackLink>
      <PageHeader
        title={person.name}
        actions={
          <>
            <AuditLink filter={{ actor: person.id }}>What they did</AuditLink>
            <AuditLink filter={{ search: person.email }}>What was done to them</AuditLink>
          </>
        }
      >
        <span className="flex flex-wrap items-center gap-x-3">
          <StatusMark look={personLook(person.status)} />
          <span>{ROLE_LABELS[person.role]}</span>
          {person.isDemo ? <span>Demo person</span> : null}
        </span>
      </PageHeader>
      <FailureNotice failure={failure} className="mb-4" />
      <div className="grid gap-4">
        {answer && 'link' in answer ? (
          <InvitationLink
            made={answer}
            actions={
              <LinkButton to={paths.person(person.id)} look="primary">
                I have it
              </LinkButton>
            }
          />
        ) : null}
        <Section title="Person">
          <Facts
            items={[
              ['E-mail', person.email],
              ['Added', <RelativeTime key="added" at={person.createdAt} focusable />],
              [
                'Last seen',
                person.lastSeenAt ? (
                  <RelativeTime key="seen" at={person.lastSeenAt} focusable />
                ) : (
                  <span key="seen">never</span>
                ),
              ],
              ['Open sessions', person.openSessions],
              ['Active tokens', person.activeTokens],
            ]}
          />
        </Section>
        {isMe ? (
          <Notice
            tone="info"
            title="This is you"
            actions={<LinkButton to={paths.account()}>Open your account</LinkButton>}
          >
            Another admin changes your role or disables you. Your password, sessions and tokens are your own
            pages.
          </Notice>
        ) : (
          <>
            <SignIn person={person} />
            <Role person={person} failure={failure} />
          </>
        )}
        <SlackHandle
          key={`handle ${person.slackHandle}`}
          handle={person.slackHandle}
          slackId={slackId}
          failure={failure}
        />
        <PersonTokens tokens={tokens} />
        {isMe ? null : <MayUse person={person} failure={failure} />}
      </div>
    </>
  );
}

function SignIn({ person }: { person: PersonView }) {
  const noLink = person.isDemo
    ? 'Demo people keep the password that everybody knows.'
    : person.status === 'disabled'
      ? 'A disabled person gets no link. Enable them first.'
      : null;
  return (
    <Section title="Sign-in">
      <div className="grid gap-4">
        <Form method="post" className="flex flex-wrap items-center gap-x-4 gap-y-2">
          <input type="hidden" name="intent" value="link" />
          <p className="min-w-56 flex-1 text-muted">
            {noLink ??
              (person.status === 'invited'
                ? 'The invitation was lost, or it ended: a new link closes the one before.'
                : 'They lost their password: a link lets them choose a new one. The old one stays until then.')}
          </p>
          <Button type="submit" blockedBy={noLink}>
            Make a new link
          </Button>
        </Form>
        <Form
          method="post"
          preventScrollReset
          className="flex flex-wrap items-center gap-x-4 gap-y-2 border-t border-line pt-4"
        >
          <input type="hidden" name="intent" value="end-sessions" />
          <p className="min-w-56 flex-1 text-muted">
            {person.openSessions === 0
              ? 'They are signed in nowhere.'
              : `They are signed in on ${plural(person.openSessions, 'browser')}. Ending that keeps their password and tokens.`}
          </p>
          <Button type="submit" blockedBy={person.openSessions === 0 ? 'No session is open.' : null}>
            End their sessions
          </Button>
        </Form>
      </div>
    </Section>
  );
}

function Role({ person, failure }: { person: PersonView; failure: ActionFailure | undefined }) {
  const mine = failure?.intent === 'role' ? failure : undefined;
  const chosen = typeof mine?.values.role === 'string' ? mine.values.role : person.role;
  return (
    <Section title="Role" note="A change counts at once: their sessions end, their tokens narrow.">
      <Form method="post" className="grid max-w-xl gap-4">
        <input type="hidden" name="intent" value="role" />
        <RoleChoice
          key={person.role}
          chosen={chosen}
          current={person.role}
          errors={mine?.fields.role}
          isTitled
        />
        <div>
          <Button type="submit">Change the role</Button>
        </div>
      </Form>
    </Section>
  );
}

function MayUse({ person, failure }: { person: PersonView; failure: ActionFailure | undefined }) {
  const mine = failure?.intent === 'disable' ? failure : undefined;
  if (person.status === 'disabled') {
    return (
      <Section title="Enable">
        <Form method="post" className="flex flex-wrap items-center gap-x-4 gap-y-2">
          <input type="hidden" name="intent" value="enable" />
          <p className="min-w-56 flex-1 text-muted">
            They may sign in again with their password, and their tokens that have not ended open again.
          </p>
          <Button type="submit">Enable {person.name}</Button>
        </Form>
      </Section>
    );
  }
  return (
    <Section title="Disable">
      <Form method="post" className="grid max-w-xl gap-3">
        <input type="hidden" name="intent" value="disable" />
        <p className="text-muted">
          Keeps them out from that moment on: sessions end, links close, tokens open nothing. What they did
          stays in the records.
        </p>
        <TextField
          label="Why"
          name="reason"
          required
          maxLength={500}
          autoComplete="off"
          defaultValue={typeof mine?.values.reason === 'string' ? mine.values.reason : ''}
          errors={mine?.fields.reason}
          hint="Kept in the audit log."
        />
        <div>
          <Button type="submit" look="danger">
            Disable {person.name}
          </Button>
        </div>
      </Form>
    </Section>
  );
}
