/** One challenge of a `WWW-Authenticate` header (RFC 9110, 11.6.1). Parameter names are in lower case. */
export interface Challenge {
  readonly scheme: "bearer" | "basic";
  readonly parameters: Readonly<Record<string, string>>;
}

const headerLimit = 8192;

/** The bearer and basic challenges of `header`, bearer first; other schemes and malformed rests are ignored. */
export function parseChallenges(header: string | undefined): Challenge[] {
  const found: Challenge[] = [];
  let current: Record<string, string> | undefined;
  // A token, then either `=value` (a parameter) or nothing (a scheme).
  const pattern = /([\w!#$%&'*+.^`|~-]+)(?:\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,"]*)))?/g;
  for (const match of (header ?? "").slice(0, headerLimit).matchAll(pattern)) {
    const word = (match[1] ?? "").toLowerCase();
    const value = match[2] !== undefined ? match[2].replace(/\\(.)/g, "$1") : match[3];
    if (value !== undefined) {
      if (current !== undefined && !Object.hasOwn(current, word)) current[word] = value;
      continue;
    }
    current = Object.create(null) as Record<string, string>;
    if (word === "bearer" || word === "basic") found.push({ scheme: word, parameters: current });
  }
  return found.sort((a, b) => (a.scheme === b.scheme ? 0 : a.scheme === "bearer" ? -1 : 1));
}
