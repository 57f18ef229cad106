import { CooperError } from "../../kit/index.ts";

/** A text with expansions in it, read. */
export type Expression = readonly (string | Expansion)[];
export type Expansion =
  | { readonly kind: "value"; readonly name: string }
  /** `${N-word}`, and with `empty` `${N:-word}`. */
  | { readonly kind: "default"; readonly name: string; readonly empty: boolean; readonly word: Expression }
  | { readonly kind: "required"; readonly name: string; readonly message: Expression }
  | { readonly kind: "substring"; readonly name: string; readonly offset: number; readonly length?: number }
  | { readonly kind: "trim"; readonly name: string; readonly operator: TrimOperator; readonly pattern: string };
export type TrimOperator = "%" | "%%" | "#" | "##";

const identifierStart = /\p{L}/u;
const identifier = /[\p{L}\p{N}_]*/uy;
/** Defaults within defaults; nobody writes more, and the stack is not endless. */
const maxDepth = 100;

/**
 * Reads a text as Buildkite's upload reads it (github.com/buildkite/interpolate v0.1.5, docs/step.md has the table). Throws
 * `pipeline/interpolation` in that library's words.
 */
export function parseExpression(text: string): Expression {
  const reader = { text, at: 0 };
  return readExpression(reader, "", 0);
}

interface Reader {
  readonly text: string;
  at: number;
}

function readExpression(reader: Reader, stop: string, depth: number): Expression {
  if (depth > maxDepth) throw bad("expansions nest too deep");
  const { text } = reader;
  const parts: (string | Expansion)[] = [];
  while (reader.at < text.length && text[reader.at] !== stop) {
    const two = text.slice(reader.at, reader.at + 2);
    if (two === "\\\\" || two === "$(") {
      parts.push(two);
      reader.at += 2;
    } else if (two === "\\$" || two === "$$") {
      parts.push("$");
      reader.at += 2;
    } else if (two[0] === "$" && two.length === 2) {
      reader.at++;
      parts.push(readExpansion(reader, depth));
    } else {
      parts.push(readText(reader, stop));
    }
  }
  return parts;
}

/** One character, whatever it is, and what follows up to the next one that could mean something. */
function readText(reader: Reader, stop: string): string {
  const from = reader.at++;
  const { text } = reader;
  while (
    reader.at < text.length &&
    !(text[reader.at] === "$" || text[reader.at] === "\\" || text[reader.at] === stop)
  ) {
    reader.at++;
  }
  return text.slice(from, reader.at);
}

/** After the `$`. What starts neither a name nor a brace leaves the `$` as it is: `$1`, `$?`, `$@`. */
function readExpansion(reader: Reader, depth: number): string | Expansion {
  const next = peek(reader);
  if (next === "{") return readBrace(reader, depth);
  if (!identifierStart.test(next)) return "$";
  return { kind: "value", name: readIdentifier(reader) };
}

function readBrace(reader: Reader, depth: number): Expansion {
  reader.at++;
  const name = readIdentifier(reader);
  if (peek(reader) === "}") {
    reader.at++;
    return { kind: "value", name };
  }
  const expansion = readOperation(reader, name, depth);
  const end = peek(reader);
  if (end !== "}") throw bad(`Expected brace expansion to end with }, got ${shown(end)}`);
  reader.at++;
  return expansion;
}

function readOperation(reader: Reader, name: string, depth: number): Expansion {
  const operator = peek(reader);
  reader.at += operator.length;
  switch (operator) {
    case ":":
      if (peek(reader) !== "-") return readSubstring(reader, name);
      reader.at++;
      return { kind: "default", name, empty: true, word: readExpression(reader, "}", depth + 1) };
    case "-":
      return { kind: "default", name, empty: false, word: readExpression(reader, "}", depth + 1) };
    case "?":
      return { kind: "required", name, message: readExpression(reader, "}", depth + 1) };
    case "%":
    case "#": {
      const twice = peek(reader) === operator;
      if (twice) reader.at++;
      const pattern = readUntil(reader, "}");
      return { kind: "trim", name, operator: twice ? doubled[operator] : operator, pattern };
    }
    default:
      throw bad(`Expected an operator, got ${shown(operator)}`);
  }
}

const doubled = { "%": "%%", "#": "##" } as const;

function readSubstring(reader: Reader, name: string): Expansion {
  const offset = wholeNumber(readUntil(reader, ":}"), "offset");
  if (peek(reader) !== ":") return { kind: "substring", name, offset };
  reader.at++;
  return { kind: "substring", name, offset, length: wholeNumber(readUntil(reader, "}"), "length") };
}

function wholeNumber(text: string, what: string): number {
  const digits = text.trim();
  if (!/^[+-]?\d{1,15}$/.test(digits))
    throw bad(`Unable to parse ${what}: parsing ${JSON.stringify(digits)}: invalid syntax`);
  return Number(digits);
}

function readUntil(reader: Reader, stops: string): string {
  const from = reader.at;
  while (reader.at < reader.text.length && !stops.includes(reader.text[reader.at] as string)) reader.at++;
  return reader.text.slice(from, reader.at);
}

function readIdentifier(reader: Reader): string {
  const first = peek(reader);
  if (!identifierStart.test(first)) throw bad(`Expected identifier to start with a letter, got ${shown(first)}`);
  identifier.lastIndex = reader.at;
  const name = identifier.exec(reader.text)?.[0] ?? "";
  reader.at += name.length;
  return name;
}

/** The whole character that comes next; empty at the end. */
function peek(reader: Reader): string {
  const code = reader.text.codePointAt(reader.at);
  return code === undefined ? "" : String.fromCodePoint(code);
}

function shown(char: string): string {
  return char === "" ? "the end of the text" : char;
}

function bad(message: string): CooperError {
  const hint = "write $$ for a dollar sign that the shell is to see";
  return new CooperError("pipeline/interpolation", message, { hint });
}
