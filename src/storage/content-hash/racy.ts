import type { BigIntStats } from "node:fs";

const million = 1_000_000n;
/** Clocks that stamp files tick at least every 10 ms where stamps have fractions of a second; a margin on top. */
const fineMargin = 100n * million;
/** File systems with whole (FAT: even) seconds only. */
const coarseMargin = 2_500n * million;

/**
 * True when the file may be written again without its stamps showing it: it was changed just before `readAt` (milliseconds), the time at
 * which its bytes were read. Such a digest must not be remembered (git calls the file "racily clean").
 * Only ctime counts: mtime can be set to anything.
 */
export function isRacy(file: Pick<BigIntStats, "ctimeNs">, readAt: number): boolean {
  return unseenUntil(file) > BigInt(Math.trunc(readAt)) * million;
}

/** Until when the file may have changed once more without its stamps showing it, in nanoseconds. */
export function unseenUntil(file: Pick<BigIntStats, "ctimeNs">): bigint {
  const margin = file.ctimeNs % 1_000_000_000n === 0n ? coarseMargin : fineMargin;
  return file.ctimeNs + margin;
}
