import { CooperError, messageOf } from "../kit/index.ts";
import { compareBytes, goJson } from "../oci/index.ts";

/** The tokens of a document that is known to be valid. Strings may be long: a pattern for them would overflow the stack. */
export function* jsonTokens(text: string): Generator<string> {
  const plain = /[{}[\],:]|[^\s{}[\],:"]+|"/g;
  for (let match = plain.exec(text); match !== null; match = plain.exec(text)) {
    if (match[0] !== '"') {
      yield match[0];
      continue;
    }
    const end = endOfString(text, match.index);
    yield text.slice(match.index, end);
    plain.lastIndex = end;
  }
}

/** Behind the quote that ends the string which begins at `start`. */
function endOfString(text: string, start: number): number {
  for (let end = text.indexOf('"', start + 1); end >= 0; end = text.indexOf('"', end + 1)) {
    let before = end;
    while (text[before - 1] === "\\") before--;
    if ((end - before) % 2 === 0) return end + 1;
  }
  return text.length;
}

/**
 * A JSON document without spaces, as Go's encoder writes a raw message: order of keys, digits and escapes untouched but for those
 * that it adds. Nothing at all is `null`. Throws `code` for what is no JSON.
 */
export function compactJson(text: string, code: string): string {
  if (text === "") return "null";
  parseOrThrow(text, code);
  return Array.from(jsonTokens(text), escapeToken).join("");
}

/** A compact document with two spaces per level, as Go's `json.Indent`. */
export function indentJson(compact: string): string {
  let depth = 0;
  const line = () => `\n${"  ".repeat(depth)}`;
  const out: string[] = [];
  const all = [...jsonTokens(compact)];
  for (const [index, token] of all.entries()) {
    const before = all[index - 1];
    if (token === "{" || token === "[") {
      depth++;
      const next = all[index + 1];
      out.push(next === "}" || next === "]" ? token : token + line());
    } else if (token === "}" || token === "]") {
      depth--;
      out.push(before === "{" || before === "[" ? token : line() + token);
    } else if (token === ",") out.push(`,${line()}`);
    else out.push(token === ":" ? ": " : token);
  }
  return out.join("");
}

/** A value as Go's encoder writes what its decoder read into `any`: keys in order of their bytes. */
export function sortedJson(value: unknown): string {
  return goJson(sorted(value));
}

/** `JSON.parse`. Throws `code`. */
export function parseOrThrow(text: string, code: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new CooperError(code, messageOf(cause), { cause });
  }
}

function sorted(value: unknown): unknown {
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.map(sorted);
  const entries = Object.entries(value).sort(([a], [b]) => compareBytes(a, b));
  return new Map(entries.map(([key, part]) => [key, sorted(part)] as const));
}

/** Escapes what Go escapes inside strings; outside of strings these characters do not occur. */
export function escapeToken(token: string): string {
  return token.replace(/[<>&\u2028\u2029]/g, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`);
}
