/**
 * Lays out rows of tab-ended cells as Go's `tabwriter` does with tabs of eight for padding: a column is as wide as its widest
 * cell in neighbouring rows that have it, plus one, rounded up to tabs. The text after the last tab of a row is no cell.
 */
export function layOut(rows: readonly (readonly string[])[]): string {
  const lines = rows.map((row) => [...row]);
  const out = lines.map(() => "");
  place(lines, out, 0, lines.length, 0);
  return out.map((line) => `${line}\n`).join("");
}

function place(rows: readonly (readonly string[])[], out: string[], from: number, to: number, column: number): void {
  for (let at = from; at < to; ) {
    const has = (row: number) => (rows[row]?.length ?? 0) > column + 1;
    if (!has(at)) {
      out[at] += rows[at]?.[column] ?? "";
      at++;
      continue;
    }
    let end = at;
    while (end < to && has(end)) end++;
    const widest = Math.max(...rows.slice(at, end).map((row) => [...(row[column] ?? "")].length));
    const width = Math.ceil((widest + 1) / 8) * 8;
    for (let row = at; row < end; row++) {
      const text = rows[row]?.[column] ?? "";
      out[row] += text + "\t".repeat(Math.ceil((width - [...text].length) / 8));
    }
    place(rows, out, at, end, column + 1);
    at = end;
  }
}
