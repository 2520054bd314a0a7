import type { MetaFunction } from '@remix-run/node';
import { Form, useLoaderData, useNavigation } from '@remix-run/react';
import { createColumnHelper } from '@tanstack/react-table';
import { CircleQuestionMark, LogOut, Monitor, MonitorSmartphone, Smartphone } from 'lucide-react';
import { DataTable } from '#app/components/data-table/data-table';
import type { tableModel } from '#app/components/data-table/features';
import { PageHeader } from '#app/components/layout/page-header';
import { pageTitle } from '#app/components/layout/page-title';
import { useSubject } from '#app/components/layout/root-data';
import { Button } from '#app/components/ui/button';
import { EmptyState } from '#app/components/ui/notice';
import { Badge } from '#app/components/ui/status-mark';
import { RelativeTime } from '#app/components/ui/time';
import { protectedAction, protectedLoader } from '#app/http/protected.server';
import { redirectWithToast } from '#app/http/redirect.server';
import { plural } from '#app/lib/format';
import { paths } from '#app/lib/paths';
import { AuditLink } from '#app/settings/audit-link';
import { type Device, describeDevice } from '#app/settings/device';
import { ScopeSwitch } from '#app/settings/scope-switch';
import { endOtherSessions, endSession } from '#server/auth/commands/manage-sessions';
import { can, type SessionView } from '#server/auth/contract';
import { listSessions } from '#server/auth/queries';
import { AppError } from '#server/platform/errors';

export { ErrorBoundary } from '#app/components/error-boundary';

export const meta: MetaFunction = (args) => pageTitle(args, 'Sessions');

export const loader = protectedLoader({ access: 'account.manage' }, async ({ ctx, url }) => {
  const everybody = url.searchParams.get('everybody') === 'true';
  return { everybody, sessions: await listSessions(ctx, { everybody }) };
});

export const action = protectedAction({
  intents: {
    end: {
      access: 'account.manage',
      handle: async ({ ctx, context, form, url }) => {
        const here = `${url.pathname}${url.search}`;
        try {
          await endSession(ctx, { sessionId: form.sessionId });
        } catch (error) {
          // What was wanted is so already: no reason to lose the page.
          if (!(error instanceof AppError && error.kind === 'not_found')) throw error;
          return redirectWithToast(context, here, { kind: 'info', message: 'It had ended already.' });
        }
        return redirectWithToast(context, here, { kind: 'success', message: 'The session is ended.' });
      },
    },
    'end-others': {
      access: 'account.manage',
      handle: async ({ ctx, context }) => {
        const { ended } = await endOtherSessions(ctx, {});
        return redirectWithToast(context, paths.sessions(), {
          kind: ended > 0 ? 'success' : 'info',
          message:
            ended > 0
              ? `${plural(ended, 'other session')} of yours ended.`
              : 'You had no other session. Nothing was changed.',
        });
      },
    },
  },
});

const DEVICE_ICON: Record<Device['kind'], typeof Monitor> = {
  computer: Monitor,
  phone: Smartphone,
  unknown: CircleQuestionMark,
};

const column = createColumnHelper<typeof tableModel, SessionView>();

const columns = column.columns([
  column.accessor('userAgent', {
    id: 'device',
    header: 'Device',
    enableHiding: false,
    meta: { className: 'max-md:w-full' },
    cell: ({ row: { original: session } }) => <DeviceCell session={session} tellsPerson />,
  }),
  column.accessor('userName', {
    id: 'person',
    header: 'Person',
    meta: { wideOnly: true, className: 'whitespace-nowrap' },
    cell: ({ row }) => row.original.userName,
  }),
  column.accessor('ipAddress', {
    id: 'address',
    header: 'From',
    meta: { wideOnly: true, className: 'whitespace-nowrap text-muted' },
    cell: ({ row }) => row.original.ipAddress ?? 'unknown',
  }),
  column.accessor('createdAt', {
    id: 'created',
    header: 'Signed in',
    meta: { wideOnly: true, align: 'end' },
    cell: ({ row }) => <RelativeTime at={row.original.createdAt} className="text-muted" />,
  }),
  column.accessor('lastSeenAt', {
    id: 'seen',
    header: 'Last used',
    meta: { wideOnly: true, align: 'end' },
    cell: ({ row }) => <RelativeTime at={row.original.lastSeenAt} className="text-muted" />,
  }),
  column.accessor('expiresAt', {
    id: 'expires',
    header: 'Ends if unused',
    meta: { wideOnly: true, align: 'end' },
    cell: ({ row }) => <RelativeTime at={row.original.expiresAt} className="text-muted" />,
  }),
  column.display({
    id: 'end',
    header: () => <span className="sr-only">What to do</span>,
    enableHiding: false,
    meta: { align: 'end' },
    cell: ({ row: { original: session } }) => <EndButton session={session} />,
  }),
]);

