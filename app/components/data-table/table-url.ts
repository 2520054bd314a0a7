/** What a list shows, kept in its URL so that it can be shared, bookmarked and gone back to. */

/** The search with some keys changed; empty values disappear, and any change but of the page itself goes to page 1. */
export function changeSearch(
  search: URLSearchParams,
  changes: Record<string, string | number | null>,
): string {
  const next = new URLSearchParams(search);
  if (!('page' in changes)) next.delete('page');
  for (const [key, value] of Object.entries(changes)) {
    if (value === null || value === '' || (key === 'page' && value === 1)) next.delete(key);
    else next.set(key, String(value));
  }
  const text = next.toString();
  return text ? `?${text}` : '?';
}

export interface SortState {
  sort: string;
  order: 'asc' | 'desc';
}

/** The search after a click on a column's header: first descending, then the other way round. */
export function sortSearch(search: URLSearchParams, column: string, current: SortState): string {
  const order = current.sort === column && current.order === 'desc' ? 'asc' : 'desc';
  return changeSearch(search, { sort: column, order });
}

/** `101–150 of 1,204`, or `of more than 1,204`; `none` where there is nothing. Pages count from 1. */
export function rangeText(
  page: number,
  pageSize: number,
  total: number,
  format: (n: number) => string,
  isTotalExact = true,
): string {
  if (total === 0) return 'none';
  const first = Math.min((page - 1) * pageSize + 1, total);
  const last = Math.min(page * pageSize, total);
  return `${format(first)}–${format(last)} of ${isTotalExact ? '' : 'more than '}${format(total)}`;
}

/** Filters that are set, without paging and sorting: what a CSV download and "clear" refer to. */
export function activeFilters(search: URLSearchParams): Record<string, string> {
  return Object.fromEntries(
    [...search].filter(
      ([key, value]) => value !== '' && !['page', 'pageSize', 'sort', 'order'].includes(key),
    ),
  );
}

const ROWS_OF_A_PAGE = 25;

/** The page, of a list that is read whole, which an address asks for; the last one where it asks for more. */
export function pageOfRows<T>(
  all: readonly T[],
  search: URLSearchParams,
): { rows: T[]; total: number; page: number; pageSize: number } {
  const pages = Math.max(1, Math.ceil(all.length / ROWS_OF_A_PAGE));
  const asked = Number(search.get('page') ?? 1);
  const page = Number.isInteger(asked) ? Math.min(Math.max(asked, 1), pages) : 1;
  const rows = all.slice((page - 1) * ROWS_OF_A_PAGE, page * ROWS_OF_A_PAGE);
  return { rows, total: all.length, page, pageSize: ROWS_OF_A_PAGE };
}
