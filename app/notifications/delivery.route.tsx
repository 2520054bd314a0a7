import type { MetaFunction } from '@remix-run/node';
import { Form, Link, useLoaderData, useNavigation } from '@remix-run/react';
import { RotateCcw } from 'lucide-react';
import { useEffect } from 'react';
import { PageHeader } from '#app/components/layout/page-header';
import { pageTitle } from '#app/components/layout/page-title';
import { useSubject } from '#app/components/layout/root-data';
import { Button } from '#app/components/ui/button';
import { FailureNotice, Notice } from '#app/components/ui/notice';
import { Facts, Section } from '#app/components/ui/section';
import { StatusMark } from '#app/components/ui/status-mark';
import { RelativeTime } from '#app/components/ui/time';
import { type ActionFailure, protectedAction, protectedLoader } from '#app/http/protected.server';
import { redirectWithToast } from '#app/http/redirect.server';
import { paths } from '#app/lib/paths';
import { useAnswer } from '#app/lib/use-answer';
import { useSafeRevalidate } from '#app/lib/use-safe-revalidate';
import { attemptLook, deliveryLook } from '#app/notifications/looks';
import { AuditLink } from '#app/settings/audit-link';
import { BackLink } from '#app/settings/back-link';
import { can, whyNot } from '#server/auth/contract';
import { retryDelivery } from '#server/notifications/commands';
import { type DeliveryDetail, isOpen, mayRetry } from '#server/notifications/contract';
import { getDelivery } from '#server/notifications/queries';

export { ErrorBoundary } from '#app/components/error-boundary';
export { revalidateAfterRefusal as shouldRevalidate } from '#app/lib/revalidate';

export const meta: MetaFunction<typeof loader> = (args) => pageTitle(args, args.data?.subject ?? 'Delivery');

export const loader = protectedLoader({ access: 'deliveries.read' }, async ({ ctx, params }) =>
  getDelivery(ctx, { notificationId: params.notificationId }),
);

export const action = protectedAction({
  intents: {
    retry: {
      access: 'deliveries.retry',
      handle: async ({ ctx, context, params }) => {
        await retryDelivery(ctx, { notificationId: params.notificationId });
        return redirectWithToast(context, paths.delivery(params.notificationId ?? ''), {
          kind: 'success',
          message: 'It is sent again.',
        });
      },
    },
  },
});

/** How often the page looks while the delivery may still change. */
const LOOK_MS = 1_500;

export default function Delivery() {
  const delivery = useLoaderData<typeof loader>();
  const failure = useAnswer<typeof action>() as ActionFailure | undefined;
  const revalidate = useSafeRevalidate();
  const open = isOpen(delivery.state);
  useEffect(() => {
    if (!open) return;
    const timer = setInterval(revalidate, LOOK_MS);
    return () => clearInterval(timer);
  }, [open, revalidate]);
  return (
    <>
      <BackLink to={paths.deliveries()}>Deliveries</BackLink>
      <PageHeader
        title={`${delivery.isResolved ? 'Resolved: ' : ''}${delivery.subject}`}
        actions={
          <>
            <AuditLink filter={{ search: delivery.notificationId }} />
            {mayRetry(delivery.state) ? <RetryButton /> : null}
          </>
        }
      >
        <span className="flex flex-wrap items-center gap-x-3" aria-live="polite">
          <StatusMark look={deliveryLook(delivery)} />
          <span>{delivery.channel}</span>
          <RelativeTime at={delivery.createdAt} focusable />
        </span>
      </PageHeader>
      <FailureNotice failure={failure} className="mb-4" />
      <div className="grid gap-4">
        <Why delivery={delivery} />
        <div className="grid gap-4 lg:grid-cols-[minmax(0,3fr)_minmax(0,2fr)] lg:items-start">
          <Section title="What it says">
            <Message delivery={delivery} />
          </Section>
          <Section title="Delivery">
            <Facts
              items={[
                ['Channel', delivery.channel],
                ['Kind', <code key="kind">{delivery.kind}</code>],
                [
                  'Order',
                  <span key="order">
                    number {delivery.sequence} of <code className="break-all">{delivery.groupKey}</code>
                  </span>,
                ],
                [
                  'Key',
                  <code key="key" className="break-all">
                    {delivery.idempotencyKey}
                  </code>,
                ],
                ['Attempts', delivery.attempts],
                ['Last answer', delivery.lastStatus ?? 'none'],
                ...(delivery.nextAttemptAt && delivery.reason
                  ? ([
                      ['Next attempt', <RelativeTime key="next" at={delivery.nextAttemptAt} focusable />],
                    ] as [string, React.ReactNode][])
                  : []),
              ]}
            />
          </Section>
        </div>
        <Section title="Attempts" note="A repeat carries the same key." flush>
          <Attempts delivery={delivery} />
        </Section>
      </div>
    </>
  );
}

