import { Link, useLocation } from '@remix-run/react';
import { TriangleAlert } from 'lucide-react';
import { RelativeTime } from '#app/components/ui/time';
import { cn } from '#app/lib/cn';
import { paths } from '#app/lib/paths';
import type { IncidentSummary } from '#server/incidents/contract';

/** More than so many say less than their number. */
const SHOWN = 2;

/** Open incidents of level 1 and 2 on every page but their own; the others are on the overview. */
export function IncidentBanners({ incidents }: { incidents: IncidentSummary[] }) {
  const { pathname } = useLocation();
  const grave = incidents.filter(({ level, number }) => level <= 2 && pathname !== paths.incident(number));
  const hidden = grave.length - SHOWN;
  return grave.slice(0, SHOWN).map(({ number, name, title, level, state, startedAt }, index) => (
    <div
      key={number}
      className={cn(
        'flex items-start gap-x-2.5 px-3 py-1.5 md:px-5',
        level === 1 ? 'bg-critical-soft' : 'bg-warning-soft',
      )}
    >
      <TriangleAlert
        aria-hidden="true"
        size={14}
        className={cn('mt-[3px] shrink-0', level === 1 ? 'text-critical' : 'text-warning')}
      />
      <p className="min-w-0 flex-1 break-words">
        <span className="font-semibold">
          {name}, level {level}: {title}
        </span>
        <span className="text-muted">
          {`, ${state}, since `}
          <RelativeTime at={startedAt} focusable />
        </span>
        {hidden > 0 && index === SHOWN - 1 ? (
          <>
            {' · '}
            <Link to={paths.incidents({ state: 'open' })} className="link">
              {hidden} more
            </Link>
          </>
        ) : null}
      </p>
      <Link to={paths.incident(number)} className="link shrink-0 font-semibold">
        Open<span className="max-sm:sr-only"> {name}</span>
      </Link>
    </div>
  ));
}
