import { CooperError, decodeRaw, trimStart } from "../../../kit/index.ts";
import type { Location } from "./instruction.ts";
import { LineReader, trimNewline, withoutBom } from "./lines.ts";
import { lineRanges } from "./node.ts";

const names = ["syntax", "escape", "check"] as const;
export type DirectiveName = (typeof names)[number];

export interface Directive {
  readonly name: DirectiveName;
  /** Up to the first space. */
  readonly value: string;
  /** All of it: an image reference and arguments of a `syntax` directive. */
  readonly line: string;
  readonly location: Location;
}

/** Reads directives line by line; the first line that is none ends them for good. */
export class DirectiveReader {
  readonly #prefix: string;
  readonly #seen = new Set<DirectiveName>();
  #line: number;
  #done = false;

  /** `skippedLines` is what came before (a shebang). */
  constructor(prefix = "#", skippedLines = 0) {
    this.#prefix = prefix;
    this.#line = skippedLines;
  }

  get done(): boolean {
    return this.#done;
  }

  /** Throws `dockerfile/directive` when the directive was there before. */
  read(line: string): Directive | undefined {
    this.#line++;
    if (this.#done) return undefined;
    const directive = line.startsWith(this.#prefix)
      ? assignment(trimStart(line.slice(this.#prefix.length)))
      : undefined;
    if (directive === undefined) {
      this.#done = true;
      return undefined;
    }
    if (this.#seen.has(directive.name)) {
      throw new CooperError("dockerfile/directive", `only one ${directive.name} parser directive can be used`);
    }
    this.#seen.add(directive.name);
    return { ...directive, location: lineRanges(this.#line, this.#line) };
  }
}

/** `name = value` with a name that is a directive's. A value of blanks alone is its last blank, as upstream has it. */
function assignment(text: string): Pick<Directive, "name" | "value" | "line"> | undefined {
  const match = /^([a-zA-Z][a-zA-Z0-9]*)[\t\n\f\r ]*=/.exec(text);
  const name = names.find((known) => known === match?.[1]?.toLowerCase());
  if (match === null || name === undefined) return undefined;
  const rest = text.slice(match[0].length);
  const line = trimAscii(rest) || rest.slice(-1);
  if (line === "") return undefined;
  return { name, line, value: line.split(" ", 1)[0] ?? "" };
}

function trimAscii(text: string): string {
  const blank = "\t\n\f\r ";
  let start = 0;
  let end = text.length;
  while (start < end && blank.includes(text.charAt(start))) start++;
  while (end > start && blank.includes(text.charAt(end - 1))) end--;
  return text.slice(start, end);
}

/** The `syntax` directive in any form: `# syntax=`, `// syntax=`, JSON; a shebang line before it is skipped. */
export function detectSyntax(data: Uint8Array): Directive | undefined {
  const { text, skipped } = withoutShebang(data);
  return scan("syntax", text, "#", skipped) ?? scan("syntax", text, "//", skipped) ?? jsonDirective(text, skipped);
}

/** A directive in `#` form, or undefined. Never throws: a repeated directive is `parseDockerfile`'s to report. */
export function findDirective(name: DirectiveName, data: Uint8Array): Directive | undefined {
  const { text, skipped } = withoutShebang(data);
  return scan(name, text, "#", skipped);
}

/** `check=…` in the text of a comment above an instruction, or undefined. */
export function checkDirective(comment: string): string | undefined {
  const directive = new DirectiveReader("").read(comment);
  return directive?.name === "check" ? directive.value : undefined;
}

function withoutShebang(data: Uint8Array): { text: string; skipped: number } {
  const text = withoutBom(decodeRaw(data));
  if (!text.startsWith("#!")) return { text, skipped: 0 };
  const end = text.indexOf("\n");
  return { text: end < 0 ? "" : text.slice(end + 1), skipped: 1 };
}

function scan(name: DirectiveName, text: string, prefix: string, skipped: number): Directive | undefined {
  const lines = new LineReader(text);
  const reader = new DirectiveReader(prefix, skipped);
  let found: Directive | undefined;
  try {
    for (let line = lines.next(); line !== undefined && !reader.done; line = lines.next()) {
      const directive = reader.read(trimNewline(line));
      if (directive?.name === name) found ??= directive;
    }
  } catch {
    // A repetition ends the directives; what came before it counts.
  }
  return found;
}

function jsonDirective(text: string, skipped: number): Directive | undefined {
  if (!text.trimStart().startsWith("{")) return undefined;
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (typeof parsed !== "object" || parsed === null || !Object.hasOwn(parsed, "syntax")) return undefined;
  const value: unknown = (parsed as Record<string, unknown>).syntax;
  if (typeof value !== "string") return undefined;
  return { name: "syntax", value, line: value, location: lineRanges(skipped, skipped) };
}
