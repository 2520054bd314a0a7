import type { MetaFunction } from '@remix-run/node';
import { Form, Link, useLoaderData, useNavigation } from '@remix-run/react';
import { AlertChart } from '#app/alerts/alert-chart';
import { History } from '#app/alerts/history';
import { alertLook, severityLook } from '#app/alerts/looks';
import { PageHeader } from '#app/components/layout/page-header';
import { pageTitle } from '#app/components/layout/page-title';
import { useSubject } from '#app/components/layout/root-data';
import { Button } from '#app/components/ui/button';
import { TextField } from '#app/components/ui/field';
import { FailureNotice } from '#app/components/ui/notice';
import { Facts, Section } from '#app/components/ui/section';
import { StatusBadge, StatusMark } from '#app/components/ui/status-mark';
import { RelativeTime } from '#app/components/ui/time';
import { type ActionFailure, protectedAction, protectedLoader } from '#app/http/protected.server';
import { redirectWithToast } from '#app/http/redirect.server';
import { paths } from '#app/lib/paths';
import { useAnswer } from '#app/lib/use-answer';
import { deliveryLook } from '#app/notifications/looks';
import { AuditLink } from '#app/settings/audit-link';
import { BackLink } from '#app/settings/back-link';
import { can, whyNot } from '#server/auth/contract';
import { acknowledgeAlert, resolveAlert } from '#server/monitoring/alerts/commands';
import type { AlertDetail } from '#server/monitoring/alerts/contract';
import { getAlert } from '#server/monitoring/alerts/queries';
import { ACKNOWLEDGE_MINUTES } from '#server/monitoring/alerts/words/contract';
import { RULE_ACTION_LABELS, valueWords } from '#server/monitoring/rules/words/contract';

export { ErrorBoundary } from '#app/components/error-boundary';
export { revalidateAfterRefusal as shouldRevalidate } from '#app/lib/revalidate';

export const meta: MetaFunction<typeof loader> = (args) => pageTitle(args, args.data?.title ?? 'Alert');

export const loader = protectedLoader({ access: 'alerts.read' }, async ({ ctx, params }) =>
  getAlert(ctx, { alertId: params.alertId }),
);

export const action = protectedAction({
  intents: {
    acknowledge: {
      access: 'alerts.acknowledge',
      handle: async ({ ctx, context, params, form }) => {
        const { note, minutes } = form;
        await acknowledgeAlert(ctx, { alertId: params.alertId, note, minutes });
        return redirectWithToast(context, paths.alert(params.alertId ?? ''), {
          kind: 'success',
          message: 'You deal with it.',
        });
      },
    },
    resolve: {
      access: 'alerts.manage',
      handle: async ({ ctx, context, params, form }) => {
        await resolveAlert(ctx, { alertId: params.alertId, reason: form.reason });
        return redirectWithToast(context, paths.alert(params.alertId ?? ''), {
          kind: 'success',
          message: 'It is resolved. What goes on breaching fires again.',
        });
      },
    },
  },
});

export default function Alert() {
  const alert = useLoaderData<typeof loader>();
  const failure = useAnswer<typeof action>() as ActionFailure | undefined;
  const isOpen = alert.state !== 'resolved';
  return (
    <>
      <BackLink to={paths.alerts()}>Alerts</BackLink>
      <PageHeader
        title={`${alert.cause === 'no_data' ? 'Unknown: ' : ''}${alert.title}`}
        actions={<AuditLink filter={{ search: alert.id }} />}
      >
        <span className="flex flex-wrap items-center gap-x-3 gap-y-1" aria-live="polite">
          {alert.state === 'firing' ? (
            <StatusBadge look={alertLook(alert)} />
          ) : (
            <StatusMark look={alertLook(alert)} />
          )}
          <StatusMark look={severityLook(alert.severity)} />
          <span>
            {alert.service} / {alert.environment}
          </span>
          <span>
            fired <RelativeTime at={alert.openedAt} focusable />
          </span>
        </span>
      </PageHeader>
      <FailureNotice failure={failure} className="mb-4" />
      <div className="grid gap-4 lg:grid-cols-[minmax(0,5fr)_minmax(0,3fr)] lg:items-start">
        <div className="grid min-w-0 gap-4 max-lg:order-2">
          <Section title="Why it fired">
            <div className="grid gap-4">
              <p className="text-pretty break-words">{alert.explanation}</p>
              {alert.chart ? (
                <AlertChart
                  chart={alert.chart}
                  rule={alert.rule}
                  breachSince={alert.breachSince}
                  openedAt={alert.openedAt}
                />
              ) : null}
            </div>
          </Section>
          <Section title="What became of it" note="Oldest first." flush>
            <History entries={alert.history} />
          </Section>
        </div>
        {/* On a phone, what can be done comes first and what is seldom asked comes last. */}
        <div className="grid gap-4 max-lg:contents">
          {isOpen ? (
            <div className="max-lg:order-1">
              <Deal alert={alert} failure={failure} />
            </div>
          ) : null}
          <div className="grid gap-4 max-lg:order-3">
            <RuleFacts alert={alert} />
            <Section title="Who was told" flush>
              <Told alert={alert} />
            </Section>
          </div>
        </div>
      </div>
    </>
  );
}

