/** Entries that a browser remembers to have been used. */
const REMEMBERED = 12;

const keyOf = (personId: string) => `ops.palette.recent.${personId}`;

/** Ids of the entries that the person used last in this browser, the newest first. */
export function readRecent(personId: string): string[] {
  try {
    const kept: unknown = JSON.parse(localStorage.getItem(keyOf(personId)) ?? '[]');
    if (!Array.isArray(kept)) return [];
    return kept.filter((id): id is string => typeof id === 'string').slice(0, REMEMBERED);
  } catch {
    return [];
  }
}

/** Remembers an entry as the last one used; a browser that keeps nothing remembers nothing. */
export function remember(personId: string, entryId: string): void {
  const ids = [entryId, ...readRecent(personId).filter((id) => id !== entryId)].slice(0, REMEMBERED);
  try {
    localStorage.setItem(keyOf(personId), JSON.stringify(ids));
  } catch {
    // The list is a convenience.
  }
}
