import { CooperError } from "./error.ts";

/** One step of a pattern. A `bare` character has no escape token before it. `globstar` is `**` followed by something, `all` is `**` at the end. */
type Token =
  | { readonly kind: "char"; readonly code: number; readonly bare?: boolean }
  | { readonly kind: "class"; readonly negated: boolean; readonly ranges: readonly (readonly [number, number])[] }
  | { readonly kind: "any" }
  | { readonly kind: "star" }
  | { readonly kind: "globstar" }
  | { readonly kind: "all" };

/** A compiled pattern. Matching takes time in proportion to pattern length times path length at worst, whatever the pattern. */
export interface Glob {
  matches(path: string): boolean;
  /** Whether it matches the path or what stands before one of its slashes; in one pass, however many there are. */
  matchesAnyPart?(path: string): boolean;
}

const slash = 0x2f;
const newline = 0x0a;
/** Patterns with more wildcards than this go to the state machine: a backtracking expression could take for ever. */
const simpleEnough = 2;
const longestPattern = 4096;

/** Compiles a pattern of Go's `filepath.Match`: `*`, `?`, `[a-z]`, `[^a]`, `\x`. Throws `kit/bad-pattern`. */
export function compileGlob(pattern: string): Glob {
  return compileTokens(parse(pattern, false));
}

/** Go's `filepath.Match(pattern, name)`. To match many names, compile once. Throws `kit/bad-pattern`. */
export function goMatch(pattern: string, name: string): boolean {
  return compileGlob(pattern).matches(name);
}

/**
 * Compiles a pattern that also knows `**`: any number of path components, none included. Throws `kit/bad-pattern`.
 * Upstream makes a regular expression of it and forgets two characters, which people's files rely on (`*.log|*.tmp`): `|` parts
 * alternatives, of which only the first is bound to the start of the path and only the last to its end; `^` is the start.
 */
export function compileDoubleStar(pattern: string): Glob {
  if (!/[|^]/.test(pattern)) return compileTokens(parse(pattern, true));
  const alternatives = splitAt(parse(pattern, true), "|");
  const globs = alternatives.flatMap((tokens, at) => {
    const begins = tokens.findIndex((token) => !isChar(token, "^"));
    const carets = begins < 0 ? tokens.length : begins;
    const rest = tokens.slice(carets);
    if (rest.some((token) => isChar(token, "^"))) return [];
    const before = at === 0 || carets > 0 ? [] : [anything];
    return compileTokens([...before, ...rest, ...(at === alternatives.length - 1 ? [] : [anything])]);
  });
  return {
    matches: (path) => globs.some((glob) => glob.matches(path)),
    matchesAnyPart: (path) => globs.some((glob) => glob.matchesAnyPart?.(path)),
  };
}

const anything: Token = { kind: "all" };

function isChar(token: Token, character: string): boolean {
  return token.kind === "char" && token.bare === true && token.code === character.codePointAt(0);
}

function splitAt(tokens: readonly Token[], character: string): Token[][] {
  const parts: Token[][] = [[]];
  for (const token of tokens) {
    if (isChar(token, character)) parts.push([]);
    else parts.at(-1)?.push(token);
  }
  return parts;
}

