import { usageFailure } from '#server/cli/ops/failure';

/** What tables show of an id: its end, which differs most. */
export function shortId(id: string): string {
  return id.slice(-8);
}

/**
 * The one of `rows` whose id is `given` or ends in it; `isCut` when they are the newest alone.
 * @throws OpsFailure `usage` when there is none, or several
 */
export function findById<T extends { id: string }>(
  rows: readonly T[],
  given: string,
  words: { what: string; list: string; isCut?: boolean },
): T {
  const found = given.length < 4 ? [] : rows.filter(({ id }) => id.endsWith(given.toLowerCase()));
  const [only] = found;
  if (only && found.length === 1) return only;
  if (words.isCut && found.length === 0) {
    throw usageFailure(
      `None of the newest ${rows.length} ${words.what}s has the id "${given}".`,
      'Give its whole id, which the address of its page ends in.',
    );
  }
  throw usageFailure(
    found.length > 1
      ? `"${given}" ends the id of ${found.length} of them.`
      : `There is no ${words.what} "${given}".`,
    `Name it by the id that "${words.list}" shows.`,
  );
}
