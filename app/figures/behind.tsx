import { Link } from '@remix-run/react';
import { CircleCheck } from 'lucide-react';
import { Pagination } from '#app/components/data-table/pagination';
import { EmptyState } from '#app/components/ui/notice';
import { StatusMark } from '#app/components/ui/status-mark';
import { Duration, RelativeTime } from '#app/components/ui/time';
import { levelLook, stateLook } from '#app/incidents/looks';
import { paths } from '#app/lib/paths';
import type { FailedDeploy, FigureIncident, FigureIncidentPage } from '#server/figures/contract';
import { MILESTONES, TIME_KIND_LABELS } from '#server/figures/words/contract';

const SHORT = { detect: 'To detect', acknowledge: 'To acknowledge', resolve: 'To resolve' } as const;
type TimeView = FigureIncident['detect'];

/** A time, or why there is none. */
function TimeCell({ time: { kind, ms } }: { time: TimeView }) {
  if (kind === 'recorded') return <Duration ms={ms} />;
  return <span className="whitespace-nowrap text-muted">{TIME_KIND_LABELS[kind]}</span>;
}

/** The incidents that figures are of, with the times that each gives. */
export function IncidentsBehind({ page: { rows, page, pageSize, total } }: { page: FigureIncidentPage }) {
  if (rows.length === 0) {
    return (
      <EmptyState icon={CircleCheck} title="No incident is like that">
        None that began in this time. Take a filter away, or look further back.
      </EmptyState>
    );
  }
  return (
    <>
      <table className="w-full border-collapse">
        <caption className="sr-only">Incidents of this time and the times that each gives</caption>
        <thead className="max-md:sr-only">
          <tr className="border-b border-line text-s text-muted">
            <th scope="col" className="px-4 py-2 text-left font-medium">
              Incident
            </th>
            {MILESTONES.map((key) => (
              <th key={key} scope="col" className="py-2 pr-4 text-right font-medium">
                {SHORT[key]}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr key={row.number} className="border-b border-line/60 max-md:block max-md:px-4 max-md:py-2">
              <th scope="row" className="px-4 py-2 text-left font-normal max-md:block max-md:p-0">
                <Link to={paths.incident(row.number)} className="break-words no-underline hover:underline">
                  <span className="text-muted">{row.name}</span>{' '}
                  <span className="font-medium">{row.title}</span>
                </Link>
                <span className="flex flex-wrap gap-x-3 text-s text-muted">
                  <StatusMark look={levelLook(row.level)} />
                  {row.isMerged ? <span>merged</span> : <StatusMark look={stateLook(row.state)} />}
                  <RelativeTime at={row.startedAt} />
                </span>
              </th>
              {MILESTONES.map((key) => (
                <td
                  key={key}
                  className="py-2 pr-4 text-right align-top max-md:flex max-md:justify-between max-md:p-0 max-md:text-s"
                >
                  <span className="text-muted md:hidden">{SHORT[key]}</span>
                  <TimeCell time={row[key]} />
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
      <Pagination page={page} pageSize={pageSize} total={total} />
    </>
  );
}

const WHY: Record<FailedDeploy['why'][number], string> = {
  rolled_back: 'rolled back',
  validation: 'failed its validation',
  incident: 'an incident began',
};

/** The deploys that count as failed, and why. */
export function FailedDeploys({ failures }: { failures: readonly FailedDeploy[] }) {
  if (failures.length === 0) {
    return (
      <EmptyState icon={CircleCheck} title="No deploy has failed">
        None of those that reached visitors in this time.
      </EmptyState>
    );
  }
  return (
    <ul className="divide-y divide-line">
      {failures.map((failure) => (
        <li key={failure.runId} className="flex flex-wrap items-baseline gap-x-4 gap-y-1 px-4 py-2.5">
          <Link to={paths.run(failure.runId)} className="font-mono font-medium no-underline hover:underline">
            {failure.tag}
          </Link>
          <span className="text-muted">
            {failure.service} / {failure.environment}, <RelativeTime at={failure.switchedAt} focusable />
          </span>
          <span>
            {failure.why.map((each) => WHY[each]).join(', ')}
            {failure.incidentNumber === null ? null : (
              <>
                :{' '}
                <Link to={paths.incident(failure.incidentNumber)} className="link">
                  INC-{failure.incidentNumber}
                </Link>
              </>
            )}
          </span>
          <span className="text-muted md:ml-auto">
            restored: <TimeCell time={failure.restore} />
          </span>
        </li>
      ))}
    </ul>
  );
}
