import { cn } from '#app/lib/cn';
import { plural } from '#app/lib/format';
import { RANGES, type Slot, slotsOf } from '#app/monitoring/uptime-slots';
import type { UptimeBucket } from '#server/monitoring/checks/contract';
import type { UptimeRange } from '#server/monitoring/checks/words/contract';

const HEIGHT = 20;
const WIDTH = 4;
const GAP = 2;
/** What failed for a moment must still be seen. */
const LEAST = 4;

/** One bar for each hour or day: what failed grows from below, in its own colour. Told in words to who cannot see it. */
export function UptimeBars({
  buckets,
  range,
  now,
  className,
}: {
  buckets: readonly UptimeBucket[];
  range: UptimeRange;
  now: string;
  className?: string;
}) {
  const slots = slotsOf(buckets, range, now);
  const width = slots.length * (WIDTH + GAP) - GAP;
  return (
    <svg
      role="img"
      aria-label={wordsFor(slots, range)}
      viewBox={`0 0 ${width} ${HEIGHT}`}
      preserveAspectRatio="none"
      className={cn('block h-5', className)}
      style={{ width: '100%', maxWidth: `${width}px` }}
    >
      <path className="fill-line" d={draw(slots, (slot) => (slot.bucket ? null : [HEIGHT / 2 - 2, 4]))} />
      <path className="fill-ok opacity-70" d={draw(slots, (slot) => (slot.bucket ? [0, HEIGHT] : null))} />
      <path
        className="fill-warning"
        d={draw(slots, (slot) => part(slot.notRunShare + slot.failedShare, slot.notRunShare))}
      />
      <path className="fill-critical" d={draw(slots, (slot) => part(slot.failedShare, slot.failedShare))} />
    </svg>
  );
}

/** From the bottom up to this share, if there is any of it. */
function part(upTo: number, own: number): [number, number] | null {
  if (own <= 0) return null;
  const height = Math.max(LEAST, Math.round(upTo * HEIGHT));
  return [HEIGHT - height, height];
}

function draw(slots: readonly Slot[], place: (slot: Slot) => [top: number, height: number] | null): string {
  return slots
    .map((slot, at) => {
      const found = place(slot);
      return found ? `M${at * (WIDTH + GAP)} ${found[0]}h${WIDTH}v${found[1]}h-${WIDTH}z` : '';
    })
    .join('');
}

function wordsFor(slots: readonly Slot[], range: UptimeRange): string {
  const unit = range === 'day' ? 'hour' : 'day';
  const { words } = RANGES[range];
  const looked = slots.filter((slot) => slot.bucket).length;
  if (looked === 0) return `Not looked at in ${words}`;
  const failed = slots.filter((slot) => slot.failedShare > 0).length;
  const unknown = slots.filter((slot) => slot.notRunShare > 0).length;
  return [
    failed === 0 ? `No failure in ${words}` : `Failures in ${plural(failed, unit)} of ${words}`,
    unknown > 0 ? `could not run in ${plural(unknown, unit)}` : '',
    looked < slots.length ? `looked at in ${plural(looked, unit)}` : '',
  ]
    .filter(Boolean)
    .join(', ');
}

const SPARK = { width: 72, height: 20 };

/** How long answers took, the oldest first; a gap where there was none. Beside a figure, so hidden from screen readers. */
export function Sparkline({ values, className }: { values: readonly (number | null)[]; className?: string }) {
  const known = values.filter((value): value is number => value !== null);
  if (known.length < 2) return <svg aria-hidden="true" className={cn('h-5 w-18', className)} />;
  const most = Math.max(...known, 1);
  const step = SPARK.width / (values.length - 1);
  let isDown = false;
  const path = values
    .map((value, at) => {
      if (value === null) {
        isDown = false;
        return '';
      }
      const y = SPARK.height - 2 - (value / most) * (SPARK.height - 4);
      const move = isDown ? 'L' : 'M';
      isDown = true;
      return `${move}${(at * step).toFixed(1)} ${y.toFixed(1)}`;
    })
    .join('');
  return (
    <svg
      aria-hidden="true"
      viewBox={`0 0 ${SPARK.width} ${SPARK.height}`}
      preserveAspectRatio="none"
      className={cn('h-5 w-18 text-muted', className)}
    >
      <path
        d={path}
        fill="none"
        stroke="currentColor"
        strokeWidth={1.5}
        strokeLinecap="round"
        strokeLinejoin="round"
        vectorEffect="non-scaling-stroke"
      />
    </svg>
  );
}
