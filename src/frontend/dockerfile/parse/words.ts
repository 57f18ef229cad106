import { CooperError, goQuote, isSpace } from "../../../kit/index.ts";
import { blame } from "./errors.ts";
import { splitOnce } from "./split.ts";

/** Words as written: quotes and escape tokens stay, white space in quotes or after an escape token belongs to the word. Bytes that are no UTF-8 are lost. */
export function quotedWords(written: string, escapeToken: string): string[] {
  const text = written.toWellFormed();
  const words: string[] = [];
  let at = 0;
  while (true) {
    while (at < text.length && isSpace(text.charAt(at))) at++;
    if (at >= text.length) return words;
    const end = wordEnd(text, at, escapeToken);
    const word = text.slice(at, end.kept);
    if (word !== "") words.push(word);
    at = end.next;
  }
}

/** Where the word that begins at `start` ends. An escape token at the end of the text is not kept. */
function wordEnd(text: string, start: number, escapeToken: string): { kept: number; next: number } {
  let quote = "";
  for (let at = start; at < text.length; at++) {
    const character = text.charAt(at);
    if (quote === "" && isSpace(character)) return { kept: at, next: at };
    if (quote === "" && (character === "'" || character === '"')) quote = character;
    else if (character === quote) quote = "";
    if (character === escapeToken && quote !== "'") {
      if (at + 1 === text.length) return { kept: at, next: text.length };
      at++;
    }
  }
  return { kept: text.length, next: text.length };
}

/**
 * The (key, value, separator) triples of ENV and LABEL: `key=value …`, or the legacy `key value` with an empty
 * separator. Throws `dockerfile/syntax`.
 */
export function nameValues(text: string, command: string, escapeToken: string): string[] {
  const words = quotedWords(text, escapeToken);
  const [first] = words;
  if (first === undefined) return [];
  if (first.includes("=")) return words.flatMap(assignment);
  const [key, value] = splitOnce(text);
  if (value === undefined) throw new CooperError("dockerfile/syntax", `${command} must have two arguments`);
  return [key, value, ""];
}

function assignment(word: string): string[] {
  const at = word.indexOf("=");
  if (at < 0) {
    const sentence = `Syntax error - can't find = in ${goQuote(word)}. Must be of the form: name=value`;
    throw new CooperError("dockerfile/syntax", sentence, blame(word));
  }
  return [word.slice(0, at), word.slice(at + 1), "="];
}
