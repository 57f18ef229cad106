import type { TrimOperator } from "./expression.ts";

/** A pattern that is longer is not worked on; nobody trims by a kilobyte. */
const maxPattern = 1000;

/**
 * The value without what the glob matches at its end (`%`, `%%`) or start (`#`, `##`): the shortest match, or the longest with the doubled
 * operator. `*` is any text, `?` any character, `[…]` a class, `\` takes the next character as it is.
 */
export function trim(value: string, operator: TrimOperator, pattern: string): string {
  if (pattern.length > maxPattern) return value;
  const atEnd = operator.startsWith("%");
  const longest = operator.length === 2;
  const tokens = globTokens(pattern);
  const lengths = Array.from({ length: value.length + 1 }, (_, index) => (longest ? value.length - index : index));
  for (const length of lengths) {
    const part = atEnd ? value.slice(value.length - length) : value.slice(0, length);
    if (matches(tokens, part)) return atEnd ? value.slice(0, value.length - length) : value.slice(length);
  }
  return value;
}

type Token = "*" | ((char: string) => boolean);

function globTokens(pattern: string): Token[] {
  const tokens: Token[] = [];
  for (let at = 0; at < pattern.length; at++) {
    const char = pattern[at] as string;
    const end = char === "[" ? pattern.indexOf("]", at + 2) : -1;
    if (char === "*") tokens.push("*");
    else if (char === "?") tokens.push(() => true);
    else if (end > 0) {
      tokens.push(inClass(pattern.slice(at + 1, end)));
      at = end;
    } else {
      const literal = char === "\\" ? (pattern[++at] ?? "\\") : char;
      tokens.push((other) => other === literal);
    }
  }
  return tokens;
}

function inClass(text: string): (char: string) => boolean {
  const negated = text.startsWith("!") || text.startsWith("^");
  const set = negated ? text.slice(1) : text;
  return (char) => {
    for (let at = 0; at < set.length; at++) {
      const range = set[at + 1] === "-" && at + 2 < set.length;
      const [low, high] = [set[at] as string, (range ? set[at + 2] : set[at]) as string];
      if (char >= low && char <= high) return !negated;
      if (range) at += 2;
    }
    return negated;
  };
}

/** Goes back to the last star only, which is enough for globs and never takes long. */
function matches(tokens: readonly Token[], text: string): boolean {
  let [token, at] = [0, 0];
  let star: { readonly token: number; at: number } | undefined;
  while (at < text.length) {
    const wanted = tokens[token];
    if (wanted === "*") star = { token: token++, at };
    else if (wanted?.(text[at] as string)) [token, at] = [token + 1, at + 1];
    else if (star !== undefined) [token, at] = [star.token + 1, ++star.at];
    else return false;
  }
  return tokens.slice(token).every((rest) => rest === "*");
}
