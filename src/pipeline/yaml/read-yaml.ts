import { type Document, LineCounter, parseAllDocuments, type YAMLError } from "yaml";
import { messageOf } from "../../kit/index.ts";
import type { Place, Problems } from "../problems.ts";
import { toValue } from "./to-value.ts";
import type { Value } from "./value.ts";

/** Far more than any pipeline: Buildkite takes 500 steps. */
const maxBytes = 8 << 20;
/** Brackets and indents that nest deeper than this are nobody's pipeline. */
const maxDepth = 200;

const start: Place = { line: 1, column: 1 };

/**
 * Reads a stream of YAML 1.2 documents, with merge keys. What cannot be read is told to `problems`, with place and fix, and the rest is read all
 * the same. `"\:emoji\:"`, which pages of documentation show and no parser takes, means `":emoji:"` (one warning). Ends
 * in time linear to the text, whatever the text: aliases are counted.
 */
export function readYaml(text: string, problems: Problems): readonly Value[] {
  if (text.length > maxBytes) {
    problems.error(start, "too-large", `cannot read ${text.length} bytes of YAML`, `keep it below ${maxBytes} bytes`);
    return [];
  }
  const deep = deepPlace(text);
  if (deep !== undefined) {
    problems.error(deep, "too-deep", `cannot read YAML that nests deeper than ${maxDepth}`, "nest it less");
    return [];
  }
  const mended = withoutColonEscapes(text, problems);
  const documents = parse(mended.text, mended.place, problems);
  return documents.flatMap((document) => toValue(document, mended.place, problems) ?? []);
}

type PlaceOf = (offset: number) => Place;

function parse(text: string, placeOf: PlaceOf, problems: Problems): readonly Document[] {
  try {
    const parsed = parseAllDocuments(text, options);
    const documents = "empty" in parsed ? [] : parsed;
    for (const document of documents) for (const error of document.errors) report(error, placeOf, problems);
    return documents;
  } catch (error) {
    problems.error(start, "yaml", `cannot read the YAML: ${messageOf(error)}`, "simplify the file");
    return [];
  }
}

const options = { merge: true, prettyErrors: false, logLevel: "error", stringKeys: false } as const;

/** The text without the backslashes of `\:` in double quotes, and where its characters stand in the text as it was. */
function withoutColonEscapes(text: string, problems: Problems): { readonly text: string; readonly place: PlaceOf } {
  const lines = new LineCounter();
  lines.addNewLine(0);
  for (let at = text.indexOf("\n"); at >= 0; at = text.indexOf("\n", at + 1)) lines.addNewLine(at + 1);
  const place = (offset: number): Place => {
    const { line, col } = lines.linePos(Math.min(offset, text.length));
    return { line: Math.max(1, line), column: Math.max(1, col) };
  };
  const removed = text.includes("\\:") ? colonEscapes(text) : [];
  const [first] = removed;
  if (first === undefined) return { text, place };
  const times = removed.length === 1 ? "" : ` (${removed.length} times)`;
  const fix = "write the colon without a backslash";
  problems.warn(
    place(first),
    "yaml-escape",
    `read "\\:" as ":", which is not valid YAML in double quotes${times}`,
    fix,
  );
  let clean = "";
  let from = 0;
  for (const at of removed) {
    clean += text.slice(from, at);
    from = at + 1;
  }
  return { text: clean + text.slice(from), place: (offset) => place(offset + removedBefore(removed, offset)) };
}

function colonEscapes(text: string): readonly number[] {
  try {
    const parsed = parseAllDocuments(text, options);
    const errors = "empty" in parsed ? [] : parsed.flatMap((document) => document.errors);
    const escapes = errors.filter(
      ({ code, pos }) => code === "BAD_DQ_ESCAPE" && text[pos[0]] === "\\" && text[pos[0] + 1] === ":",
    );
    return [...new Set(escapes.map(({ pos }) => pos[0]))].sort((a, b) => a - b);
  } catch {
    return [];
  }
}

/** How many of the removed characters stood before what is now at `offset`. */
function removedBefore(removed: readonly number[], offset: number): number {
  let [low, high] = [0, removed.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((removed[middle] as number) - middle <= offset) low = middle + 1;
    else high = middle;
  }
  return low;
}

function report(error: YAMLError, placeOf: PlaceOf, problems: Problems): void {
  const sentence = `${error.message.charAt(0).toLowerCase()}${error.message.slice(1)}`.replace(/\.$/, "");
  problems.error(placeOf(error.pos[0]), "yaml", `not valid YAML: ${sentence}`, yamlFix(error.code));
}

function yamlFix(code: string): string {
  switch (code) {
    case "DUPLICATE_KEY":
      return "remove one of the two keys";
    case "BAD_DQ_ESCAPE":
      return "use single quotes, or write the backslash twice";
    case "TAB_AS_INDENT":
      return "indent with spaces";
    case "BAD_INDENT":
    case "MISSING_CHAR":
    case "BLOCK_AS_IMPLICIT_KEY":
    case "MULTILINE_IMPLICIT_KEY":
      return "check the indentation of this line and the one before, and the quotes around text that holds a colon";
    default:
      return "check indentation and quotes here";
  }
}

/** Where brackets nest too deep, or a line is indented absurdly with dashes; a rough look that keeps the parser's stack safe. */
function deepPlace(text: string): Place | undefined {
  let depth = 0;
  let line = 1;
  let lineStart = 0;
  let dashes = 0;
  for (let at = 0; at < text.length; at++) {
    const char = text[at];
    if (char === "\n") {
      line++;
      lineStart = at + 1;
      dashes = 0;
    } else if (char === "[" || char === "{") depth++;
    else if (char === "]" || char === "}") depth = Math.max(0, depth - 1);
    else if ((char === "-" || char === "?" || char === ":") && (text[at + 1] === " " || text[at + 1] === "\n"))
      dashes++;
    if (depth > maxDepth * 5 || dashes > maxDepth) return { line, column: at - lineStart + 1 };
  }
  return undefined;
}
