const suffixes = ["B", "kB", "MB", "GB", "TB", "PB"];

/** A number of bytes with a decimal unit and two digits (`1.23kB`); whole bytes below 1000. */
export function formatBytes(bytes: number): string {
  let unit = 0;
  let value = bytes;
  while (Math.abs(value) >= 1000 && unit < suffixes.length - 1) {
    value /= 1000;
    unit++;
  }
  return unit === 0 ? `${bytes}B` : `${value.toFixed(2)}${suffixes[unit]}`;
}

/** What a task has done so far: `1.20MB / 3.45MB`, or only the first when the whole is not known; empty at nothing. */
export function formatAmount(current: number, total: number | undefined): string {
  if (total !== undefined && total !== 0) return `${formatBytes(current)} / ${formatBytes(total)}`;
  return current === 0 ? "" : formatBytes(current);
}
