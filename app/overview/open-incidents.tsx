import { Link } from '@remix-run/react';
import { StatusMark } from '#app/components/ui/status-mark';
import { RelativeTime } from '#app/components/ui/time';
import { levelLook, stateLook } from '#app/incidents/looks';
import { paths } from '#app/lib/paths';
import type { IncidentSummary } from '#server/incidents/contract';

/** What is open, one a line, the gravest first. */
export function OpenIncidents({ incidents }: { incidents: IncidentSummary[] }) {
  return (
    <ul className="divide-y divide-line">
      {incidents.map(({ number, name, title, level, state, commanderName, startedAt }) => (
        <li key={number}>
          <Link
            to={paths.incident(number)}
            prefetch="intent"
            className="hit flex min-h-9 items-center gap-2.5 px-4 py-1.5 no-underline hover:bg-hover"
          >
            <StatusMark look={levelLook(level)} iconOnly />
            <span className="min-w-0 flex-1 truncate">
              <span className="text-muted">{name}</span> {title}
            </span>
            <StatusMark look={stateLook(state)} className="max-sm:hidden" />
            <span className="w-28 truncate text-right text-s text-muted max-sm:hidden">
              {commanderName ?? 'nobody commands'}
            </span>
            <span className="w-20 text-right text-s text-muted">
              <RelativeTime at={startedAt} />
            </span>
          </Link>
        </li>
      ))}
    </ul>
  );
}
