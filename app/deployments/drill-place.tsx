import { Link } from '@remix-run/react';
import { ArrowRight, Play, Undo2 } from 'lucide-react';
import type { ReactNode } from 'react';
import { useRootData, useSubject } from '#app/components/layout/root-data';
import { LinkButton } from '#app/components/ui/button';
import { runLook, StatusBadge, StatusMark } from '#app/components/ui/status-mark';
import { Elapsed, RelativeTime } from '#app/components/ui/time';
import { BudgetMeter, DrillBars } from '#app/deployments/drill-bars';
import { isOverBudget, placeLook } from '#app/deployments/drill-look';
import { cn } from '#app/lib/cn';
import { formatDuration, formatInZone } from '#app/lib/format';
import { paths } from '#app/lib/paths';
import { ActiveRunLine } from '#app/runs/active-run-line';
import { can, whyNot } from '#server/auth/contract';
import type { DrillPlace, DrillView } from '#server/deployments/drills/contract';
import type { ScheduleView } from '#server/schedules/contract';

/** One practice environment: does its rollback hold the budget, how it went lately, and the next drill. */
export function DrillPlacePanel({
  place,
  schedule,
}: {
  place: DrillPlace;
  /** What starts its drills by itself, if anything does. */
  schedule: ScheduleView | null;
}) {
  const subject = useSubject();
  const headingId = `drills-${place.service}-${place.environment}`;
  const blockedBy = can(subject, 'drills.run') ? place.blockedBy : whyNot('drills.run');
  const [shop, environment] = [place.title.split(', ')[0], place.title.split(', ').slice(1).join(', ')];
  return (
    <section aria-labelledby={headingId} className="min-w-0 rounded-l bg-surface shadow-raised">
      <header className="flex flex-wrap items-center gap-x-3 gap-y-2 px-4 pt-3">
        <h2 id={headingId} className="text-m">
          {shop} <span className="font-normal text-muted">{environment}</span>
        </h2>
        <StatusBadge look={placeLook(place)} />
      </header>
      <div className="grid gap-x-8 gap-y-4 px-4 pt-2 pb-4 md:grid-cols-[minmax(0,1fr)_auto]">
        <LastDrill place={place} />
        <div className="grid content-start gap-1.5 md:max-w-72 md:justify-items-end">
          <LinkButton
            to={paths.newDrill(place)}
            look="primary"
            className="max-sm:w-full"
            blockedBy={blockedBy}
          >
            <Play aria-hidden="true" size={14} />
            Run a drill now
          </LinkButton>
          {blockedBy ? (
            <p className="text-s text-pretty text-muted md:text-right">{sentence(blockedBy)}</p>
          ) : place.next ? (
            <p className="text-s text-muted md:text-right">
              would deploy <span className="font-mono text-ink">{place.next.releaseTag}</span> and go back to{' '}
              <span className="font-mono text-ink">{place.next.restoredTag}</span>
            </p>
          ) : null}
        </div>
      </div>
      {place.open ? <OpenDrill drill={place.open} /> : null}
      <dl className="grid grid-cols-2 overflow-hidden rounded-b-l border-t border-line lg:grid-cols-4 lg:divide-x lg:divide-line">
        <Fact label="Recent rollbacks" note="newest at the right">
          {place.recent.length > 0 ? <DrillBars drills={place.recent} /> : <None>No drill yet</None>}
        </Fact>
        <Fact label="Held the budget">
          {place.recent.length > 0 ? (
            <>
              <span className="font-medium">{place.succeeded}</span>{' '}
              <span className="text-muted">of the last {place.recent.length}</span>
            </>
          ) : (
            <None>Nothing to count</None>
          )}
        </Fact>
        <Fact label="Fastest to slowest">
          <Span drills={place.recent} />
        </Fact>
        <Fact label="Next by the clock">
          <NextDrill schedule={schedule} />
        </Fact>
      </dl>
    </section>
  );
}

