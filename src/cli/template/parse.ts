import { badTemplate, lex, type Piece, type Word } from "./lex.ts";
import type { GoValue } from "./value.ts";

export type Node =
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "print"; readonly pipe: Pipe; readonly line: number }
  | {
      readonly kind: "if" | "with" | "range";
      readonly pipe: Pipe;
      readonly then: readonly Node[];
      readonly otherwise: readonly Node[];
      readonly line: number;
    }
  | { readonly kind: "break" }
  | { readonly kind: "continue" };

export interface Pipe {
  /** Variables that it sets. */
  readonly variables: readonly string[];
  readonly declares: boolean;
  readonly commands: readonly (readonly Operand[])[];
}

export type Operand =
  | { readonly kind: "dot"; readonly fields: readonly string[] }
  | { readonly kind: "constant"; readonly value: GoValue }
  | { readonly kind: "variable"; readonly name: string; readonly fields: readonly string[] }
  | { readonly kind: "function"; readonly name: string }
  | { readonly kind: "pipe"; readonly pipe: Pipe; readonly fields: readonly string[] };

/** Reads a template of Go's text/template; without templates inside of it (`define`, `template`, `block`). Throws `cli/bad-template`. */
export function parse(template: string): readonly Node[] {
  const pieces = { list: lex(template), at: 0 };
  const { nodes, end } = body(pieces);
  if (end !== undefined) throw badTemplate(end.line, `unexpected {{${end.word}}}`);
  return nodes;
}

interface Pieces {
  readonly list: readonly Piece[];
  at: number;
}
interface End {
  readonly word: "end" | "else";
  readonly words: Words;
  readonly line: number;
}

/** Nodes up to an `end`, an `else`, or the template's end. */
function body(pieces: Pieces): { readonly nodes: readonly Node[]; readonly end: End | undefined } {
  const nodes: Node[] = [];
  for (let piece = pieces.list[pieces.at++]; piece !== undefined; piece = pieces.list[pieces.at++]) {
    if (piece.kind === "text") {
      nodes.push(piece);
      continue;
    }
    const { line } = piece;
    const words = new Words(piece.words, line);
    const name = words.peek()?.kind === "name" ? words.peek()?.text : undefined;
    if (name === "end" || name === "else") {
      words.next();
      return { nodes, end: { word: name, words, line } };
    }
    nodes.push(action(name, words, pieces, line));
  }
  return { nodes, end: undefined };
}

function action(name: string | undefined, words: Words, pieces: Pieces, line: number): Node {
  switch (name) {
    case "if":
    case "with":
    case "range":
      words.next();
      return control(name, words, pieces, line);
    case "break":
    case "continue":
      return { kind: name };
    case "define":
    case "template":
    case "block":
      throw badTemplate(line, `{{${name}}} is not supported`);
    default: {
      const pipe = pipeline(words);
      words.expectEnd();
      return { kind: "print", pipe, line };
    }
  }
}

function control(kind: "if" | "with" | "range", words: Words, pieces: Pieces, line: number): Node {
  const pipe = pipeline(words);
  words.expectEnd();
  const { nodes: then, end } = body(pieces);
  if (end === undefined) throw badTemplate(line, "unexpected EOF");
  if (end.word === "end") return { kind, pipe, then, otherwise: [], line };
  const next = end.words.peek()?.text;
  if (next === "if" || next === "with") {
    end.words.next();
    return { kind, pipe, then, otherwise: [control(next, end.words, pieces, end.line)], line };
  }
  const rest = body(pieces);
  if (rest.end?.word !== "end") throw badTemplate(line, "unexpected EOF");
  return { kind, pipe, then, otherwise: rest.nodes, line };
}

/** `$a, $b := command | command`. */
function pipeline(words: Words): Pipe {
  const variables = words.variables();
  const commands: (readonly Operand[])[] = [];
  do {
    const operands: Operand[] = [];
    for (let one = operand(words); one !== undefined; one = operand(words)) operands.push(one);
    if (operands.length === 0) throw words.error("missing value for command");
    commands.push(operands);
  } while (words.take("|"));
  return { ...variables, commands };
}

