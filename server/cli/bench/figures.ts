/** The value below which the given share of the values lies; the median for 0.5. @throws Error for no values */
export function percentile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  const at = sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))];
  if (at === undefined) throw new Error('Nothing was measured');
  return at;
}

/** The last line of a bench. */
export function summary(
  bench: string,
  ours: number,
  baseline: number,
  more: Record<string, unknown> = {},
): string {
  const round = (value: number, digits: number): number => Number(value.toFixed(digits));
  return JSON.stringify({
    bench,
    ours: round(ours, 1),
    baseline: round(baseline, 1),
    unit: 'ms',
    ratio: round(ours / baseline, 3),
    ...more,
  });
}
