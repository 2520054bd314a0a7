import { Link } from '@remix-run/react';
import { ChevronRight } from 'lucide-react';
import { environmentSign } from '#app/components/layout/environment-sign';
import { PageHeader } from '#app/components/layout/page-header';
import { useRootData } from '#app/components/layout/root-data';
import { Badge } from '#app/components/ui/status-mark';
import { RelativeTime } from '#app/components/ui/time';
import type { Place } from '#app/lib/paths';
import { practiceLast } from '#app/lib/places';

/** Which environment something is meant for, the one deployed last first and those for practice at the end. */
export function ChoosePlace({ title, to }: { title: string; to: (place: Place) => string }) {
  const newestFirst = [...(useRootData()?.environments ?? [])].sort((a, b) =>
    (b.live?.since ?? '').localeCompare(a.live?.since ?? ''),
  );
  const environments = practiceLast(newestFirst);
  return (
    <div className="mx-auto max-w-xl">
      <PageHeader title={title}>Which environment?</PageHeader>
      <ul className="divide-y divide-line rounded-l bg-surface shadow-raised">
        {environments.map((state) => {
          const sign = environmentSign(state);
          return (
            <li key={`${state.service}/${state.environment}`}>
              <Link
                to={to(state)}
                className="flex min-h-14 flex-wrap items-center gap-x-3 px-4 py-2 no-underline hover:bg-hover"
              >
                <span className="min-w-0 flex-1">
                  <span className="block font-medium">
                    {state.serviceTitle}{' '}
                    <span className="font-normal text-muted">{state.environmentTitle}</span>{' '}
                    {state.isPractice ? <Badge tone="unknown">For practice</Badge> : null}
                  </span>
                  <span className="block text-muted">
                    {state.live ? (
                      <>
                        <span className="font-mono">{state.live.tag}</span>,{' '}
                        <RelativeTime at={state.live.since} />
                      </>
                    ) : (
                      'nothing live'
                    )}
                  </span>
                </span>
                <Badge tone={sign.tone} icon={sign.icon} moving={sign.moving}>
                  {sign.word}
                </Badge>
                <ChevronRight aria-hidden="true" size={16} className="text-faint" />
              </Link>
            </li>
          );
        })}
      </ul>
    </div>
  );
}
