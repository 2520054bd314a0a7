import { Hourglass, TimerOff } from 'lucide-react';
import { useNow } from '#app/lib/clock';
import { cn } from '#app/lib/cn';
import { formatClock, formatUtc } from '#app/lib/format';

/** With less than this left it is said louder, ms. */
const SOON_MS = 2 * 60_000;

/** True from the instant on; the server decides, this spares a person the attempt. */
export function useIsOver(until: string): boolean {
  return useNow(1_000) >= Date.parse(until);
}

/** How long a decision may still be made, second by second. */
export function TimeLeft({ until, className }: { until: string; className?: string }) {
  const left = Date.parse(until) - useNow(1_000);
  const isOver = left <= 0;
  const Icon = isOver ? TimerOff : Hourglass;
  return (
    <span
      role="timer"
      data-tip={`until ${formatUtc(until)}`}
      className={cn(
        'inline-flex items-center gap-1.5 whitespace-nowrap',
        isOver ? 'text-muted' : left < SOON_MS && 'text-warning',
        className,
      )}
    >
      <Icon aria-hidden="true" size={14} className="shrink-0" />
      {isOver ? (
        'time is over'
      ) : (
        <span>
          <span className="font-semibold">{formatClock(left)}</span> left
        </span>
      )}
    </span>
  );
}
