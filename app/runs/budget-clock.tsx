import { Timer, TriangleAlert } from 'lucide-react';
import { useNow } from '#app/lib/clock';
import { cn } from '#app/lib/cn';
import { formatClock, formatDuration } from '#app/lib/format';
import { type BudgetedRun, budgetSpentMs } from '#app/runs/run-state';

interface BudgetClockProps {
  run: BudgetedRun;
  className?: string;
}

/** How much of a run's time budget is left, second by second; past it, by how much it is over. */
export function BudgetClock({ run, className }: BudgetClockProps) {
  const { budgetMs } = run;
  if (!run.startedAt || !run.deadlineAt) {
    return (
      <span className={cn('inline-flex items-center gap-1.5 text-muted', className)}>
        <Timer aria-hidden="true" size={14} />
        budget {formatClock(budgetMs)}
      </span>
    );
  }
  if (run.endedAt) return <Taken ms={budgetSpentMs(run, 0) ?? 0} budgetMs={budgetMs} className={className} />;
  return <Ticking run={run} className={className} />;
}

/** The time that a run has used, and nothing more: `0:07`. */
export function BudgetSpent({ run, className }: BudgetClockProps) {
  const spent = budgetSpentMs(run, useNow(1_000));
  return <span className={className}>{formatClock(spent ?? 0)}</span>;
}

function Ticking({ run, className }: BudgetClockProps) {
  const { budgetMs } = run;
  const elapsed = budgetSpentMs(run, useNow(1_000)) ?? 0;
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
