import { Link } from '@remix-run/react';
import { runLook, StatusMark } from '#app/components/ui/status-mark';
import { RelativeTime } from '#app/components/ui/time';
import { paths } from '#app/lib/paths';
import { BudgetClock } from '#app/runs/budget-clock';
import { useRunSummary } from '#app/runs/use-run';
import type { RunSummary } from '#server/runs/contract';

/** A run that is going on: where it stands, step by step, and its clock against its budget. */
export function ActiveRunLine({ run: loaded }: { run: RunSummary }) {
  const run = useRunSummary(loaded);
  return (
    <Link
      to={paths.run(run.id)}
      className="grid gap-2 border-t border-line bg-info-soft/60 px-4 py-2.5 no-underline hover:bg-info-soft"
    >
      <span className="flex flex-wrap items-center gap-x-3 gap-y-1">
        <StatusMark look={runLook(run.status)} />
        <span className="min-w-0 font-medium">
          #{run.number} {run.title}
        </span>
        <span className="text-muted">
          {run.currentStep ?? (run.status === 'queued' ? 'waits for a worker' : 'between two steps')} ·{' '}
          {run.requestedByName}
        </span>
        <BudgetClock run={run} className="ml-auto" />
      </span>
      <StepProgress done={run.stepsDone} total={run.stepsTotal} isMoving={run.status === 'running'} />
    </Link>
  );
}

/** A run that waits for its second person. */
export function AwaitingRunLine({ run }: { run: RunSummary }) {
  return (
    <Link
      to={paths.run(run.id)}
      className="flex flex-wrap items-center gap-x-3 gap-y-1 border-t border-line bg-warning-soft/60 px-4 py-2.5 no-underline hover:bg-warning-soft"
    >
      <StatusMark look={runLook(run.status)} />
      <span className="min-w-0 font-medium">
        #{run.number} {run.title}
      </span>
      <span className="text-muted">
        {run.requestedByName}, <RelativeTime at={run.createdAt} />
      </span>
      <span className="ml-auto font-medium">Open to decide</span>
    </Link>
  );
}

const GAP = 0.6;

function StepProgress({ done, total, isMoving }: { done: number; total: number; isMoving: boolean }) {
  if (total === 0) return null;
  const width = 100 / total;
  return (
    <svg
      role="img"
      aria-label={`${done} of ${total} steps done`}
      viewBox="0 0 100 1"
      preserveAspectRatio="none"
      className="h-1 w-full"
    >
      {Array.from({ length: total }, (_, index) => (
        <rect
          // biome-ignore lint/suspicious/noArrayIndexKey: a step has no other name here and never moves
          key={index}
          x={index * width}
          width={Math.max(0.3, width - GAP)}
          height={1}
          className={
            index < done ? 'fill-ok' : index === done && isMoving ? 'animate-breathe fill-info' : 'fill-line'
          }
        />
      ))}
    </svg>
  );
}
