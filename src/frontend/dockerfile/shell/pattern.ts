import { CooperError } from "../../../kit/index.ts";

/** A piece of a shell pattern: a character, `?` or `*`. Brackets mean nothing here. */
type Piece =
  | { readonly kind: "literal"; readonly character: string }
  | { readonly kind: "one" }
  | { readonly kind: "many" };

interface Match {
  readonly start: number;
  readonly end: number;
}

/**
 * Character comparisons that one expression may cost (about a third of a second). Matching takes value length times
 * pattern length, never more; only hostile input comes near this.
 */
const maxSteps = 1 << 26;

/** `${x#pattern}` (shortest) and `${x##pattern}` (longest). Throws on a bad escape. */
export function trimPrefix(pattern: string, value: string, longest: boolean): string {
  const characters = Array.from(value);
  const match = find(parsePattern(pattern), characters, 0, { anchored: true, longest });
  return match === undefined ? value : characters.slice(match.end).join("");
}

/** `${x%pattern}` and `${x%%pattern}`: the same from the other end, so both sides are turned round. */
export function trimSuffix(pattern: string, value: string, longest: boolean): string {
  return reverse(trimPrefix(reversePattern(pattern), reverse(value), longest));
}

/** `${x/pattern/replacement}` and `${x//pattern/replacement}`: leftmost and longest; `*` and `?` do not match a newline. */
export function replacePattern(pattern: string, value: string, replacement: string, all: boolean): string {
  const pieces = parsePattern(pattern);
  const characters = Array.from(value);
  const first = find(pieces, characters, 0, { anchored: false, longest: true });
  if (first === undefined) return value;
  if (all) return replaceAll(pieces, characters, replacement);
  return characters.slice(0, first.start).join("") + replacement + characters.slice(first.end).join("");
}

/** As Go's `ReplaceAllString`: no empty match right after a match, `$0`/`$name`/`$$` in the replacement are references. */
function replaceAll(pieces: readonly Piece[], value: readonly string[], replacement: string): string {
  const budget = { steps: 0 };
  let out = "";
  let copied = 0;
  for (let from = 0; from <= value.length; ) {
    const match = find(pieces, value, from, { anchored: false, longest: true }, budget);
    if (match === undefined) break;
    out += value.slice(copied, match.start).join("");
    if (match.end > copied || match.start === 0) {
      out += expandTemplate(replacement, value.slice(match.start, match.end).join(""));
    }
    copied = match.end;
    from = Math.max(from + 1, match.end);
  }
  return out + value.slice(copied).join("");
}

/** `$0` is the whole match; no other group exists, so any other name is empty. */
function expandTemplate(template: string, whole: string): string {
  const reference = /\$(?:(\$)|([\p{L}\p{Nd}_]+)|\{([\p{L}\p{Nd}_]+)\})/gu;
  return template.replace(reference, (_all, dollar?: string, plain?: string, braced?: string) => {
    if (dollar !== undefined) return "$";
    return (plain ?? braced) === "0" ? whole : "";
  });
}

function parsePattern(pattern: string): Piece[] {
  const characters = Array.from(pattern.startsWith("\uFEFF") ? pattern.slice(1) : pattern);
  const pieces: Piece[] = [];
  for (let at = 0; at < characters.length; at++) {
    const character = characters[at] ?? "";
    if (character === "*") {
      pieces.push({ kind: "many" });
    } else if (character === "?") {
      pieces.push({ kind: "one" });
    } else if (character !== "\\") {
      pieces.push({ kind: "literal", character });
    } else if (characters[at + 1] !== "}" && characters[at + 1] !== "/") {
      pieces.push({ kind: "literal", character: escapedCharacter(characters[++at], pattern) });
    }
  }
  return pieces;
}

function escapedCharacter(character: string | undefined, pattern: string): string {
  if (character === "*" || character === "?" || character === "\\") return character;
  const reason = `invalid escape '\\${character ?? "\uFFFD"}'`;
  throw new CooperError("dockerfile/expansion", `invalid pattern (${pattern}) in substitution: ${reason}`);
}

/**
 * The leftmost match at or after `from`, the longest or the shortest one there. Follows all ways through the pattern
 * at once (no backtracking): `starts[i]` is the earliest start of a way that has matched the first `i` pieces.
 */
function find(
  pieces: readonly Piece[],
  value: readonly string[],
  from: number,
  how: { readonly anchored: boolean; readonly longest: boolean },
  budget = { steps: 0 },
): Match | undefined {
  const none = 0x7fffffff;
  const goal = pieces.length;
  let starts = new Int32Array(goal + 1).fill(none);
  let next = new Int32Array(goal + 1);
  let best: Match | undefined;
  for (let at = from; ; at++) {
    spend(budget, goal + 1);
    if (best === undefined && (at === from || !how.anchored)) starts[0] = Math.min(starts[0] ?? none, at);
    skipStars(pieces, starts);
    const start = starts[goal] ?? none;
    if (start !== none && start <= (best?.start ?? none)) best = { start, end: at };
    if (at === value.length || (best !== undefined && !how.longest)) return best;
    const alive = consume(pieces, starts, next, value[at] ?? "", best?.start ?? none);
    if (!alive && (how.anchored || best !== undefined)) return best;
    [starts, next] = [next, starts];
  }
}

function skipStars(pieces: readonly Piece[], starts: Int32Array): void {
  pieces.forEach((piece, index) => {
    if (piece.kind === "many") starts[index + 1] = Math.min(starts[index + 1] ?? 0, starts[index] ?? 0);
  });
}

/** Fills `next` with the ways that survive `character`; ways that begin after `latest` are dropped. True when any is left. */
function consume(
  pieces: readonly Piece[],
  starts: Int32Array,
  next: Int32Array,
  character: string,
  latest: number,
): boolean {
  next.fill(0x7fffffff);
  let alive = false;
  for (let index = 0; index < pieces.length; index++) {
    const start = starts[index] ?? 0x7fffffff;
    const piece = pieces[index];
    if (start === 0x7fffffff || start > latest || piece === undefined) continue;
    const fits = piece.kind === "literal" ? piece.character === character : character !== "\n";
    if (!fits) continue;
    const target = piece.kind === "many" ? index : index + 1;
    next[target] = Math.min(next[target] ?? 0, start);
    alive = true;
  }
  return alive;
}

function spend(budget: { steps: number }, steps: number): void {
  budget.steps += steps;
  if (budget.steps > maxSteps) {
    throw new CooperError(
      "dockerfile/expansion",
      "cannot match pattern in substitution: value and pattern are too long",
    );
  }
}

const reverse = (text: string): string => Array.from(text).reverse().join("");

/** Escape pairs stay pairs: `a\*c` becomes `c\*a`. */
function reversePattern(pattern: string): string {
  return (pattern.match(/\\.|./gsu) ?? []).reverse().join("");
}
