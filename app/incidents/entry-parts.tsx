import { useHydrated } from '#app/lib/clock';
import { formatLocal, formatUtc, formatUtcSeconds } from '#app/lib/format';
import { paths } from '#app/lib/paths';
import type { IncidentEntryView } from '#server/incidents/contract';

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

/** The most room that an image takes in a timeline, px. */
const SHOWN = { width: 320, height: 180 };

/**
 * The images of an entry, small, each leading to itself as it is. Their room is kept, so that nothing moves when they come.
 * `isEager`: also those far below are there at once, as paper needs them.
 */
export function EntryImages({
  entry: { incidentNumber, images },
  isEager,
}: {
  entry: IncidentEntryView;
  isEager?: boolean | undefined;
}) {
  if (images.length === 0) return null;
  return (
    <span className="flex flex-wrap gap-2 py-1.5">
      {images.map(({ id, alt, width, height }) => {
        const scale = Math.min(1, SHOWN.width / width, SHOWN.height / height);
        const to = paths.incidentImage(incidentNumber, id);
        return (
          <a
            key={id}
            href={to}
            target="_blank"
            rel="noreferrer"
            className="block rounded-m border border-line"
          >
            <img
              src={to}
              alt={alt}
              width={Math.ceil(width * scale)}
              height={Math.ceil(height * scale)}
              loading={isEager ? 'eager' : 'lazy'}
              decoding="async"
              className="h-auto max-w-full rounded-m"
            />
          </a>
        );
      })}
    </span>
  );
}
