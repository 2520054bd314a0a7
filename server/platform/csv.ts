type Cell = string | number | boolean | null | undefined;

/**
 * One line of CSV (RFC 4180) with its line end. A text that a spreadsheet would take for a formula gets a leading
 * apostrophe (OWASP, CSV injection); numbers are left as they are.
 */
export function csvLine(cells: readonly Cell[]): string {
  return `${cells.map(csvCell).join(',')}\r\n`;
}

function csvCell(cell: Cell): string {
  if (cell === null || cell === undefined) return '';
  if (typeof cell !== 'string') return String(cell);
  const inert = /^[=+\-@\t\r\n]/.test(cell) ? `'${cell}` : cell;
  return /[",\r\n]|^\s|\s$/.test(inert) ? `"${inert.replaceAll('"', '""')}"` : inert;
}
