import type { SourceFile, SourceRange } from "../../contract.ts";
import type { Location } from "./instruction.ts";

/**
 * Where in the lines of `location` the first of `texts` stands that stands there at all, preferably as a word of its own.
 * Without one the whole of the first line, undefined when there is no such line. Comments between continued lines do not count.
 */
export function findExact(source: SourceFile, location: Location, texts: readonly string[]): SourceRange | undefined {
  const lines = linesOf(source, location);
  for (const text of texts) {
    if (text === "" || text.includes("\n")) continue;
    const found = find(lines, text, true) ?? find(lines, text, false);
    if (found !== undefined) return found;
  }
  const [first] = lines;
  if (first === undefined) return undefined;
  const start = first.text.length - first.text.trimStart().length;
  return rangeOf(first.line, start, first.text.trimEnd().length);
}

interface Line {
  readonly line: number;
  readonly text: string;
}

function linesOf({ data }: SourceFile, location: Location): Line[] {
  if (location.length === 0) return [];
  // A list too long to be arguments of Math.min: a heredoc has a range for each line.
  const first = location.reduce((least, { start }) => Math.min(least, start.line), Number.POSITIVE_INFINITY);
  const last = location.reduce((most, { start, end }) => Math.max(most, start.line, end.line), 0);
  const all = Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString("utf8").split("\n");
  const lines = all.slice(Math.max(0, first - 1), last).map((text, at) => ({ line: first + at, text }));
  return lines.filter(({ text }, at) => at === 0 || !/^\s*#/.test(text));
}

/** `asWord`: no letter, digit, `_` or `-` may touch it. */
function find(lines: readonly Line[], text: string, asWord: boolean): SourceRange | undefined {
  for (const { line, text: whole } of lines) {
    for (let at = whole.indexOf(text); at >= 0; at = whole.indexOf(text, at + 1)) {
      const end = at + text.length;
      if (!asWord || (isEdge(whole, at) && isEdge(whole, end))) return rangeOf(line, at, end);
    }
  }
  return undefined;
}

/** Whether a word may end or begin between the characters before and at `at`. */
function isEdge(text: string, at: number): boolean {
  return !/[\w-]/.test(text.charAt(at - 1)) || !/[\w-]/.test(text.charAt(at));
}

function rangeOf(line: number, start: number, end: number): SourceRange {
  return { start: { line, character: start }, end: { line, character: end } };
}
