/** RFC 3339 as Go writes it: no zeros at the end of the fraction. */
export function goTime(time: Date): string {
  return time.toISOString().replace(/\.?0+Z$/, "Z");
}
