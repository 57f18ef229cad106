import { statfsSync } from "node:fs";

/** With less left than this a volume counts as full, in bytes. */
const nothingLeft = 256 * 1024;

/** What to do when a step failed and the volume that it wrote to is full; undefined when it is not. Many a program does not say why it failed. */
export function fullVolumeHint(rootfs: string): string | undefined {
  try {
    const { bavail, bsize } = statfsSync(rootfs);
    if (bavail * bsize >= nothingLeft) return undefined;
  } catch {
    return undefined;
  }
  return "the volume of the storage root is full: free some space, prune the root, or put it on a larger one with --root (in a pod: a larger volume, or a larger sizeLimit of the emptyDir)";
}
