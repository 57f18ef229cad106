/**
 * Whether a branch is one of a step's `branches`: patterns between blanks, `*` for any text, `!` in front for those that are not meant.
 * With only the latter, all others are.
 */
export function branchMatches(patterns: string, branch: string): boolean {
  const words = patterns.split(/\s+/).filter((word) => word !== "");
  const wanted = words.filter((word) => !word.startsWith("!"));
  const unwanted = words.filter((word) => word.startsWith("!")).map((word) => word.slice(1));
  if (unwanted.some((pattern) => matches(pattern, branch))) return false;
  return wanted.length === 0 || wanted.some((pattern) => matches(pattern, branch));
}

/** Each part between stars is looked for behind the one before, so it takes no longer than the texts are. */
function matches(pattern: string, branch: string): boolean {
  const [first = "", ...rest] = pattern.split("*");
  const last = rest.pop();
  if (last === undefined) return pattern === branch;
  if (!branch.startsWith(first)) return false;
  let at = first.length;
  for (const part of rest) {
    const found = branch.indexOf(part, at);
    if (found < 0) return false;
    at = found + part.length;
  }
  return branch.length - last.length >= at && branch.endsWith(last);
}