function RetryButton() {
  const isBusy = useNavigation().state === 'submitting';
  const subject = useSubject();
  return (
    <Form method="post">
      <input type="hidden" name="intent" value="retry" />
      <Button
        type="submit"
        look="primary"
        aria-busy={isBusy}
        blockedBy={can(subject, 'deliveries.retry') ? null : whyNot('deliveries.retry', subject)}
      >
        <RotateCcw aria-hidden="true" size={15} />
        Send again
      </Button>
    </Form>
  );
}

function Why({ delivery }: { delivery: DeliveryDetail }) {
  const unmapped = delivery.unmapped.map((handle) => `@${handle}`).join(', ');
  return (
    <>
      {delivery.reason ? (
        <Notice tone={delivery.state === 'failed' ? 'critical' : 'warning'} title={delivery.reason}>
          {delivery.state === 'pending' ? 'It is sent by itself; nothing is lost.' : null}
        </Notice>
      ) : null}
      {unmapped ? (
        <Notice tone="warning" title={`${unmapped} rang nobody`}>
          Slack shows the handle as plain text.{' '}
          <Link to={paths.channels()} className="link">
            Say whom it rings
          </Link>
          .
        </Notice>
      ) : null}
    </>
  );
}

function Message({ delivery }: { delivery: DeliveryDetail }) {
  return (
    <div className="grid gap-3">
      {delivery.mentions.length > 0 ? (
        <p className="flex flex-wrap gap-x-3 text-muted">
          {delivery.mentions.map(({ handle, slackId }) => (
            <span key={handle}>
              @{handle} <code className="text-s">{slackId ?? 'rings nobody'}</code>
            </span>
          ))}
        </p>
      ) : null}
      {delivery.text ? <p className="break-words whitespace-pre-wrap">{delivery.text}</p> : null}
      {delivery.fields.length > 0 ? (
        <Facts items={delivery.fields.map(({ name, value }) => [name, value])} />
      ) : null}
      {delivery.link ? (
        <p>
          <Link to={delivery.link} className="link">
            What it is about
          </Link>
        </p>
      ) : null}
    </div>
  );
}

function Attempts({ delivery }: { delivery: DeliveryDetail }) {
  if (delivery.history.length === 0) {
    return <p className="p-4 text-muted">None yet.</p>;
  }
  return (
    <ol>
      {delivery.history.map((attempt) => (
        <li
          key={attempt.attempt}
          className="grid grid-cols-[2rem_minmax(0,1fr)] items-baseline gap-x-3 gap-y-0.5 border-t border-line px-4 py-2 first:border-0 md:grid-cols-[2rem_10rem_4rem_minmax(0,1fr)_max-content]"
        >
          <span className="text-faint">{attempt.attempt}</span>
          <StatusMark look={attemptLook(attempt.outcome)} className="whitespace-nowrap" />
          <span className="text-muted max-md:col-start-2">{attempt.status ?? '–'}</span>
          <span className="text-pretty text-muted max-md:col-start-2">{attempt.reason}</span>
          <RelativeTime at={attempt.recordedAt} className="text-s text-muted max-md:col-start-2" />
        </li>
      ))}
    </ol>
  );
}
