import { isSpace, trimStart } from "../../../kit/index.ts";

/** Bytes of one physical line, line break included; upstream's scanner refuses longer ones. */
const maxLine = 65536;

/** Hands out the physical lines of a text, line breaks included, and counts them. */
export class LineReader {
  readonly #text: string;
  #at = 0;
  /** Lines handed out so far: the number of the current line, from 1. */
  count = 0;
  /** Set when a line was too long; nothing after it is handed out. */
  tooLong = false;

  constructor(text: string) {
    this.#text = text;
  }

  next(): string | undefined {
    if (this.tooLong || this.#at >= this.#text.length) return undefined;
    const end = this.#text.indexOf("\n", this.#at);
    const line = end < 0 ? this.#text.slice(this.#at) : this.#text.slice(this.#at, end + 1);
    if (exceeds(line, end < 0 ? maxLine - 1 : maxLine)) {
      this.tooLong = true;
      return undefined;
    }
    this.#at += line.length;
    this.count++;
    return line;
  }
}

function exceeds(line: string, limit: number): boolean {
  return line.length * 3 > limit && Buffer.byteLength(line) > limit;
}

export function withoutBom(text: string): string {
  return text.startsWith("\uFEFF") ? text.slice(1) : text;
}

/** The line without the carriage returns and newlines at its end. */
export function trimNewline(line: string): string {
  let end = line.length;
  while (end > 0 && (line[end - 1] === "\n" || line[end - 1] === "\r")) end--;
  return line.slice(0, end);
}

export function isComment(line: string): boolean {
  return trimStart(line).startsWith("#");
}

export function isBlank(line: string): boolean {
  for (const character of line) if (!isSpace(character)) return false;
  return true;
}

/**
 * The line without its continuation mark: an escape token, perhaps with blanks after it, at the end, that does not
 * follow another escape token. Undefined when there is none.
 */
export function withoutContinuation(line: string, escapeToken: string): string | undefined {
  let end = line.length;
  while (end > 0 && (line[end - 1] === " " || line[end - 1] === "\t")) end--;
  if (line[end - 1] !== escapeToken || line[end - 2] === escapeToken) return undefined;
  return line.slice(0, end - 1);
}