function Deal({ alert, failure }: { alert: AlertDetail; failure: ActionFailure | undefined }) {
  const subject = useSubject();
  const navigation = useNavigation();
  const busyWith = navigation.state === 'submitting' ? navigation.formData?.get('intent') : null;
  const isAcknowledged = alert.state === 'acknowledged';
  /** What was typed into the field of a form that was refused. */
  const field = (intent: string, name: string, first = '') => {
    const refused = failure?.intent === intent ? failure : null;
    const typed = refused?.values[name];
    return { name, defaultValue: typeof typed === 'string' ? typed : first, errors: refused?.fields[name] };
  };
  return (
    <Section
      title={isAcknowledged ? `${alert.acknowledgedByName} deals with it` : 'Nobody deals with it yet'}
    >
      <div className="grid gap-4">
        {isAcknowledged && alert.acknowledgedUntil ? (
          <p className="text-muted">
            Until <RelativeTime at={alert.acknowledgedUntil} focusable />, then it fires again.{' '}
            {alert.acknowledgeNote}
          </p>
        ) : null}
        <Form method="post" className="grid gap-3">
          <input type="hidden" name="intent" value="acknowledge" />
          <div className="grid grid-cols-[minmax(0,1fr)_6rem] gap-3">
            <TextField
              label="Note"
              optional
              maxLength={500}
              autoComplete="off"
              {...field('acknowledge', 'note')}
            />
            <TextField
              label="Minutes"
              type="number"
              min={1}
              max={1440}
              {...field('acknowledge', 'minutes', String(ACKNOWLEDGE_MINUTES))}
            />
          </div>
          <Button
            type="submit"
            look={isAcknowledged ? 'secondary' : 'primary'}
            size="big"
            aria-busy={busyWith === 'acknowledge'}
            blockedBy={can(subject, 'alerts.acknowledge') ? null : whyNot('alerts.acknowledge', subject)}
          >
            {isAcknowledged ? 'Acknowledge anew' : 'Acknowledge'}
          </Button>
        </Form>
        <details open={failure?.intent === 'resolve'}>
          <summary className="hit inline-flex items-center text-muted underline underline-offset-3">
            Resolve it by hand
          </summary>
          <Form method="post" className="mt-2 grid gap-3">
            <input type="hidden" name="intent" value="resolve" />
            <TextField
              label="Why it is over"
              required
              minLength={3}
              maxLength={500}
              autoComplete="off"
              hint="What goes on breaching fires again after its time."
              {...field('resolve', 'reason')}
            />
            <Button
              type="submit"
              aria-busy={busyWith === 'resolve'}
              blockedBy={can(subject, 'alerts.manage') ? null : whyNot('alerts.manage', subject)}
            >
              Resolve
            </Button>
          </Form>
        </details>
      </div>
    </Section>
  );
}

/** The good side of a limit. */
const GOOD_SIDE: Record<string, string> = {
  '>': 'at or below',
  '>=': 'below',
  '<': 'at or above',
  '<=': 'above',
};

function RuleFacts({ alert }: { alert: AlertDetail }) {
  const { rule } = alert;
  const back = rule.resolveThreshold ?? rule.threshold;
  return (
    <Section title="The rule, as it was">
      <Facts
        items={[
          [
            'Rule',
            <Link key="rule" to={paths.rule(rule.key)} className="link">
              {rule.key}
            </Link>,
          ],
          [
            'Fires',
            <span key="fires" className="break-words">
              {rule.words}
            </span>,
          ],
          ['Well again', `${GOOD_SIDE[rule.comparison]} ${valueWords(back, rule.source)}`],
          ['Action', `${RULE_ACTION_LABELS[rule.action]}${rule.dryRun ? ' (dry run)' : ''}`],
          ['Channel', alert.channel],
          ['Version', rule.version],
        ]}
      />
    </Section>
  );
}

function Told({ alert }: { alert: AlertDetail }) {
  if (alert.deliveries.length === 0) {
    return (
      <p className="px-4 py-3 text-muted">
        {alert.notice === 'waiting' ? 'Held for a moment, to be told with others.' : 'Nobody yet.'}
      </p>
    );
  }
  return (
    <ul className="divide-y divide-line">
      {alert.deliveries.map((delivery) => (
        <li key={delivery.notificationId} className="grid gap-0.5 px-4 py-2">
          <Link to={paths.delivery(delivery.notificationId)} className="link min-w-0 break-words">
            {delivery.isResolved ? 'Resolved: ' : ''}
            {delivery.subject}
          </Link>
          <span className="flex flex-wrap gap-x-3 text-s text-muted">
            <StatusMark look={deliveryLook(delivery)} />
            <span>{delivery.channel}</span>
            <span>{delivery.reason}</span>
          </span>
        </li>
      ))}
    </ul>
  );
}
