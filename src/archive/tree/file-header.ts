import type { BigIntStats } from "node:fs";
import { readlinkSync } from "../../kit/index.ts";
import { splitDevice } from "../../sys/index.ts";
import type { TarEntryType, TarHeader, TreeEntryKind } from "../contract.ts";

/** The type of a file as a walk names it. */
export function kindOf(stat: BigIntStats): TreeEntryKind {
  if (stat.isFile()) return "file";
  if (stat.isDirectory()) return "directory";
  if (stat.isSymbolicLink()) return "symlink";
  if (stat.isFIFO()) return "fifo";
  if (stat.isSocket()) return "socket";
  return stat.isCharacterDevice() ? "character" : "block";
}

/** The tar header of a file of this machine, without attributes; undefined for a socket, which no tar can hold. */
export function fileHeader(name: string, path: string, stat: BigIntStats): TarHeader | undefined {
  const kind = kindOf(stat);
  if (kind === "socket") return undefined;
  const type: TarEntryType = kind;
  return {
    type,
    name,
    mode: Number(stat.mode) & 0o7777,
    uid: Number(stat.uid),
    gid: Number(stat.gid),
    size: type === "file" ? Number(stat.size) : 0,
    mtime: stat.mtimeNs,
    ...(type === "symlink" && { linkName: readlinkSync(path) }),
    ...((type === "character" || type === "block") && { device: splitDevice(stat.rdev) }),
  };
}
