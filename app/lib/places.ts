/**
 * The environment that is meant where none is named: the only one that is not for practice, or else the only one there
 * is; null where there are more.
 */
export function theOnlyOne<T extends { isPractice: boolean }>(environments: readonly T[]): T | null {
  const real = environments.filter(({ isPractice }) => !isPractice);
  const meant = real.length > 0 ? real : environments;
  return meant.length === 1 ? (meant[0] ?? null) : null;
}

/** Those for practice come after the others; apart from that the order stays. */
export function practiceLast<T extends { isPractice: boolean }>(environments: readonly T[]): T[] {
  return [...environments].sort((a, b) => Number(a.isPractice) - Number(b.isPractice));
}
