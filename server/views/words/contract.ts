/* What pages show of saved views, without the schemas, which a browser has no use for. */

/** The lists that have saved views. */
export const VIEW_LISTS = ['incidents'] as const;
export type ViewList = (typeof VIEW_LISTS)[number];

export const VIEW_NAME_MAX = 60;
/** The longest filter that is kept, characters. */
export const VIEW_QUERY_MAX = 1_000;
/** Views that a person has of a list at most, and that everybody has. */
export const VIEWS_MAX = 30;

/** Which part of a list is shown, and in which order of columns: not what a view is about. */
const NOT_KEPT = ['page', 'pageSize', 'correct'];

/** A filter as it is kept: in the order of its names, without what says nothing and without paging. Pure. */
export function filterOf(query: string): string {
  const given = [...new URLSearchParams(query)].filter(
    ([name, value]) => value.trim() !== '' && !NOT_KEPT.includes(name),
  );
  const sorted = given.sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
  return new URLSearchParams(sorted).toString();
}