/** When another's session would end by itself is the least that somebody asks. */
const everybodysColumns = columns.filter(({ id }) => id !== 'expires');

/** Of one's own, whose they are goes without saying. */
const ownColumns = [
  column.accessor('userAgent', {
    id: 'device',
    header: 'Device',
    enableHiding: false,
    meta: { className: 'max-md:w-full' },
    cell: ({ row: { original: session } }) => <DeviceCell session={session} />,
  }),
  ...columns.filter(({ id }) => id !== 'device' && id !== 'person'),
];

function DeviceCell({ session, tellsPerson }: { session: SessionView; tellsPerson?: boolean }) {
  const device = describeDevice(session.userAgent);
  const Icon = DEVICE_ICON[device.kind];
  return (
    <div className="flex items-start gap-2.5">
      <Icon aria-hidden="true" size={16} className="mt-0.5 shrink-0 text-muted" />
      <div className="min-w-0">
        <span className="flex flex-wrap items-center gap-x-2 gap-y-0.5">
          <span className="font-medium break-words" title={session.userAgent ?? undefined}>
            {device.name}
          </span>
          {session.isCurrent ? <Badge tone="info">This session</Badge> : null}
        </span>
        <span className="mt-0.5 grid gap-0.5 text-s text-muted md:hidden">
          <span>
            {tellsPerson ? `${session.userName} · ` : ''}from {session.ipAddress ?? 'an unknown address'}
          </span>
          <span>
            used <RelativeTime at={session.lastSeenAt} />, signed in <RelativeTime at={session.createdAt} />
          </span>
        </span>
      </div>
    </div>
  );
}

function EndButton({ session }: { session: SessionView }) {
  const navigation = useNavigation();
  const isBusy = navigation.formData?.get('sessionId') === session.id;
  if (session.isCurrent) {
    return (
      <Form method="post" action={paths.logout()}>
        <Button type="submit" size="s" look="quiet">
          Sign out
        </Button>
      </Form>
    );
  }
  const { name } = describeDevice(session.userAgent);
  return (
    <Form method="post" preventScrollReset>
      <input type="hidden" name="intent" value="end" />
      <input type="hidden" name="sessionId" value={session.id} />
      <Button
        type="submit"
        size="s"
        aria-busy={isBusy}
        aria-label={`End the session of ${session.userName}: ${name}`}
      >
        End
      </Button>
    </Form>
  );
}

export default function Sessions() {
  const { everybody, sessions } = useLoaderData<typeof loader>();
  const subject = useSubject();
  const others = sessions.filter((session) => !session.isCurrent).length;
  return (
    <>
      <PageHeader
        title="Sessions"
        actions={
          <>
            <AuditLink filter={{ search: 'auth.session' }} />
            {everybody ? null : (
              <Form method="post" preventScrollReset>
                <input type="hidden" name="intent" value="end-others" />
                <Button type="submit" blockedBy={others === 0 ? 'You have no other session.' : null}>
                  <LogOut aria-hidden="true" size={15} />
                  End all others
                </Button>
              </Form>
            )}
          </>
        }
      >
        {everybody
          ? 'Where everybody is signed in. Ending a session signs that browser out at once.'
          : 'Where you are signed in. End what you do not know, then change your password.'}
      </PageHeader>
      <DataTable
        id={everybody ? 'all-sessions' : 'sessions'}
        caption={everybody ? "Everybody's sessions, last used first" : 'Your sessions, last used first'}
        columns={(everybody ? everybodysColumns : ownColumns) as never}
        rows={sessions}
        rowId={(session) => session.id}
        total={sessions.length}
        page={1}
        pageSize={Math.max(1, sessions.length)}
        toolbar={
          can(subject, 'people.manage') ? <ScopeSwitch everybody={everybody} to={paths.sessions} /> : null
        }
        empty={
          <EmptyState icon={MonitorSmartphone} title="No session is open">
            Sessions appear here when somebody signs in.
          </EmptyState>
        }
      />
    </>
  );
}
