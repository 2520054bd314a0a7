import { useNow } from '#app/lib/clock';
import { cn } from '#app/lib/cn';
import { formatDuration } from '#app/lib/format';
import { type TimeShare, timeShares } from '#app/runs/run-state';
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

/** Where the seconds went: the steps end to end on the run's budget, and the longest of them by name. */
export function TimeBar({ run }: { run: RunDetail }) {
  return run.endedAt || !run.startedAt ? (
    <Bar run={run} shares={timeShares(run, 0)} elapsedMs={elapsed(run)} />
  ) : (
    <MovingBar run={run} />
  );
}

function MovingBar({ run }: { run: RunDetail }) {
  const now = useNow(1_000);
  return <Bar run={run} shares={timeShares(run, now)} elapsedMs={now - Date.parse(run.startedAt ?? run.createdAt)} />;
}

function elapsed(run: RunDetail): number {
  return run.startedAt && run.endedAt ? Date.parse(run.endedAt) - Date.parse(run.startedAt) : 0;
}

function Bar({ run, shares, elapsedMs }: { run: RunDetail; shares: TimeShare[]; elapsedMs: number }) {
  const scale = 100 / Math.max(run.budgetMs, elapsedMs, 1);
  const isOver = elapsedMs > run.budgetMs;
  const longest = [...shares].sort((a, b) => length(b) - length(a)).slice(0, NAMED);
  const label = shares.map((share) => `${share.step.title} ${formatDuration(length(share))}`).join(', ');
  return (
    <div>
      <svg
        role="img"
        aria-label={shares.length > 0 ? `Where the time went: ${label}` : 'No step has begun yet'}
        className="block h-2.5 w-full"
      >
        <rect width="100%" height="100%" rx={3} className="fill-line/70" />
        {shares.map((share) => (
          <rect
            key={share.step.index}
            x={`${share.fromMs * scale}%`}
            width={`${Math.max(0.25, length(share) * scale)}%`}
            height="100%"
            className={cn(FILL[share.step.status], 'stroke-surface')}
            strokeWidth={1}
            data-tip={`${share.step.title}: ${formatDuration(length(share))}`}
          />
        ))}
        {isOver ? (
          <rect x={`${run.budgetMs * scale}%`} width={2} height="100%" className="fill-critical" data-tip="Budget" />
        ) : null}
      </svg>
      <p className="mt-1.5 flex flex-wrap gap-x-4 gap-y-0.5 text-s text-muted">
        {longest.length === 0 ? 'No step has begun yet.' : null}
        {longest.map((share) => (
          <span key={share.step.index}>
            {share.step.title} <span className="font-medium text-ink">{formatDuration(length(share))}</span>
          </span>
        ))}
        <span className="ml-auto">
          {isOver
            ? `budget of ${formatDuration(run.budgetMs)} passed`
            : `the whole bar is the budget of ${formatDuration(run.budgetMs)}`}
        </span>
      </p>
    </div>
  );
}

function length({ fromMs, toMs }: TimeShare): number {
  return toMs - fromMs;
}
