/** A span of time in milliseconds; one that has not ended has no stop. */
export interface Interval {
  readonly start: number;
  readonly stop: number | undefined;
}

/** The same times with no overlaps, in order. A span without an end swallows all that start after it. */
export function mergeIntervals(intervals: Iterable<Interval>): Interval[] {
  const sorted = [...intervals].sort((a, b) => a.start - b.start);
  const merged: Interval[] = [];
  for (const next of sorted) {
    const last = merged.at(-1);
    if (last === undefined || (last.stop !== undefined && last.stop < next.start)) merged.push(next);
    else if (last.stop === undefined) break;
    else merged[merged.length - 1] = { start: last.start, stop: later(last.stop, next.stop) };
  }
  return merged;
}

/** Seconds that the intervals cover together; open ones last until `now`. */
export function secondsOf(intervals: readonly Interval[], now: number): number {
  return intervals.reduce((sum, { start, stop }) => sum + ((stop ?? now) - start) / 1000, 0);
}

function later(a: number, b: number | undefined): number | undefined {
  return b === undefined ? undefined : Math.max(a, b);
}
