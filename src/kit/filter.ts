import { CooperError } from "./error.ts";

/** What a filter asks of a thing: the text under a path of field names, or undefined when it is not there. */
export type Fields = (path: readonly string[]) => string | undefined;
export type Filter = (fields: Fields) => boolean;

/**
 * containerd's filters: selectors joined by commas must all hold, of several filters any. A selector is a path of fields
 * (`labels."a.b"`), alone for one that is there, or with `==`, `!=`, `~=` (a regular expression; one that cannot be compiled
 * matches nothing) and a value, bare or quoted. No filter, and an empty one, take everything. Throws `kit/bad-filter`.
 */
export function parseFilters(texts: readonly string[]): Filter {
  if (texts.length === 0) return () => true;
  const filters = texts.map(parseFilter);
  return (fields) => filters.some((filter) => filter(fields));
}

/** One filter, with the same promises. */
export function parseFilter(text: string): Filter {
  if (text === "") return () => true;
  const input = new Input(text);
  const selectors: Filter[] = [];
  do selectors.push(selector(input));
  while (input.takes(/,/y) !== undefined);
  if (!input.done) throw input.wrong(`unexpected input: ${input.rest.charAt(0)}`);
  return (fields) => selectors.every((holds) => holds(fields));
}

function selector(input: Input): Filter {
  const path = [field(input)];
  while (input.takes(/\./y) !== undefined) path.push(field(input));
  if (input.done || input.rest.startsWith(",")) return (fields) => fields(path) !== undefined;
  const at = input.skipSpace();
  const operator = input.takes(/[=!~]+/y);
  if (operator === undefined) throw input.wrong('expected an operator ("=="|"!="|"~=")');
  if (operator !== "==" && operator !== "!=" && operator !== "~=") {
    throw input.wrong(`unsupported operator "${operator}"`, at);
  }
  const wanted = value(input, operator === "~=");
  if (operator === "==") return (fields) => fields(path) === wanted;
  if (operator === "!=") return (fields) => (fields(path) ?? "") !== wanted;
  const pattern = compiled(wanted);
  return (fields) => pattern?.test(fields(path) ?? "") ?? false;
}

function field(input: Input): string {
  input.skipSpace();
  const name = input.takes(/[A-Za-z0-9_]+/y) ?? input.quoted(['"']);
  if (name === undefined) throw input.wrong("expected field or quoted");
  return name;
}

function value(input: Input, pattern: boolean): string {
  input.skipSpace();
  const text = input.quoted(pattern ? ['"', "/", "|"] : ['"']) ?? input.takes(/[^,\s]+/y);
  if (text === undefined) throw input.wrong("expected value or quoted");
  return text;
}

function compiled(pattern: string): RegExp | undefined {
  try {
    return new RegExp(pattern);
  } catch {
    return undefined;
  }
}

class Input {
  readonly #text: string;
  #at = 0;
  constructor(text: string) {
    this.#text = text;
  }

  get done(): boolean {
    return this.#at >= this.#text.length;
  }

  get rest(): string {
    return this.#text.slice(this.#at);
  }

  skipSpace(): number {
    this.takes(/\s*/y);
    return this.#at;
  }

  /** What a sticky pattern finds here. */
  takes(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.#text)?.[0];
    if (found !== undefined) this.#at += found.length;
    return found;
  }

  /** A literal in one of the quotes, with Go's escapes for the usual characters. */
  quoted(quotes: readonly string[]): string | undefined {
    const quote = this.#text.charAt(this.#at);
    if (!quotes.includes(quote)) return undefined;
    const end = new RegExp(`${escaped(quote)}((?:[^\\\\${escaped(quote)}\\n]|\\\\.)*)${escaped(quote)}`, "y");
    const literal = this.takes(end);
    if (literal === undefined) throw this.wrong("quoted literal not terminated");
    return literal.slice(1, -1).replace(/\\(.)/g, (_, letter: string) => escapes[letter] ?? letter);
  }

  wrong(what: string, at = this.#at): CooperError {
    const text = this.#text;
    const place = at < text.length ? `${text.slice(0, at)} >|${text[at]}|< ${text.slice(at + 1)}` : text;
    return new CooperError("kit/bad-filter", `filters: parse error: [${place}]: ${what}: invalid argument`);
  }
}

const escapes: Readonly<Record<string, string>> = { n: "\n", t: "\t", r: "\r" };
const escaped = (quote: string) => (quote === "|" ? "\\|" : quote === "/" ? "\\/" : quote);
