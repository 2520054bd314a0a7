import type { RuleView } from '#server/monitoring/rules/contract';

/** A rule may be looked at this much later than it is due, ms. */
const GRACE_MS = 60_000;

/** Since when nobody has looked at a rule that is long due, somewhere; null while all is looked at. */
export function leftSince(
  { intervalSeconds, standings }: Pick<RuleView, 'intervalSeconds' | 'standings'>,
  now: string,
): string | null {
  const [oldest] = standings.flatMap(({ evaluatedAt }) => evaluatedAt ?? []).sort();
  if (!oldest) return null;
  return Date.parse(now) - Date.parse(oldest) > intervalSeconds * 1_000 + GRACE_MS ? oldest : null;
}
