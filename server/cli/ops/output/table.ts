import { clean, cut, lengthOf } from '#server/cli/ops/output/format';
import { markOf, type Paint, type State } from '#server/cli/ops/output/paint';

/** Plain text, or a state with its word. */
export type Cell = string | { state: State; text: string };

export interface Column<T> {
  title: string;
  cell: (row: T) => Cell;
  /** Figures. */
  right?: boolean;
  /** May be cut where the line would be too long; the widest of these first. */
  flexible?: boolean;
}

const GAP = '  ';
const LEAST = 6;

/**
 * Aligned lines, a heading first. @param width characters that a line may have; null (a pipe) cuts nothing
 */
export function renderTable<T>(
  rows: readonly T[],
  columns: readonly Column<T>[],
  options: { width: number | null; paint: Paint },
): string[] {
  const cells = rows.map((row) => columns.map((column) => toCell(column.cell(row))));
  const widths = columns.map((column, index) =>
    Math.max(lengthOf(column.title), ...cells.map((line) => lengthOf(line[index]?.text ?? ''))),
  );
  if (options.width !== null) shrink(widths, columns, options.width);
  const line = (texts: { text: string; state: State | null }[]): string =>
    texts
      .map(({ text, state }, index) => {
        const width = widths[index] ?? 0;
        const shown = cut(text, width);
        const padding = ' '.repeat(width - lengthOf(shown));
        const painted = state ? options.paint(state, shown) : shown;
        return columns[index]?.right ? padding + painted : painted + padding;
      })
      .join(GAP)
      .trimEnd();
  return [
    line(columns.map(({ title }) => ({ text: title.toUpperCase(), state: null }))),
    ...cells.map((each) => line(each)),
  ];
}

function toCell(cell: Cell): { text: string; state: State | null } {
  if (typeof cell === 'string') return { text: clean(cell), state: null };
  return { text: `${markOf(cell.state)} ${clean(cell.text)}`, state: cell.state };
}

/** Takes from the widest flexible column until the line fits or nothing can be taken. */
function shrink<T>(widths: number[], columns: readonly Column<T>[], width: number): void {
  const total = () => widths.reduce((sum, each) => sum + each, 0) + GAP.length * (widths.length - 1);
  while (total() > width) {
    let widest = -1;
    for (const [index, column] of columns.entries()) {
      if (!column.flexible || (widths[index] ?? 0) <= LEAST) continue;
      if (widest < 0 || (widths[index] ?? 0) > (widths[widest] ?? 0)) widest = index;
    }
    if (widest < 0) return;
    widths[widest] = (widths[widest] ?? 0) - 1;
  }
}

/** `label  value` lines with the values aligned; pairs without a value are left out. */
export function renderPairs(pairs: readonly (readonly [string, string | null | undefined])[]): string[] {
  const shown = pairs.filter((pair): pair is [string, string] => Boolean(pair[1]));
  const width = Math.max(0, ...shown.map(([label]) => lengthOf(label)));
  return shown.map(([label, value]) => `${label.padEnd(width)}  ${value}`);
}
