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
  return (
    <Bar
      run={run}
      shares={timeShares(run, now)}
      elapsedMs={now - Date.parse(run.startedAt ?? run.createdAt)}
    />
  );
}

function elapsed(run: RunDetail): number {
  return run.startedAt && run.endedAt ? Date.parse(run.endedAt) - Date.parse(run.startedAt) : 0;
}

function Bar({
  run,
  shares,
  elapsedMs: measured,
}: {
  run: RunDetail;
  shares: TimeShare[];
  elapsedMs: number;
}) {
  // The browser's clock may be a moment behind the database's.
  const elapsedMs = Math.max(0, measured);
  const scale = 100 / Math.max(elapsedMs, 1);
  const used = (elapsedMs / run.budgetMs) * 100;
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
        {shares.map((share) => (
          <rect
            key={share.step.index}
            x={`${share.fromMs * scale}%`}
            width={`${Math.max(0.5, length(share) * scale)}%`}
            height="100%"
            rx={2}
            className={cn(FILL[share.step.status], 'stroke-surface')}
            strokeWidth={1}
            data-tip={`${share.step.title}: ${formatDuration(length(share))}`}
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
      <div className="mt-3 flex items-center gap-2 text-s text-muted">
        <svg aria-hidden="true" className="h-1 min-w-0 flex-1">
          <rect width="100%" height="100%" rx={2} className="fill-line" />
          <rect
            width={`${Math.min(100, used)}%`}
            height="100%"
            rx={2}
            className={used > 100 ? 'fill-critical' : 'fill-herb'}
          />
        </svg>
        <span className={used > 100 ? 'font-medium text-critical' : ''}>
          {Math.round(used)} % of the budget of {formatDuration(run.budgetMs)}
        </span>
      </div>
    </div>
  );
}

function length({ fromMs, toMs }: TimeShare): number {
  return toMs - fromMs;
}
