import { useHydrated } from '#app/lib/clock';
import { formatLocal, formatUtc, formatUtcSeconds } from '#app/lib/format';

/** Where an entry is, behind `#` and as an id. */
export const anchorOf = (id: string) => `entry-${id}`;

/** The time of day in UTC; with the reader's own on hover. */
export function Moment({ at, withDay }: { at: string; withDay?: boolean }) {
  const isHydrated = useHydrated();
  const utc = formatUtc(at);
  return (
    <time dateTime={at} {...(isHydrated ? { 'data-tip': `${utc}\n${formatLocal(at)}` } : { title: utc })}>
      {withDay ? utc : formatUtcSeconds(at)}
    </time>
  );
}
