/** A place in a text file. Lines count from 1. */
export interface ExcerptPlace {
  readonly filename: string;
  readonly data: Uint8Array;
  readonly ranges: readonly LineRange[];
  /** The word in question; characters count UTF-16 units from 0. */
  readonly exact?: { readonly start: Point; readonly end: Point } | undefined;
}
interface Point {
  readonly line: number;
  readonly character: number;
}
interface LineRange {
  readonly start: { readonly line: number };
  readonly end: { readonly line: number };
}

/**
 * The lines of the place, marked with `>>>`, with two lines on either side of a single one and one of several, as
 * BuildKit lays them out. An exact place that is less than its line is underlined, and its column (from 1) follows the line
 * in the head. "" when there is nothing to show.
 */
export function excerpt(place: ExcerptPlace): string {
  const lines = Buffer.from(place.data).toString("utf8").split("\n");
  const ranges = place.ranges.some(({ start }) => start.line > 0) || !place.exact ? place.ranges : [place.exact];
  if (ranges.length === 0) return "";
  const first = ranges.reduce((least, range) => Math.min(least, range.start.line), Number.POSITIVE_INFINITY);
  const end = ranges.reduce((most, range) => Math.max(most, endOf(range)), 0);
  const last = Math.min(end, lines.length);
  if (first < 1 || first > lines.length) return "";
  const around = first === last ? 2 : 1;
  const word = wordOf(place, lines);
  const from = Math.max(1, first - around);
  const marked = linesIn(ranges, last);
  const shown = lines.slice(from - 1, last + around).map((line, at) => {
    const number = from + at;
    const mark = word?.line === number ? `     |     ${word.underline}\n` : "";
    return ` ${String(number).padStart(3)} | ${marked.has(number) ? ">>>" : "   "} ${line}\n${mark}`;
  });
  const rule = `${"-".repeat(20)}\n`;
  const head = word === undefined ? `${first}` : `${word.line}:${word.column}`;
  return `${place.filename}:${head}\n${rule}${shown.join("")}${rule}`;
}

/** The lines of the ranges, up to the last that there is. */
function linesIn(ranges: readonly LineRange[], last: number): ReadonlySet<number> {
  const lines = new Set<number>();
  for (const range of ranges) {
    for (let line = range.start.line; line <= Math.min(endOf(range), last); line++) lines.add(line);
  }
  return lines;
}

interface Word {
  readonly line: number;
  readonly column: number;
  readonly underline: string;
}

function wordOf({ exact }: ExcerptPlace, lines: readonly string[]): Word | undefined {
  if (exact === undefined || exact.start.line !== exact.end.line) return undefined;
  const { line, character: start } = exact.start;
  const end = exact.end.character;
  const text = lines[line - 1] ?? "";
  const isWholeLine = text.slice(0, start).trim() === "" && text.slice(end).trim() === "";
  if (isWholeLine || start >= end || end > text.length) return undefined;
  // Tabs stay tabs, so that the marks stand below what they mark.
  const margin = text.slice(0, start).replace(/[^\t]/gu, " ");
  return { line, column: start + 1, underline: margin + "^".repeat(Array.from(text.slice(start, end)).length) };
}

function endOf(range: LineRange): number {
  return Math.max(range.start.line, range.end.line);
}
