import { CooperError } from "../../kit/index.ts";

/** A condition of `if`, read. */
export type Condition =
  | { readonly kind: "literal"; readonly value: string | number | boolean | null }
  | { readonly kind: "list"; readonly items: readonly Condition[] }
  | { readonly kind: "regex"; readonly regex: RegExp }
  | { readonly kind: "variable"; readonly name: string; readonly at: number }
  | { readonly kind: "call"; readonly name: string; readonly args: readonly Condition[]; readonly at: number }
  | { readonly kind: "not"; readonly operand: Condition }
  | { readonly kind: "binary"; readonly operator: Operator; readonly left: Condition; readonly right: Condition };
export type Operator = "==" | "!=" | "=~" | "!~" | "&&" | "||" | "includes";

type Token = { readonly text: string; readonly at: number } & (
  | { readonly kind: "operator" | "word" | "end" }
  | { readonly kind: "string"; readonly value: string }
  | { readonly kind: "number"; readonly value: number }
  | { readonly kind: "regex"; readonly value: RegExp }
);

const maxLength = 8192;
const maxDepth = 100;

/** Reads a condition: Buildkite's grammar of conditionals. Throws `pipeline/condition` with the column. */
export function parseCondition(text: string): Condition {
  if (text.length > maxLength) throw bad("it is too long", 0);
  const parser = new Parser(tokens(text));
  return parser.whole();
}

function bad(what: string, at: number): CooperError {
  const hint = 'compare with == != =~ !~ or includes, join with && and ||: build.branch == "main" && build.tag == null';
  return new CooperError("pipeline/condition", `cannot read the condition: ${what} at character ${at + 1}`, { hint });
}

class Parser {
  readonly #tokens: readonly Token[];
  #at = 0;
  #depth = 0;
  constructor(all: readonly Token[]) {
    this.#tokens = all;
  }

  whole(): Condition {
    const condition = this.#or();
    if (this.#next.kind !== "end") throw this.#unexpected();
    return condition;
  }

  #or(): Condition {
    let left = this.#and();
    while (this.#take("||")) left = { kind: "binary", operator: "||", left, right: this.#and() };
    return left;
  }

  #and(): Condition {
    let left = this.#comparison();
    while (this.#take("&&")) left = { kind: "binary", operator: "&&", left, right: this.#comparison() };
    return left;
  }

  #comparison(): Condition {
    const left = this.#unary();
    for (const operator of ["==", "!=", "=~", "!~", "includes"] as const) {
      if (this.#take(operator)) return { kind: "binary", operator, left, right: this.#unary() };
    }
    return left;
  }

  #unary(): Condition {
    if (++this.#depth > maxDepth) throw bad("it nests too deep", this.#next.at);
    try {
      return this.#take("!") ? { kind: "not", operand: this.#unary() } : this.#primary();
    } finally {
      this.#depth--;
    }
  }

  #primary(): Condition {
    const token = this.#next;
    if (this.#take("(")) return this.#inside(")");
    if (this.#take("[")) return { kind: "list", items: this.#list("]") };
    this.#at++;
    switch (token.kind) {
      case "string":
      case "number":
        return { kind: "literal", value: token.value };
      case "regex":
        return { kind: "regex", regex: token.value };
      case "word":
        return this.#word(token);
      default:
        this.#at--;
        throw this.#unexpected();
    }
  }

  #word({ text, at }: Token): Condition {
    if (text === "true" || text === "false") return { kind: "literal", value: text === "true" };
    if (text === "null") return { kind: "literal", value: null };
    if (this.#take("(")) return { kind: "call", name: text, args: this.#list(")"), at };
    return { kind: "variable", name: text, at };
  }

  #inside(end: string): Condition {
    const condition = this.#or();
    if (!this.#take(end)) throw this.#unexpected();
    return condition;
  }

  #list(end: string): readonly Condition[] {
    const items: Condition[] = [];
    while (!this.#take(end)) {
      if (items.length > 0 && !this.#take(",")) throw this.#unexpected();
      items.push(this.#or());
    }
    return items;
  }

  get #next(): Token {
    return this.#tokens[Math.min(this.#at, this.#tokens.length - 1)] as Token;
  }

  #take(text: string): boolean {
    const { kind, text: found } = this.#next;
    if ((kind !== "operator" && kind !== "word") || found !== text) return false;
    this.#at++;
    return true;
  }

  #unexpected(): CooperError {
    const { kind, text, at } = this.#next;
    return bad(kind === "end" ? "it ends too early" : `unexpected ${JSON.stringify(text)}`, at);
  }
}

/** Alternatives in one expression, tried where the last token ended. */
const tokenPattern =
  /\s+|\/\/[^\n]*|(?<operator>==|!=|=~|!~|&&|\|\||[!()[\],])|(?<string>"(?:[^"\\]|\\[\s\S])*"|'(?:[^'\\]|\\[\s\S])*')|(?<number>-?\d+)|(?<regex>\/(?:[^/\\\n]|\\[^\n])+\/[a-z]*)|(?<word>[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*)/y;

function tokens(text: string): readonly Token[] {
  const found: Token[] = [];
  for (let at = 0; at < text.length; ) {
    tokenPattern.lastIndex = at;
    const match = tokenPattern.exec(text);
    if (match === null) throw bad(`unexpected ${JSON.stringify(text[at])}`, at);
    const token = tokenOf(match, at);
    if (token !== undefined) found.push(token);
    at += match[0].length;
  }
  return [...found, { kind: "end", text: "", at: text.length }];
}

function tokenOf(match: RegExpExecArray, at: number): Token | undefined {
  const { operator, string, number, regex, word } = match.groups ?? {};
  if (operator !== undefined) return { kind: "operator", text: operator, at };
  if (string !== undefined) return { kind: "string", text: string, value: unquoted(string), at };
  if (number !== undefined) return { kind: "number", text: number, value: Number(number), at };
  if (regex !== undefined) return { kind: "regex", text: regex, value: regexOf(regex, at), at };
  if (word !== undefined) return { kind: "word", text: word, at };
  return undefined;
}

function unquoted(text: string): string {
  return text
    .slice(1, -1)
    .replaceAll(/\\([\s\S])/g, (_, char: string) => (char === "n" ? "\n" : char === "t" ? "\t" : char));
}

function regexOf(text: string, at: number): RegExp {
  const end = text.lastIndexOf("/");
  try {
    return new RegExp(text.slice(1, end), text.slice(end + 1));
  } catch {
    throw bad(`${text} is no regular expression`, at);
  }
}