function operand(words: Words): Operand | undefined {
  const word = words.peek();
  if (word === undefined || word.text === "|" || word.text === ")") return undefined;
  words.next();
  switch (word.kind) {
    case "field":
      return { kind: "dot", fields: [word.text.slice(1), ...words.fields()] };
    case "variable":
      return { kind: "variable", name: word.text, fields: words.fields() };
    case "string":
      return { kind: "constant", value: unquote(word.text) };
    case "number":
      return { kind: "constant", value: numberOf(word.text) };
    case "name":
      return named(word.text);
    default:
      return symbol(word, words);
  }
}

function symbol(word: Word, words: Words): Operand {
  if (word.text === ".") return { kind: "dot", fields: [] };
  if (word.text !== "(") throw words.error(`unexpected ${JSON.stringify(word.text)} in operand`);
  const pipe = pipeline(words);
  if (!words.take(")")) throw words.error("unclosed left paren");
  return { kind: "pipe", pipe, fields: words.fields() };
}

const constants = new Map<string, GoValue>([
  ["true", true],
  ["false", false],
  ["nil", null],
]);

function named(name: string): Operand {
  const value = constants.get(name);
  return value === undefined ? { kind: "function", name } : { kind: "constant", value };
}

function unquote(text: string): string {
  if (text.startsWith("`")) return text.slice(1, -1);
  const escapes: Readonly<Record<string, string>> = { n: "\n", t: "\t", r: "\r", '"': '"', "\\": "\\", "'": "'" };
  return text.slice(1, -1).replace(/\\(?:u([\da-fA-F]{4})|x([\da-fA-F]{2})|(.))/g, (all, u, x, one: string) => {
    const code: string | undefined = u ?? x;
    return code === undefined ? (escapes[one] ?? all) : String.fromCharCode(Number.parseInt(code, 16));
  });
}

function numberOf(text: string): GoValue {
  if (text.startsWith("'")) return unquote(text).codePointAt(0) ?? 0;
  return Number(text);
}

/** The words of one action, one after the other. */
class Words {
  readonly #words: readonly Word[];
  readonly #line: number;
  #at = 0;

  constructor(words: readonly Word[], line: number) {
    this.#words = words;
    this.#line = line;
  }

  error(reason: string) {
    return badTemplate(this.#line, reason);
  }

  /** The next word that is no white space. */
  peek(): Word | undefined {
    while (this.#words[this.#at]?.kind === "space") this.#at++;
    return this.#words[this.#at];
  }

  next(): Word | undefined {
    const word = this.peek();
    this.#at++;
    return word;
  }

  take(text: string): boolean {
    if (this.peek()?.text !== text) return false;
    this.#at++;
    return true;
  }

  /** Fields that follow without white space between. */
  fields(): readonly string[] {
    const fields: string[] = [];
    for (let word = this.#words[this.#at]; word?.kind === "field"; word = this.#words[++this.#at]) {
      fields.push(word.text.slice(1));
    }
    return fields;
  }

  /** `$a :=`, `$a, $b :=`, `$a =`, or nothing. */
  variables(): { readonly variables: readonly string[]; readonly declares: boolean } {
    const start = this.#at;
    const variables: string[] = [];
    while (this.peek()?.kind === "variable" && variables.length < 2) {
      variables.push(this.next()?.text ?? "");
      if (this.take(":=")) return { variables, declares: true };
      if (this.take("=")) return { variables, declares: false };
      if (!this.take(",")) break;
    }
    this.#at = start;
    return { variables: [], declares: false };
  }

  expectEnd(): void {
    const word = this.peek();
    if (word !== undefined) throw this.error(`unexpected ${JSON.stringify(word.text)} in command`);
  }
}
