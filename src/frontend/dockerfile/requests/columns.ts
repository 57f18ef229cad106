/**
 * Lines of tab-separated cells in columns, as Go's `text/tabwriter` aligns them: a column is as wide as its widest cell in
 * consecutive lines that have it, plus `padding`; the last cell of a line belongs to no column.
 */
export function alignColumns(lines: readonly string[], padding: number): string {
  const rows = lines.map((line) => line.split("\t"));
  const widths = rows.map((): number[] => []);
  const columns = Math.max(0, ...rows.map((row) => row.length - 1));
  for (let column = 0; column < columns; column++) {
    for (let row = 0; row < rows.length; row++) {
      if (!hasColumn(rows[row], column) || hasColumn(rows[row - 1], column)) continue;
      setBlockWidth(rows, widths, row, column, padding);
    }
  }
  return rows.map((row, at) => `${row.map((cell, column) => pad(cell, widths[at]?.[column])).join("")}\n`).join("");
}

function setBlockWidth(
  rows: readonly string[][],
  widths: readonly number[][],
  first: number,
  column: number,
  padding: number,
): void {
  let end = first;
  let width = 0;
  for (; hasColumn(rows[end], column); end++) width = Math.max(width, length(rows[end]?.[column] ?? "") + padding);
  for (const row of widths.slice(first, end)) row[column] = width;
}

function hasColumn(row: readonly string[] | undefined, column: number): boolean {
  return row !== undefined && column < row.length - 1;
}

function pad(cell: string, width: number | undefined): string {
  return cell + " ".repeat(Math.max(0, (width ?? 0) - length(cell)));
}

/** Code points. */
function length(text: string): number {
  return Array.from(text).length;
}
