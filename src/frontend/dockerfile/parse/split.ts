import { decodeRaw, encodeRaw, isSpace, trim, trimStart } from "../../../kit/index.ts";

export interface SplitLine {
  /** As written. */
  readonly command: string;
  readonly flags: readonly string[];
  /** The rest, trimmed. */
  readonly rest: string;
}

/** White space between arguments: narrower than Unicode's. */
export const blanks = /[\t\v\f\r ]+/;

/** Splits at the first run of blanks; one piece when there is none. */
export function splitOnce(text: string): [string] | [string, string] {
  const match = blanks.exec(text);
  if (match === null) return [text];
  return [text.slice(0, match.index), text.slice(match.index + match[0].length)];
}

/** Cuts a logical line into command, `--flags` and the rest. */
export function splitLine(line: string, escapeToken: string): SplitLine {
  const [command, afterCommand = ""] = splitOnce(trim(line));
  if (!trimStart(afterCommand).startsWith("--")) return { command, flags: [], rest: trim(afterCommand) };
  // Upstream reads flags byte by byte, each byte a character: `--chown=é` means `Ã©`, also in its digests.
  const bytes = encodeRaw(afterCommand).toString("latin1");
  const { flags, end } = readFlags(bytes, escapeToken);
  return { command, flags, rest: trim(decodeRaw(Buffer.from(bytes.slice(end), "latin1"))) };
}

/**
 * The words before the arguments that begin with `--`, quotes and escape tokens resolved, up to a lone `--`.
 * `end` is where the arguments begin.
 */
function readFlags(text: string, escapeToken: string): { flags: string[]; end: number } {
  const flags: string[] = [];
  let at = 0;
  while (true) {
    while (at < text.length && isSpace(text.charAt(at))) at++;
    if (!text.startsWith("--", at)) return { flags, end: at };
    const word = readFlag(text, at, escapeToken);
    at = word.end;
    if (word.flag === "--") return { flags, end: at };
    flags.push(word.flag);
  }
}

function readFlag(text: string, start: number, escapeToken: string): { flag: string; end: number } {
  let flag = "";
  let quote = "";
  let at = start;
  for (; at < text.length; at++) {
    let character = text.charAt(at);
    if (quote === "" && isSpace(character)) break;
    if (quote === "" && (character === "'" || character === '"')) {
      quote = character;
      continue;
    }
    if (character === quote) {
      quote = "";
      continue;
    }
    if (character === escapeToken) character = text.charAt(++at);
    flag += character;
  }
  return { flag, end: Math.min(at, text.length) };
}
