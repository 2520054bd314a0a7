import { useNow } from '#app/lib/clock';
import { cn } from '#app/lib/cn';
import { formatDuration } from '#app/lib/format';
import { budgetSpentMs, shareBars, type TimeShare, timeShares } from '#app/runs/run-state';
import type { RunDetail, StepStatus } from '#server/runs/contract';

const FILL: Record<StepStatus, string> = {
  pending: 'fill-line',
  running: 'fill-info animate-breathe',
  succeeded: 'fill-ok',
  warning: 'fill-warning',
  skipped: 'fill-unknown',
  failed: 'fill-critical',
  cancelled: 'fill-unknown',
  unknown: 'fill-warning',
};

const NAMED = 4;

/** Where the seconds went: the steps on the run's time, the longest of them by name, and the budget. */
export function TimeBar({ run }: { run: RunDetail }) {
  return run.endedAt || !run.startedAt ? (
    <Bar run={run} now={Date.parse(run.endedAt ?? run.createdAt)} />
  ) : (
    <MovingBar run={run} />
  );
}

function MovingBar({ run }: { run: RunDetail }) {
  return <Bar run={run} now={useNow(1_000)} />;
}

function Bar({ run, now }: { run: RunDetail; now: number }) {
  const shares = timeShares(run, now);
  const elapsedMs = run.startedAt ? now - Date.parse(run.startedAt) : 0;
  const longest = [...shares].sort((a, b) => length(b) - length(a)).slice(0, NAMED);
  const label = shares.map((share) => `${share.step.title} ${formatDuration(length(share))}`).join(', ');
  return (
    <div>
      <svg
        role="img"
        aria-label={shares.length > 0 ? `Where the time went: ${label}` : 'No step has begun yet'}
        className="block h-3 w-full"
      >
        <rect width="100%" height="100%" rx={3} className="fill-line/60" />
        {shareBars(shares, elapsedMs).map(({ step, x, width }, index) => (
          <rect
            key={step.index}
            x={`${x}%`}
            width={`${width}%`}
            height="100%"
            rx={2}
            className={cn(FILL[step.status], 'stroke-surface')}
            strokeWidth={1}
            data-tip={`${step.title}: ${formatDuration(length(shares[index] as TimeShare))}`}
          />
        ))}
      </svg>
      <ul className="mt-2 grid grid-cols-2 gap-x-4 gap-y-0.5 text-s">
        {longest.map((share) => (
          <li key={share.step.index} className="flex gap-2">
            <span className="min-w-0 flex-1 truncate text-muted">{share.step.title}</span>
            <span className="font-medium">{formatDuration(length(share))}</span>
          </li>
        ))}
      </ul>
      <Budget run={run} now={now} />
    </div>
  );
}

/** A meter while the run goes on; once it has ended, a sentence. */
function Budget({ run, now }: { run: RunDetail; now: number }) {
  const spent = budgetSpentMs(run, now);
  const budget = formatDuration(run.budgetMs);
  if (spent === null) return <p className="mt-3 text-s text-muted">It has a budget of {budget}.</p>;
  const used = (spent / run.budgetMs) * 100;
  const isOver = used > 100;
  if (run.endedAt) {
    return (
      <p className={cn('mt-3 text-s', isOver ? 'font-medium text-critical' : 'text-muted')}>
        {isOver
          ? `It went over its budget of ${budget} by ${formatDuration(spent - run.budgetMs)}.`
          : `It took ${formatDuration(spent)} of its budget of ${budget}.`}
      </p>
    );
  }
  return (
    <div className="mt-3 flex items-center gap-2 text-s text-muted">
      <svg aria-hidden="true" className="h-1 min-w-0 flex-1">
        <rect width="100%" height="100%" rx={2} className="fill-line" />
        <rect
          width={`${Math.min(100, used)}%`}
          height="100%"
          rx={2}
          className={isOver ? 'fill-critical' : 'fill-herb'}
        />
      </svg>
      <span className={isOver ? 'font-medium text-critical' : ''}>
        {Math.round(used)} % of the budget of {budget}
      </span>
    </div>
  );
}

function length({ fromMs, toMs }: TimeShare): number {
  return toMs - fromMs;
}
