import { expandWord } from "../shell/index.ts";
import type { Heredoc } from "./node.ts";

const noVariables = { get: () => undefined, keys: () => [] };

/**
 * A whole word such as `<<EOF`, `<<-"EOF"` or `3<<EOF`, or undefined when it is none. Throws `dockerfile/expansion`
 * when the name's quotes do not close.
 */
function readHeredocWord(word: string): Heredoc | undefined {
  const match = /^([0-9]*)<<(-?)[\t\n\f\r ]*([^<]*)$/.exec(word);
  const [, fd = "", dash = "", rest = ""] = match ?? [];
  if (rest === "") return undefined;
  const plain = expandWord(rest, noVariables, { skipUnsetEnv: true }).words;
  const raw = expandWord(rest, noVariables, { skipUnsetEnv: true, rawQuotes: true }).words;
  const [name] = plain;
  const [rawName] = raw;
  if (name === undefined || rawName === undefined || plain.length !== 1 || raw.length !== 1) return undefined;
  const expand = countQuotes(name) === countQuotes(rawName);
  return { name, expand, chomp: dash === "-", fileDescriptor: Number(fd), content: "" };
}

/** As `readHeredocWord`; a word with open quotes is none. */
export function parseHeredocWord(word: string): Heredoc | undefined {
  try {
    return readHeredocWord(word);
  } catch {
    return undefined;
  }
}

/** The heredocs that a logical line announces, in order. A line whose quotes do not close announces none. */
export function heredocsOf(line: string): Heredoc[] {
  let words: readonly string[];
  try {
    words = expandWord(line, noVariables, { rawQuotes: true, rawEscapes: true, skipUnsetEnv: true }).words;
  } catch {
    return [];
  }
  return words.map(readHeredocWord).filter((heredoc) => heredoc !== undefined);
}

/** The body of a `<<-` heredoc without leading tabs. */
export function chompHeredoc(body: string): string {
  return body.replace(/(^|\n)\t+/g, "$1");
}

function countQuotes(text: string): number {
  return text.split(/['"]/).length - 1;
}
