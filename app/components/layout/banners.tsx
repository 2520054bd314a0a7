import { Link } from '@remix-run/react';
import { Lock, TriangleAlert } from 'lucide-react';
import { useRootData } from '#app/components/layout/root-data';
import { RelativeTime } from '#app/components/ui/time';
import { paths } from '#app/lib/paths';

/** What holds for everybody on every page: locks and runs that wait for a person, above everything. */
export function Banners() {
  const environments = useRootData()?.environments ?? [];
  return (
    <>
      {environments.map((state) => {
        const run = state.activeRun?.status === 'needs_attention' ? state.activeRun : null;
        return run ? (
          <p
            key={`run ${run.id}`}
            className="flex flex-wrap items-center gap-x-2 gap-y-1 bg-critical-soft px-3 py-2 md:px-5"
          >
            <TriangleAlert aria-hidden="true" size={15} className="shrink-0 text-critical" />
            <span className="font-medium">
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
          <div
            key={lock.id}
            className="flex flex-wrap items-center gap-x-2 gap-y-0.5 bg-warning-soft px-3 py-2 md:px-5"
          >
            <Lock aria-hidden="true" size={14} className="shrink-0 text-warning" />
            <p className="min-w-0 flex-1 basis-64">
              <span className="font-medium">
                {service} / {environment} is locked for deploys
              </span>{' '}
              <span className="break-words">{lock.reason}</span>{' '}
              <span className="whitespace-nowrap text-muted">
                {lock.lockedByName}, <RelativeTime at={lock.lockedAt} focusable />
              </span>
            </p>
            <span className="flex gap-3">
              {lock.runId ? (
                <Link to={paths.run(lock.runId)} className="link">
                  Its run
                </Link>
              ) : null}
              <Link to={paths.lock({ service, environment })} className="link font-medium">
                Lift the lock
              </Link>
            </span>
          </div>
        ) : null,
      )}
    </>
  );
}
