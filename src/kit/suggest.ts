/**
 * Levenshtein distance, giving up (returning `limit + 1`) once it exceeds `limit`. Looks only at the band around the
 * diagonal that the limit leaves, so time grows with length times limit.
 */
export function editDistance(a: string, b: string, limit: number): number {
  if (Math.abs(a.length - b.length) > limit) return limit + 1;
  // band[k] is the distance of a's first i characters to b's first i - limit + k.
  const width = 2 * limit + 1;
  let band = Array.from({ length: width }, (_, k) => (k < limit ? limit + 1 : k - limit));
  for (let i = 1; i <= a.length; i++) {
    const next: number[] = [];
    for (let k = 0; k < width; k++) next.push(bandCell(a, b, i, k, limit, band, next));
    if (Math.min(...next) > limit) return limit + 1;
    band = next;
  }
  return Math.min(band[b.length - a.length + limit] ?? limit + 1, limit + 1);
}

function bandCell(
  a: string,
  b: string,
  i: number,
  k: number,
  limit: number,
  above: readonly number[],
  row: readonly number[],
): number {
  const far = limit + 1;
  const j = i - limit + k;
  if (j < 0 || j > b.length) return far;
  if (j === 0) return Math.min(i, far);
  const substitution = (above[k] ?? far) + (a[i - 1] === b[j - 1] ? 0 : 1);
  return Math.min(substitution, (above[k + 1] ?? far) + 1, (row[k - 1] ?? far) + 1, far);
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
