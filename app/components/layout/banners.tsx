import { Link } from '@remix-run/react';
import { Lock, Snowflake, TriangleAlert } from 'lucide-react';
import { IncidentBanners } from '#app/components/layout/incident-banners';
import { useRootData } from '#app/components/layout/root-data';
import { ToggleBanners } from '#app/components/layout/toggle-banners';
import { RelativeTime } from '#app/components/ui/time';
import { paths } from '#app/lib/paths';
import type { EnvironmentState } from '#server/deployments/contract';
import type { ActiveFreeze } from '#server/deployments/freezes/contract';

/** What holds for everybody on every page: locks, freezes and runs that wait for a person, above everything. */
export function Banners() {
  const root = useRootData();
  const environments = root?.environments ?? [];
  return (
    <>
      <IncidentBanners incidents={root?.incidents ?? []} />
      <ToggleBanners toggles={root?.toggles ?? []} />
      {environments.map((state) => {
        const run = state.activeRun?.status === 'needs_attention' ? state.activeRun : null;
        return run ? (
          <p
            key={`run ${run.id}`}
            className="flex flex-wrap items-center gap-x-2 gap-y-1 bg-critical-soft px-3 py-2 md:px-5"
          >
            <TriangleAlert aria-hidden="true" size={15} className="shrink-0 text-critical" />
            <span className="font-semibold">
              Run #{run.number} needs attention: {run.title}
            </span>
            <Link to={paths.run(run.id)} className="link ml-auto font-medium">
              Open the run
            </Link>
          </p>
        ) : null;
      })}
      {environments.map(({ service, environment, lock }) =>
        lock ? (
          <div key={lock.id} className="flex items-start gap-x-2.5 bg-warning-soft px-3 py-1.5 md:px-5">
            <Lock aria-hidden="true" size={14} className="mt-[3px] shrink-0 text-warning" />
            <p className="min-w-0 flex-1 break-words">
              <span className="font-semibold">
                <span className="max-sm:hidden">{service} / </span>
                {environment} is locked for deploys:
              </span>{' '}
              {lock.reason}
              <span className="text-muted">
                {', '}
                {lock.lockedByName}, <RelativeTime at={lock.lockedAt} focusable />
              </span>
              {lock.runId ? (
                <>
                  {' · '}
                  <Link to={paths.run(lock.runId)} className="link">
                    its run
                  </Link>
                </>
              ) : null}
            </p>
            <Link to={paths.lock({ service, environment })} className="link shrink-0 font-semibold">
              Lift<span className="max-sm:sr-only"> the lock</span>
            </Link>
          </div>
        ) : null,
      )}
      {activeFreezes(environments).map(({ freeze, places }) => (
        <div key={freeze.id} className="flex items-start gap-x-2.5 bg-warning-soft px-3 py-1.5 md:px-5">
          <Snowflake aria-hidden="true" size={14} className="mt-[3px] shrink-0 text-warning" />
          <p className="min-w-0 flex-1 break-words">
            <span className="font-semibold">
              {list(places)} {places.length === 1 ? 'is' : 'are'} frozen for deploys:
            </span>{' '}
            {freeze.reason}
            <span className="text-muted">
              {', '}
              {freeze.byName}, ends <RelativeTime at={freeze.until} focusable />
            </span>
          </p>
          <Link to={paths.freezes()} className="link shrink-0 font-semibold">
            Open<span className="max-sm:sr-only"> the freezes</span>
          </Link>
        </div>
      ))}
    </>
  );
}

/** One freeze may hold several environments: it is told once. */
function activeFreezes(environments: EnvironmentState[]): { freeze: ActiveFreeze; places: string[] }[] {
  const byId = new Map<string, { freeze: ActiveFreeze; places: string[] }>();
  for (const { service, environment, freeze } of environments) {
    if (!freeze) continue;
    const known = byId.get(freeze.id) ?? { freeze, places: [] };
    known.places.push(`${service} / ${environment}`);
    byId.set(freeze.id, known);
  }
  return [...byId.values()];
}

function list(names: string[]): string {
  return names.length < 2 ? names.join('') : `${names.slice(0, -1).join(', ')} and ${names.at(-1)}`;
}
