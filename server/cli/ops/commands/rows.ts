import { type CommandInput, textOf } from '#server/cli/ops/command';
import { usageFailure } from '#server/cli/ops/failure';
import type { Screen } from '#server/cli/ops/output/screen';
import type { Column } from '#server/cli/ops/output/table';

/** The least and the most that the console gives as a page. */
const LEAST_ROWS = 10;
const MOST_ROWS = 200;

/** How many rows a list shows: `--limit`, or `fallback`. @throws OpsFailure `usage` */
export function rowsOf(input: CommandInput, fallback: number): number {
  const given = textOf(input, 'limit');
  if (given === undefined) return fallback;
  const rows = Number(given);
  if (!Number.isInteger(rows) || rows < 1 || rows > MOST_ROWS) {
    throw usageFailure(`--limit: "${given}" is no number from 1 to ${MOST_ROWS}.`);
  }
  return rows;
}

/** The page to ask for; what is too much of it is left out. */
export function pageSizeOf(rows: number): number {
  return Math.max(LEAST_ROWS, rows);
}

/** Shows as many rows of a page as were asked for, and tells people how many there are beyond them. */
export function showRows<Row, Page extends { rows: Row[]; total: number; isTotalExact?: boolean }>(
  screen: Screen,
  found: Page,
  rows: number,
  columns: readonly Column<Row>[],
  empty: string,
): void {
  const shown = found.rows.slice(0, rows);
  screen.table({ ...found, rows: shown }, shown, columns, empty);
  const { total, isTotalExact = true } = found;
  if (!screen.json && shown.length > 0 && total > shown.length)
    screen.notice(`${shown.length} of ${isTotalExact ? '' : 'more than '}${total}; more with --limit.`);
}
