import type { MetaFunction } from '@remix-run/node';
import { Form, Link, useLoaderData, useNavigation } from '@remix-run/react';
import { Lock, LockOpen } from 'lucide-react';
import { PageHeader } from '#app/components/layout/page-header';
import { pageTitle } from '#app/components/layout/page-title';
import { useSubject } from '#app/components/layout/root-data';
import { Button } from '#app/components/ui/button';
import { TextField } from '#app/components/ui/field';
import { FailureNotice } from '#app/components/ui/notice';
import { Facts } from '#app/components/ui/section';
import { RelativeTime } from '#app/components/ui/time';
import { type ActionFailure, protectedAction, protectedLoader } from '#app/http/protected.server';
import { redirectWithToast } from '#app/http/redirect.server';
import { paths } from '#app/lib/paths';
import { useAnswer } from '#app/lib/use-answer';
import { can, whyNot } from '#server/auth/contract';
import { liftLock, lockEnvironment } from '#server/deployments/commands/manage-environments';
import { getEnvironmentState } from '#server/deployments/queries/environments';

export { ErrorBoundary } from '#app/components/error-boundary';
export { revalidateAfterRefusal as shouldRevalidate } from '#app/lib/revalidate';

export const meta: MetaFunction<typeof loader> = (args) =>
  pageTitle(args, `${args.data?.lock ? 'Lift the lock of' : 'Lock'} ${args.params.environment}`);

export const loader = protectedLoader({ access: 'overview.read' }, async ({ ctx, params }) => {
  const place = { service: params.service ?? '', environment: params.environment ?? '' };
  const { lock } = await getEnvironmentState(ctx, place);
  return { place, lock };
});

export const action = protectedAction({
  intents: {
    lock: {
      access: 'environments.lock',
      handle: async ({ ctx, context, params, form }) => {
        await lockEnvironment(ctx, { ...params, reason: form.reason });
        return redirectWithToast(context, paths.overview(), {
          kind: 'success',
          message: `${params.service} / ${params.environment} is locked for deploys.`,
        });
      },
    },
    lift: {
      access: 'environments.unlock',
      handle: async ({ ctx, context, params, form }) => {
        await liftLock(ctx, { ...params, lockId: form.lockId, reason: form.reason });
        return redirectWithToast(context, paths.overview(), {
          kind: 'success',
          message: `The lock of ${params.service} / ${params.environment} is lifted.`,
        });
      },
    },
  },
});

export default function LockPage() {
  const { place, lock } = useLoaderData<typeof loader>();
  const failure = useAnswer<typeof action>() as ActionFailure | undefined;
  const subject = useSubject();
  const isBusy = useNavigation().state === 'submitting';
  const permission = lock ? 'environments.unlock' : 'environments.lock';
  const Icon = lock ? LockOpen : Lock;
  return (
    <div className="mx-auto max-w-xl">
      <PageHeader title={`${lock ? 'Lift the lock of' : 'Lock'} ${place.environment}`}>
        A lock refuses deploys with its reason. It never refuses a rollback.
      </PageHeader>
      <FailureNotice failure={failure} className="mb-4" />
      <div className="grid gap-4 rounded-l bg-surface p-4 shadow-raised">
        {lock ? (
          <Facts
            items={[
              ['Reason', lock.reason],
              ['Locked by', lock.lockedByName],
              ['Since', <RelativeTime key="since" at={lock.lockedAt} focusable />],
              ...(lock.runId
                ? ([
                    [
                      'Because of',
                      <Link key="run" to={paths.run(lock.runId)} className="link">
                        its run
                      </Link>,
                    ],
                  ] as [string, React.ReactNode][])
                : []),
            ]}
          />
        ) : null}
        <Form method="post" className="grid gap-4">
          <input type="hidden" name="intent" value={lock ? 'lift' : 'lock'} />
          {lock ? <input type="hidden" name="lockId" value={lock.id} /> : null}
          <TextField
            label={lock ? 'Why it may be deployed to again' : 'Why nothing may be deployed'}
            name="reason"
            required
            minLength={3}
            maxLength={500}
            autoComplete="off"
            defaultValue={typeof failure?.values.reason === 'string' ? failure.values.reason : ''}
            errors={failure?.fields.reason}
            hint={lock ? 'Kept in the audit log.' : 'Everybody sees it on every page.'}
          />
          <div className="flex flex-wrap items-center gap-3">
            <Button
              type="submit"
              look="primary"
              size="big"
              aria-busy={isBusy}
              blockedBy={can(subject, permission) ? null : whyNot(permission)}
            >
              <Icon aria-hidden="true" size={16} />
              {lock ? 'Lift the lock' : `Lock ${place.environment}`}
            </Button>
            <Link to={paths.overview()} className="link text-muted">
              Leave it as it is
            </Link>
          </div>
          {can(subject, permission) ? null : <p className="text-s text-muted">{whyNot(permission)}</p>}
        </Form>
      </div>
    </div>
  );
}
