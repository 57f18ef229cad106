/** A place in a source file, as the engine attaches it to an error (`details` of kind `source`). Lines from 1. */
export interface SourcePlace {
  readonly filename: string;
  readonly data: Uint8Array;
  readonly ranges: readonly LineRange[];
}
interface LineRange {
  readonly start: { readonly line: number };
  readonly end: { readonly line: number };
}

/** The lines around the place, marked with `>>>`, laid out as upstream's; empty when there is nothing to show. */
export function excerpt(place: SourcePlace): string {
  const lines = Buffer.from(place.data).toString("utf8").split("\n");
  const first = Math.min(...place.ranges.map((range) => range.start.line));
  const last = Math.min(Math.max(...place.ranges.map(endOf)), lines.length);
  if (place.ranges.length === 0 || first < 1 || first > lines.length) return "";
  const [from, to] = widen(first, last, lines.length);
  const shown = lines.slice(from - 1, to).map((line, at) => {
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

/** Adds lines on both sides, more around a single one; a side that is at its end gives its share to nobody. */
function widen(first: number, last: number, count: number): [number, number] {
  let [from, to] = [first, last];
  for (let added = 0, wanted = first === last ? 4 : 2; added < wanted; added++) {
    if (from > 1) {
      from--;
      added++;
    }
    if (to !== count) {
      to++;
      added++;
    }
  }
  return [from, to];
}
