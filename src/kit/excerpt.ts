/** A place in a text file. Lines count from 1. */
export interface ExcerptPlace {
  readonly filename: string;
  readonly data: Uint8Array;
  readonly ranges: readonly LineRange[];
}
interface LineRange {
  readonly start: { readonly line: number };
  readonly end: { readonly line: number };
}

/**
 * The lines of the place, marked with `>>>`, with two lines on either side of a single one and one of several, as
 * BuildKit lays them out. "" when there is nothing to show.
 */
export function excerpt(place: ExcerptPlace): string {
  const lines = Buffer.from(place.data).toString("utf8").split("\n");
  if (place.ranges.length === 0) return "";
  const first = Math.min(...place.ranges.map((range) => range.start.line));
  const last = Math.min(Math.max(...place.ranges.map(endOf)), lines.length);
  if (first < 1 || first > lines.length) return "";
  const around = first === last ? 2 : 1;
  const from = Math.max(1, first - around);
  const shown = lines.slice(from - 1, last + around).map((line, at) => {
    const number = from + at;
    const marked = place.ranges.some((range) => range.start.line <= number && endOf(range) >= number);
    return ` ${String(number).padStart(3)} | ${marked ? ">>>" : "   "} ${line}\n`;
  });
  const rule = `${"-".repeat(20)}\n`;
  return `${place.filename}:${first}\n${rule}${shown.join("")}${rule}`;
}

function endOf(range: LineRange): number {
  return Math.max(range.start.line, range.end.line);
}
