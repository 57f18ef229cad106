import type { SourceFile, SourceRange } from "../../contract.ts";
import type { Location } from "./instruction.ts";

/** A heredoc as announced on a line (`<<EOF`, `<<-"EOF"`, `3<<EOF`), with its body once that was read. */
export interface Heredoc {
  readonly name: string;
  readonly fileDescriptor: number;
  /** False when some part of the name was quoted. */
  readonly expand: boolean;
  /** `<<-`: leading tabs of the lines do not count. */
  readonly chomp: boolean;
  readonly content: string;
}

/** A logical line split into command, flags and arguments, not yet checked. */
export interface LineNode {
  /** The command word as written. */
  readonly command: string;
  readonly flags: readonly string[];
  /** What they mean depends on the command: words, one string, a JSON array, or (key, value, separator) triples. */
  readonly args: readonly string[];
  /** The arguments were a JSON array. */
  readonly json: boolean;
  /** For ONBUILD: the node of its trigger. */
  readonly child: LineNode | undefined;
  readonly original: string;
  readonly heredocs: readonly Heredoc[];
  readonly comments: readonly string[];
  readonly startLine: number;
  readonly endLine: number;
}

/** The file cut into lines. `parseInstructions` gives them their meaning. */
export interface ParsedFile {
  readonly source: SourceFile;
  readonly escapeToken: "\\" | "`";
  readonly nodes: readonly LineNode[];
  /** Instructions with an empty line among their continuations (rule NoEmptyContinuation). */
  readonly emptyContinuations: readonly SourceRange[];
}

/** A range per line from `start` to `end`; just `start` when `end` is not after it. */
export function lineRanges(start: number, end: number): Location {
  const ranges: SourceRange[] = [];
  for (let line = start; line <= Math.max(start, end); line++) {
    ranges.push({ start: { line, character: 0 }, end: { line, character: 0 } });
  }
  return ranges;
}