/** The one figure of the page: the seconds that the last rollback took, beside what it may take. */
function LastDrill({ place: { last, open, budgetMs } }: { place: DrillPlace }) {
  if (!last) {
    return (
      <div>
        <p className="text-l font-semibold">
          {open ? 'The first rehearsal is going on' : 'No rollback has been rehearsed here'}
        </p>
        <p className="mt-1 text-muted">
          It may take {formatDuration(budgetMs)}. A drill tells whether it does.
        </p>
      </div>
    );
  }
  const run = last.rollbackRun ?? last.deployRun;
  return (
    <div className="min-w-0">
      <p className="flex flex-wrap items-baseline gap-x-2">
        <span className={cn('text-l font-semibold', isOverBudget(last) && 'text-critical')}>
          {last.rollbackMs === null ? 'Not rolled back' : formatDuration(last.rollbackMs)}
        </span>
        <span className="text-muted">
          {last.rollbackMs === null ? 'in the last drill' : `of ${formatDuration(last.budgetMs)}`}
        </span>
      </p>
      <BudgetMeter drill={last} className="mt-1.5 w-full max-w-96" />
      {last.error ? <p className="mt-2 max-w-xl text-pretty">{last.error}</p> : null}
      <p className="mt-2 flex flex-wrap items-center gap-x-3 gap-y-0.5 text-muted">
        <span>
          <span className="font-mono text-ink">{last.releaseTag}</span> back to{' '}
          <span className="font-mono text-ink">{last.restoredTag}</span>
        </span>
        <RelativeTime at={last.startedAt} focusable />
        <span>by {last.requestedByName}</span>
        <Link to={paths.run(run.id)} className="link">
          run #{run.number}
        </Link>
      </p>
    </div>
  );
}

/** A drill under way: its two runs, and the one that moves with its steps and its clock. */
function OpenDrill({ drill }: { drill: DrillView }) {
  const environments = useRootData()?.environments ?? [];
  const active = environments.find(
    ({ service, environment }) => service === drill.service && environment === drill.environment,
  )?.activeRun;
  return (
    <section aria-label="The drill that is going on" className="border-t border-line">
      <ol className="flex flex-wrap items-center gap-x-3 gap-y-1 px-4 py-2.5">
        <Leg run={drill.deployRun} what={`Deploy ${drill.releaseTag}`} />
        <li aria-hidden="true">
          <ArrowRight size={14} className="text-faint" />
        </li>
        {drill.rollbackRun ? (
          <Leg run={drill.rollbackRun} what={`Roll back to ${drill.restoredTag}`} />
        ) : (
          <li className="inline-flex items-center gap-1.5 text-muted">
            <Undo2 aria-hidden="true" size={14} />
            <span>
              then back to <span className="font-mono">{drill.restoredTag}</span>, timed
            </span>
          </li>
        )}
        <li className="ml-auto text-muted">
          <Elapsed from={drill.startedAt} to={null} className="font-medium text-ink" /> so far, for{' '}
          {drill.requestedByName}
        </li>
      </ol>
      {active ? <ActiveRunLine run={active} /> : null}
    </section>
  );
}

function Leg({ run, what }: { run: DrillView['deployRun']; what: string }) {
  return (
    <li>
      <Link to={paths.run(run.id)} className="inline-flex items-center gap-1.5 no-underline hover:underline">
        <StatusMark look={runLook(run.status)} iconOnly />
        <span className="font-medium">{what}</span>
        <span className="text-muted">#{run.number}</span>
      </Link>
    </li>
  );
}

function NextDrill({ schedule }: { schedule: ScheduleView | null }) {
  if (!schedule) return <None>Nothing starts it by itself</None>;
  const [next] = schedule.nextTicks;
  return (
    <>
      <Link to={paths.schedule(schedule.id)} className="link font-medium">
        {schedule.paused ? 'Paused' : next ? formatInZone(next, schedule.timeZone) : 'Never again'}
      </Link>
      <span className="block truncate text-s text-muted">
        {schedule.paused ? (
          `by ${schedule.paused.byName}: ${schedule.paused.reason}`
        ) : next ? (
          <>
            {schedule.timeZone}, <RelativeTime at={next} />
          </>
        ) : null}
      </span>
    </>
  );
}

function Span({ drills }: { drills: readonly DrillView[] }) {
  const times = drills.flatMap(({ rollbackMs }) => (rollbackMs === null ? [] : [rollbackMs]));
  if (times.length === 0) return <None>No time measured</None>;
  const [least, most] = [Math.min(...times), Math.max(...times)].map(formatDuration);
  return <span className="font-medium">{least === most ? least : `${least} to ${most}`}</span>;
}

function Fact({ label, note, children }: { label: string; note?: string; children: ReactNode }) {
  return (
    <div className="min-w-0 px-4 py-2.5 max-lg:border-b max-lg:border-line">
      <dt className="text-s text-muted">
        {label}
        {note ? <span className="max-sm:sr-only">, {note}</span> : null}
      </dt>
      <dd className="mt-1 min-w-0">{children}</dd>
    </div>
  );
}

function None({ children }: { children: ReactNode }) {
  return <span className="text-s text-muted">{children}</span>;
}

function sentence(text: string): string {
  return /[.!?]$/.test(text) ? text : `${text}.`;
}
