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

/** What could not run is striped: its colour alone would not tell it from what failed. */
const STRIPE = 2;

/**
 * One bar for each hour or day: what failed grows from below, what could not run hangs from above in stripes. Told in
 * words to who cannot see it.
 */
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
      <path
        className="fill-ok opacity-70"
        d={draw(slots, (slot) =>
          slot.bucket ? [notRunOf(slot), HEIGHT - notRunOf(slot) - failedOf(slot)] : null,
        )}
      />
      <path className="fill-warning" d={stripes(slots)} />
      <path
        className="fill-critical"
        d={draw(slots, (slot) => (slot.failedShare > 0 ? [HEIGHT - failedOf(slot), failedOf(slot)] : null))}
      />
    </svg>
  );
}

/** Of a share as much as can be seen, if there is any of it. */
function heightOf(share: number): number {
  return share > 0 ? Math.max(LEAST, Math.round(share * HEIGHT)) : 0;
}

/** Leaves room for a stripe where something could not run. */
const failedOf = (slot: Slot): number =>
  Math.min(HEIGHT - (slot.notRunShare > 0 ? STRIPE : 0), heightOf(slot.failedShare));
const notRunOf = (slot: Slot): number => Math.min(HEIGHT - failedOf(slot), heightOf(slot.notRunShare));

function stripes(slots: readonly Slot[]): string {
  const tops = Array.from({ length: HEIGHT / STRIPE / 2 }, (_, at) => at * 2 * STRIPE);
  return tops.map((top) => draw(slots, (slot) => (notRunOf(slot) > top ? [top, STRIPE] : null))).join('');
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
