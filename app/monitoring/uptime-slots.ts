import type { UptimeBucket } from '#server/monitoring/checks/contract';
import type { UptimeRange } from '#server/monitoring/checks/words/contract';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

export const RANGES: Record<UptimeRange, { slots: number; stepMs: number; words: string }> = {
  day: { slots: 24, stepMs: HOUR_MS, words: 'the last 24 hours' },
  quarter: { slots: 90, stepMs: DAY_MS, words: 'the last 90 days' },
};

/** One bar: shares of the time that was looked at; null where nobody looked. */
export interface Slot {
  from: string;
  bucket: UptimeBucket | null;
  failedShare: number;
  notRunShare: number;
}

/** The bars of a range that ends now, the oldest first, also those without a result. */
export function slotsOf(buckets: readonly UptimeBucket[], range: UptimeRange, now: string): Slot[] {
  const { slots, stepMs } = RANGES[range];
  const byTime = new Map(buckets.map((bucket) => [Date.parse(bucket.from), bucket]));
  const last = Math.floor(Date.parse(now) / stepMs) * stepMs;
  return Array.from({ length: slots }, (_, at) => {
    const from = last - (slots - 1 - at) * stepMs;
    const bucket = byTime.get(from) ?? null;
    const total = bucket ? bucket.okSeconds + bucket.failedSeconds + bucket.notRunSeconds : 0;
    return {
      from: new Date(from).toISOString(),
      bucket: total > 0 ? bucket : null,
      failedShare: bucket && total > 0 ? bucket.failedSeconds / total : 0,
      notRunShare: bucket && total > 0 ? bucket.notRunSeconds / total : 0,
    };
  });
}

/** `100 %`, `99.98 %`; never 100 while something failed. A dash where nobody could look. */
export function formatUptime(percent: number | null): string {
  if (percent === null) return '–';
  if (percent === 100) return '100 %';
  return `${(Math.floor(percent * 100) / 100).toFixed(2)} %`;
}
