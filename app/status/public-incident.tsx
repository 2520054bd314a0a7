import { ChevronRight } from 'lucide-react';
import { LinkButton } from '#app/components/ui/button';
import { StatusMark } from '#app/components/ui/status-mark';
import { RelativeTime } from '#app/components/ui/time';
import { paths } from '#app/lib/paths';
import { lookOfState } from '#app/status/looks';
import type { StatusIncidentView } from '#server/status/contract';
import { IMPACT_LABELS } from '#server/status/words/contract';

/** One public incident: what was told, by whom, and when the next word is due. */
export function PublicIncidentItem({
  incident,
  names,
}: {
  incident: StatusIncidentView;
  names: ReadonlyMap<string, string>;
}) {
  const { number, title, state, impacts, nextUpdateAt, resolvedAt, updates } = incident;
  const affected = impacts.map(
    ({ component, impact }) =>
      `${names.get(component) ?? component} (${IMPACT_LABELS[impact].toLowerCase()})`,
  );
  return (
    <li className="grid gap-2 px-4 py-3">
      <div className="flex flex-wrap items-center gap-x-3 gap-y-1">
        <a href={paths.publicIncident(number)} className="link font-semibold break-words">
          {title}
        </a>
        <StatusMark look={lookOfState(state)} />
      </div>
      <p className="text-s text-muted">
        {incident.incident === null ? '' : `INC-${incident.incident} · `}
        {resolvedAt ? 'resolved ' : 'opened '}
        <RelativeTime at={resolvedAt ?? incident.openedAt} focusable />
        {affected.length > 0 ? ` · ${affected.join('; ')}` : ''}
      </p>
      {nextUpdateAt ? (
        <p className="font-medium">
          Next update promised <RelativeTime at={nextUpdateAt} focusable />
        </p>
      ) : null}
      <details className="group min-w-0">
        <summary className="hit inline-flex items-center gap-1.5 text-muted hover:text-ink">
          <ChevronRight aria-hidden="true" size={14} className="transition-transform group-open:rotate-90" />
          What was told: {updates.length}
          <span className="sr-only"> of {title}</span>
        </summary>
        <ol className="grid gap-2 pt-1">
          {updates.map((update) => (
            <li key={update.id}>
              <p className="text-s text-muted">
                {lookOfState(update.state).label} · <RelativeTime at={update.at} focusable /> ·{' '}
                {update.authorName}
              </p>
              <p className="break-words whitespace-pre-line">{update.text}</p>
            </li>
          ))}
        </ol>
      </details>
      {resolvedAt ? null : (
        <LinkButton to={paths.statusUpdates({ number })} className="justify-self-start">
          Post an update
        </LinkButton>
      )}
    </li>
  );
}
