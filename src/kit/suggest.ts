/** Levenshtein distance, giving up (returning `limit + 1`) once it exceeds `limit`. */
export function editDistance(a: string, b: string, limit: number): number {
  if (Math.abs(a.length - b.length) > limit) return limit + 1;
  let previous = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const current = [i];
    let best = i;
    for (let j = 1; j <= b.length; j++) {
      const substitution = (previous[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      const value = Math.min(substitution, (previous[j] ?? 0) + 1, (current[j - 1] ?? 0) + 1);
      current.push(value);
      best = Math.min(best, value);
    }
    if (best > limit) return limit + 1;
    previous = current;
  }
  return previous[b.length] ?? limit + 1;
}

/** The option nearest to `word` (at most `limit` edits away, letter case aside unless told), or undefined when none is near. */
export function suggest(word: string, options: Iterable<string>, limit = 2, caseSensitive = false): string | undefined {
  const fold = (text: string) => (caseSensitive ? text : text.toLowerCase());
  let found: { option: string; distance: number } | undefined;
  for (const option of options) {
    const distance = editDistance(fold(word), fold(option), limit);
    if (distance <= limit && option !== word && (found === undefined || distance < found.distance)) {
      found = { option, distance };
    }
  }
  return found?.option;
}
