import { useHydrated, useNow } from '#app/lib/clock';
import { cn } from '#app/lib/cn';
import { formatClock, formatDuration, formatLocal, formatRelative, formatUtc } from '#app/lib/format';

const RECENT_MS = 60_000;

/**
 * An instant as distance from now. The exact time in UTC and in the reader's own zone shows on hover, and on focus
 * where `focusable` is set; without JavaScript the browser shows UTC.
 */
export function RelativeTime({
  at,
  focusable,
  className,
}: {
  at: string;
  focusable?: boolean;
  className?: string;
}) {
  const isHydrated = useHydrated();
  const time = Date.parse(at);
  const coarse = useNow(10_000);
  const utc = formatUtc(at);
  return (
    <time
      dateTime={at}
      className={cn('whitespace-nowrap', className)}
      {...(isHydrated ? { 'data-tip': `${utc}\n${formatLocal(at)}` } : { title: utc })}
      {...(focusable ? { tabIndex: 0 } : {})}
    >
      {Math.abs(coarse - time) < RECENT_MS ? <RecentText at={time} /> : formatRelative(time, coarse)}
    </time>
  );
}

function RecentText({ at }: { at: number }) {
  const now = useNow(1_000);
  return <>{formatRelative(Math.min(at, now), now)}</>;
}

/** A measured duration in ms; a dash where there is none. */
export function Duration({ ms, className }: { ms: number | null; className?: string }) {
  if (ms === null) return <span className={cn('text-faint', className)}>–</span>;
  return <span className={cn('whitespace-nowrap', className)}>{formatDuration(ms)}</span>;
}

/** The time since `from` as a running clock, until `to` when it is over. */
export function Elapsed({ from, to, className }: { from: string; to: string | null; className?: string }) {
  return to === null ? (
    <RunningClock from={from} className={className ?? ''} />
  ) : (
    <span className={className}>{formatClock(Date.parse(to) - Date.parse(from))}</span>
  );
}

function RunningClock({ from, className }: { from: string; className: string }) {
  const now = useNow(1_000);
  return <span className={className}>{formatClock(now - Date.parse(from))}</span>;
}
