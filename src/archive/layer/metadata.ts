import { errnoOf, lutimesSync, utimesSync } from "../../kit/index.ts";
import { utimensat } from "../../sys/index.ts";
import type { TarHeader } from "../contract.ts";
import type { TreeFiles } from "../tree/tree-files.ts";

const billion = 1_000_000_000n;
const latest = 2n ** 63n - 1n;

/** Owner, attributes, permissions and time of a path just made, in the order that keeps set-id bits and capabilities. */
export function setMetadata(path: string, header: TarHeader, files: TreeFiles): void {
  const link = header.type === "symlink";
  files.chown(path, header.uid, header.gid);
  if (header.xattrs !== undefined) setAttributes(path, header.xattrs, files);
  if (!link) files.chmod(path, header.mode);
  setTime(path, header.mtime, link);
}

/** Sets access and modification time, to the nanosecond; times that a file cannot have become 1970. */
export function setTime(path: string, time: bigint, link: boolean): void {
  const bounded = time < 0n || time > latest ? 0n : time;
  if (bounded % billion !== 0n) {
    utimensat(path, bounded, bounded);
    return;
  }
  const seconds = Number(bounded / billion);
  if (link) lutimesSync(path, seconds, seconds);
  else utimesSync(path, seconds, seconds);
}

/** `trusted.*` is the kernel's and the overlay's: an archive may not set it. A file system without attributes is no error. */
export function setAttributes(path: string, attributes: ReadonlyMap<string, Uint8Array>, files: TreeFiles): void {
  for (const [name, value] of attributes) {
    if (name.startsWith("trusted.")) continue;
    try {
      files.setAttribute(path, name, value);
    } catch (error) {
      const code = errnoOf(error);
      // user.* is for regular files and directories only (xattr(7)).
      if (code === "ENOTSUP" || (code === "EPERM" && name.startsWith("user."))) continue;
      throw error;
    }
  }
}
