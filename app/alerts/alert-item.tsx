import { Link } from '@remix-run/react';
import { AcknowledgeButton } from '#app/alerts/acknowledge-form';
import { alertLook, severityLook } from '#app/alerts/looks';
import { StatusBadge, StatusMark } from '#app/components/ui/status-mark';
import { RelativeTime } from '#app/components/ui/time';
import { paths } from '#app/lib/paths';
import type { AlertSummary } from '#server/monitoring/alerts/contract';

/** One alert in a list: what, where, why and since when, and the one thing to do about it. */
export function AlertItem({ alert }: { alert: AlertSummary }) {
  return (
    <li className="grid gap-x-4 gap-y-2 px-4 py-3 md:grid-cols-[8.5rem_minmax(0,1fr)_auto] md:items-start">
      <div className="flex flex-wrap items-center gap-2 md:grid md:justify-items-start md:gap-1">
        {alert.state === 'firing' ? (
          <StatusBadge look={alertLook(alert)} />
        ) : (
          <StatusMark look={alertLook(alert)} className="h-6" />
        )}
        <StatusMark look={severityLook(alert.severity)} className="text-s text-muted" />
      </div>
      <div className="min-w-0">
        <Link to={paths.alert(alert.id)} className="font-medium no-underline hover:underline">
          {alert.cause === 'no_data' ? 'Unknown: ' : ''}
          {alert.title}
        </Link>
        <p className="mt-0.5 text-s text-pretty break-words text-muted">{alert.explanation}</p>
        <p className="mt-1 flex flex-wrap gap-x-3 text-s text-muted">
          <span>
            {alert.service} / {alert.environment}
          </span>
          <span>
            fired <RelativeTime at={alert.openedAt} />
          </span>
          <Standing alert={alert} />
        </p>
      </div>
      {alert.state === 'firing' ? <AcknowledgeButton alertId={alert.id} title={alert.title} /> : null}
    </li>
  );
}

function Standing({ alert }: { alert: AlertSummary }) {
  if (alert.state === 'resolved' && alert.resolvedAt) {
    return (
      <span>
        resolved <RelativeTime at={alert.resolvedAt} /> by {alert.resolvedByName}
      </span>
    );
  }
  if (alert.state === 'acknowledged' && alert.acknowledgedUntil) {
    return (
      <span>
        {alert.acknowledgedByName} deals with it until <RelativeTime at={alert.acknowledgedUntil} />
        {alert.acknowledgeNote ? `: ${alert.acknowledgeNote}` : ''}
      </span>
    );
  }
  return null;
}
