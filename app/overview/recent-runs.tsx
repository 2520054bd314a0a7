import { Link } from '@remix-run/react';
import { runLook, StatusMark } from '#app/components/ui/status-mark';
import { Elapsed, RelativeTime } from '#app/components/ui/time';
import { paths } from '#app/lib/paths';
import type { RunSummary } from '#server/runs/contract';

/** The newest runs, one a line. */
export function RecentRuns({ runs }: { runs: RunSummary[] }) {
  return (
    <ul className="divide-y divide-line">
      {runs.map((run) => (
        <li key={run.id}>
          <Link
            to={paths.run(run.id)}
            prefetch="intent"
            className="hit flex min-h-9 items-center gap-2.5 px-4 py-1.5 no-underline hover:bg-hover"
          >
            <StatusMark look={runLook(run.status)} iconOnly />
            <span className="min-w-0 flex-1 truncate">
              <span className="text-muted">#{run.number}</span> {run.title}
            </span>
            <span className="w-24 truncate text-right text-s text-muted max-sm:hidden">
              {run.requestedByName}
            </span>
            <span className="w-12 text-right text-s text-muted">
              {run.startedAt ? <Elapsed from={run.startedAt} to={run.endedAt} /> : '–'}
            </span>
            <span className="w-20 text-right text-s text-muted">
              <RelativeTime at={run.createdAt} />
            </span>
          </Link>
        </li>
      ))}
    </ul>
  );
}
