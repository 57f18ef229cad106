import { CooperError } from "../../kit/index.ts";

/** A piece of a template: text, or the words of one action. */
export type Piece =
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "action"; readonly words: readonly Word[]; readonly line: number };

export interface Word {
  readonly kind: "name" | "field" | "variable" | "number" | "string" | "symbol" | "space";
  readonly text: string;
}

/** Throws `cli/bad-template`. */
export function badTemplate(line: number, reason: string): CooperError {
  return new CooperError("cli/bad-template", `template: :${line}: ${reason}`);
}

/** Cuts a template into text and actions; `{{-` and `-}}` take the white space beside them away. */
export function lex(template: string): Piece[] {
  const pieces: Piece[] = [];
  let trim = false;
  for (let at = 0; at < template.length; ) {
    const open = template.indexOf("{{", at);
    const text = template.slice(at, open < 0 ? undefined : open);
    const trimsBefore = open >= 0 && /^\{\{-\s/.test(template.slice(open, open + 4));
    let shown = trim ? text.trimStart() : text;
    if (trimsBefore) shown = shown.trimEnd();
    if (shown !== "") pieces.push({ kind: "text", text: shown });
    if (open < 0) break;
    const line = template.slice(0, open).split("\n").length;
    const action = readAction(template, open + (trimsBefore ? 3 : 2), line);
    if (action.words !== undefined) pieces.push({ kind: "action", words: action.words, line });
    trim = action.trims;
    at = action.end;
  }
  return pieces;
}

interface Action {
  /** Undefined: a comment. */
  readonly words: readonly Word[] | undefined;
  readonly end: number;
  readonly trims: boolean;
}

const comment = /\s*\/\*[\s\S]*?\*\/(\s+-)?\}\}/y;
const ending = /\s+-\}\}|\s*\}\}/y;
const patterns: readonly (readonly [Word["kind"], RegExp])[] = [
  ["space", /\s+/y],
  ["string", /"(?:[^"\\\n]|\\.)*"|`[^`]*`/y],
  ["number", /'(?:[^'\\]|\\.)+'|[+-]?(?:0[xX][\da-fA-F]+|\d+(?:\.\d*)?(?:[eE][+-]?\d+)?|\.\d+)/y],
  ["variable", /\$[\p{L}\p{N}_]*/uy],
  ["field", /\.[\p{L}_][\p{L}\p{N}_]*/uy],
  ["name", /[\p{L}_][\p{L}\p{N}_]*/uy],
  ["symbol", /:=|[.|(),=]/y],
];

function readAction(template: string, start: number, line: number): Action {
  const remark = matchAt(comment, template, start);
  if (remark !== undefined) {
    return { words: undefined, end: start + remark.length, trims: /\s-\}\}$/.test(remark) };
  }
  const words: Word[] = [];
  for (let at = start; at < template.length; ) {
    const end = matchAt(ending, template, at);
    if (end !== undefined) return { words, end: at + end.length, trims: end.includes("-") };
    const word = wordAt(template, at);
    if (word === undefined) throw badTemplate(line, `unexpected ${JSON.stringify(template[at])} in command`);
    words.push(word);
    at += word.text.length;
  }
  throw badTemplate(line, "unclosed action");
}

function wordAt(template: string, at: number): Word | undefined {
  for (const [kind, pattern] of patterns) {
    const text = matchAt(pattern, template, at);
    if (text !== undefined) return { kind, text };
  }
  return undefined;
}

function matchAt(pattern: RegExp, text: string, at: number): string | undefined {
  pattern.lastIndex = at;
  return pattern.exec(text)?.[0];
}
