import { Timer, TriangleAlert } from 'lucide-react';
import { useNow } from '#app/lib/clock';
import { cn } from '#app/lib/cn';
import { formatClock, formatDuration } from '#app/lib/format';

interface BudgetClockProps {
  budgetMs: number;
  /** ISO 8601; null while nothing has begun. */
  startedAt: string | null;
  endedAt: string | null;
  className?: string;
}

/** How much of a run's time budget is left, second by second; past it, by how much it is over. */
export function BudgetClock({ budgetMs, startedAt, endedAt, className }: BudgetClockProps) {
  if (!startedAt) {
    return (
      <span className={cn('inline-flex items-center gap-1.5 text-muted', className)}>
        <Timer aria-hidden="true" size={14} />
        budget {formatClock(budgetMs)}
      </span>
    );
  }
  const start = Date.parse(startedAt);
  if (endedAt) return <Taken ms={Date.parse(endedAt) - start} budgetMs={budgetMs} className={className} />;
  return <Ticking start={start} budgetMs={budgetMs} className={className} />;
}

function Ticking({
  start,
  budgetMs,
  className,
}: {
  start: number;
  budgetMs: number;
  className: string | undefined;
}) {
  const elapsed = Math.max(0, useNow(1_000) - start);
  const left = budgetMs - elapsed;
  const isOver = left < 0;
  const Icon = isOver ? TriangleAlert : Timer;
  return (
    <span
      role="timer"
      className={cn(
        'inline-flex items-center gap-1.5 whitespace-nowrap',
        isOver && 'text-critical',
        className,
      )}
    >
      <Icon aria-hidden="true" size={14} className={isOver ? '' : 'text-muted'} />
      <span className="font-medium">{formatClock(elapsed)}</span>
      <span className={isOver ? 'font-medium' : 'text-muted'}>
        {isOver ? `over by ${formatClock(-left)}` : `${formatClock(left)} left of ${formatClock(budgetMs)}`}
      </span>
    </span>
  );
}

function Taken({ ms, budgetMs, className }: { ms: number; budgetMs: number; className: string | undefined }) {
  const isOver = ms > budgetMs;
  const Icon = isOver ? TriangleAlert : Timer;
  return (
    <span
      className={cn(
        'inline-flex items-center gap-1.5 whitespace-nowrap',
        isOver && 'text-critical',
        className,
      )}
    >
      <Icon aria-hidden="true" size={14} className={isOver ? '' : 'text-muted'} />
      <span className="font-medium">{formatDuration(ms)}</span>
      <span className={isOver ? 'font-medium' : 'text-muted'}>
        {isOver ? `over by ${formatDuration(ms - budgetMs)}` : `of ${formatDuration(budgetMs)}`}
      </span>
    </span>
  );
}