/** True when Go's `filepath.Match` treats some character of the text as a wildcard. */
export function hasWildcard(text: string): boolean {
  return /^(?:[^\\*?[]|\\.)*[*?[]/s.test(text);
}

function parse(pattern: string, doubleStar: boolean): Token[] {
  const chars = Array.from(pattern, (char) => char.codePointAt(0) as number);
  if (chars.length > longestPattern) throw badPattern();
  const tokens: Token[] = [];
  for (let at = 0; at < chars.length; ) {
    const char = String.fromCodePoint(chars[at] as number);
    if (char === "*") {
      const star = parseStar(chars, at, doubleStar);
      tokens.push(star.token);
      at = star.next;
    } else if (char === "[") {
      const found = parseClass(chars, at + 1);
      tokens.push(found.token);
      at = found.next;
    } else if (char === "?") {
      tokens.push({ kind: "any" });
      at++;
    } else {
      const bare = char !== "\\";
      if (!bare) at++;
      tokens.push({ kind: "char", code: codeAt(chars, at++), bare });
    }
  }
  return tokens;
}

function parseStar(chars: readonly number[], at: number, doubleStar: boolean): { token: Token; next: number } {
  if (!doubleStar || chars[at + 1] !== chars[at]) return { token: { kind: "star" }, next: at + 1 };
  const next = chars[at + 2] === slash ? at + 3 : at + 2;
  return { token: { kind: next >= chars.length ? "all" : "globstar" }, next };
}

function parseClass(chars: readonly number[], start: number): { token: Token; next: number } {
  let at = start;
  const negated = chars[at] === 0x5e;
  if (negated) at++;
  const ranges: [number, number][] = [];
  const member = () => {
    if (chars[at] === 0x2d || chars[at] === 0x5d) throw badPattern();
    if (chars[at] === 0x5c) at++;
    const code = codeAt(chars, at++);
    if (isRawByte(code)) throw badPattern();
    return code;
  };
  while (ranges.length === 0 || chars[at] !== 0x5d) {
    const low = member();
    if (chars[at] !== 0x2d) {
      ranges.push([low, low]);
      continue;
    }
    at++;
    ranges.push([low, member()]);
  }
  return { token: { kind: "class", negated, ranges }, next: at + 1 };
}

/** What stands in raw text (raw-text.ts) for a byte that is no UTF-8. */
function isRawByte(code: number): boolean {
  return code >= 0xdc80 && code <= 0xdcff;
}

function codeAt(chars: readonly number[], at: number): number {
  const code = chars[at];
  if (code === undefined) throw badPattern();
  return code;
}

function compileTokens(tokens: readonly Token[]): Glob {
  const wildcards = tokens.filter((token) => ["star", "globstar", "all"].includes(token.kind)).length;
  return wildcards <= simpleEnough ? asExpression(tokens) : asStateMachine(tokens);
}

/** The same pattern in both forms, for the test that compares them. */
export function compileBothWays(pattern: string): readonly [Glob, Glob] {
  const tokens = parse(pattern, true);
  return [asExpression(tokens), asStateMachine(tokens)];
}

function asExpression(tokens: readonly Token[]): Glob {
  const expression = new RegExp(`^${tokens.map(expressionOf).join("")}$`, "u");
  let states: readonly (Token | "inside")[] | undefined;
  return {
    matches: (path) => expression.test(path),
    matchesAnyPart: (path) => {
      states ??= statesOf(tokens);
      return runStates(states, path, true);
    },
  };
}

function expressionOf(token: Token): string {
  const literal = (code: number) => `\\u{${code.toString(16)}}`;
  switch (token.kind) {
    case "char":
      return literal(token.code);
    case "any":
      return "[^/]";
    case "star":
      return "[^/]*";
    case "globstar":
      return "(?:[^\\n]*/)?";
    case "all":
      return "[^\\n]*";
    case "class": {
      const ranges = token.ranges.filter(([low, high]) => low <= high);
      return `[${token.negated ? "^" : ""}${ranges.map(([low, high]) => `${literal(low)}-${literal(high)}`).join("")}]`;
    }
  }
}

/**
 * Walks all ways to match at once. State i means "the tokens before i have matched"; a globstar has a second state
 * behind it, inside its run of components.
 */
function asStateMachine(tokens: readonly Token[]): Glob {
  const states = statesOf(tokens);
  return {
    matches: (path) => runStates(states, path, false),
    matchesAnyPart: (path) => runStates(states, path, true),
  };
}

function statesOf(tokens: readonly Token[]): readonly (Token | "inside")[] {
  return tokens.flatMap((token): (Token | "inside")[] => (token.kind === "globstar" ? [token, "inside"] : [token]));
}

/** `anyPart`: what stands before a slash may match, too. */
function runStates(states: readonly (Token | "inside")[], path: string, anyPart: boolean): boolean {
  let now = new Uint8Array(states.length + 1);
  let next = new Uint8Array(states.length + 1);
  now[0] = 1;
  skipFreely(states, now);
  for (const char of path) {
    next.fill(0);
    const code = char.codePointAt(0) as number;
    if (anyPart && code === slash && now[states.length] === 1) return true;
    for (let index = 0; index < states.length; index++) {
      if (now[index] === 1) advance(states[index] as Token | "inside", index, code, next);
    }
    skipFreely(states, next);
    [now, next] = [next, now];
  }
  return now[states.length] === 1;
}

/** Moves that take no character: a star or a globstar may stand for nothing. They only lead forward. */
function skipFreely(states: readonly (Token | "inside")[], set: Uint8Array): void {
  for (let index = 0; index < states.length; index++) {
    const state = states[index];
    if (set[index] !== 1 || state === undefined || state === "inside") continue;
    if (state.kind === "star" || state.kind === "all") set[index + 1] = 1;
    if (state.kind === "globstar") set[index + 1] = set[index + 2] = 1;
  }
}

function advance(state: Token | "inside", index: number, code: number, next: Uint8Array): void {
  if (state === "inside") {
    if (code !== newline) next[index] = 1;
    if (code === slash) next[index + 1] = 1;
  } else if (state.kind === "star") {
    if (code !== slash) next[index] = 1;
  } else if (state.kind === "all") {
    if (code !== newline) next[index] = 1;
  } else if (takes(state, code)) {
    next[index + 1] = 1;
  }
}

function takes(token: Token, code: number): boolean {
  if (token.kind === "char") return token.code === code;
  if (token.kind === "any") return code !== slash;
  return token.kind === "class" && token.negated !== token.ranges.some(([low, high]) => low <= code && code <= high);
}

function badPattern(): CooperError {
  return new CooperError("kit/bad-pattern", "syntax error in pattern");
}
