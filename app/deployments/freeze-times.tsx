import type { ReactNode } from 'react';
import { useHydrated } from '#app/lib/clock';
import { cn } from '#app/lib/cn';
import { formatDuration, formatInZone, formatLocal, formatUtc } from '#app/lib/format';
import type { FreezeView, OccurrenceView } from '#server/deployments/freezes/contract';

/** An instant by the wall clock of a zone; UTC and the reader's own on hover. */
export function ZonedTime({ at, zone, className }: { at: string; zone: string; className?: string }) {
  const isHydrated = useHydrated();
  const utc = formatUtc(at);
  return (
    <time
      dateTime={at}
      className={cn('whitespace-nowrap', className)}
      {...(isHydrated ? { 'data-tip': `${utc}\n${formatLocal(at)}` } : { title: utc })}
    >
      {formatInZone(at, zone)}
    </time>
  );
}

/** From when until when, and how long that is. */
export function Occurrence({
  times,
  zone,
  note,
}: {
  times: OccurrenceView;
  zone: string;
  /** Said after the length. */
  note?: ReactNode;
}) {
  return (
    <span className="inline-flex flex-wrap items-baseline gap-x-1.5">
      <ZonedTime at={times.startsAt} zone={zone} /> <span className="text-faint">–</span>{' '}
      <ZonedTime at={times.endsAt} zone={zone} />{' '}
      <span className="text-s text-muted">
        {lengthOf(times)}
        {note ? <>, {note}</> : null}
      </span>
    </span>
  );
}

function lengthOf({ startsAt, endsAt }: OccurrenceView): string {
  return formatDuration(Date.parse(endsAt) - Date.parse(startsAt)).replace(/ 00 (min|s)$| 0 h$/, '');
}

/** Which environments a freeze is about, in words. */
export function scopeInWords({ service, environment }: Pick<FreezeView, 'service' | 'environment'>): string {
  if (!service && !environment) return 'every environment of every service';
  if (!environment) return `every environment of ${service}`;
  return service ? `${service} / ${environment}` : `${environment} of every service`;
}

/** The zone whose wall clock a freeze is told by. */
export function zoneOf({ timeZone }: Pick<FreezeView, 'timeZone'>): string {
  return timeZone ?? 'UTC';
}
