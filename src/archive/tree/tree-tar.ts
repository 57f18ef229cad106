import { linkTargetBelow } from "../../kit/index.ts";
import { splitDevice } from "../../sys/index.ts";
import type { TarHeader, TarSource, TreeEntry } from "../contract.ts";
import { kernelFiles, type TreeFiles } from "./tree-files.ts";
import { walkTree } from "./walk-tree.ts";

export interface TreeTarOptions {
  /** Put before every name, without slash at the end (`linux_amd64`). */
  readonly prefix?: string;
  /** Every mtime, in seconds since 1970, instead of the files' own. */
  readonly mtime?: number;
  /** The kernel's when nothing is said. */
  readonly files?: TreeFiles;
}

/**
 * The entries of a whole tree's tar, those that upstream's tar exporter gives; a socket is an empty file there. The root itself has none, so
 * that they can be put into a tar together with others.
 */
export function* treeEntries(folder: string, options: TreeTarOptions = {}): Generator<TarSource> {
  const firstNames = new Map<string, string>();
  for (const entry of walkTree(folder, {}, options.files)) {
    const header = headerOf(entry, folder, options);
    const first =
      entry.kind === "directory" || entry.stat.links < 2 ? undefined : firstName(firstNames, entry, header.name);
    if (first !== undefined) yield { header: { ...header, type: "hardlink", linkName: first, size: 0 } };
    else yield header.size > 0 ? { header, body: { file: `${folder}/${entry.path}` } } : { header };
  }
}

/** The name under which this inode was written before, if it was. */
function firstName(names: Map<string, string>, entry: TreeEntry, name: string): string | undefined {
  const inode = `${entry.stat.device}:${entry.stat.inode}`;
  const first = names.get(inode);
  if (first === undefined) names.set(inode, name);
  return first;
}

function headerOf(entry: TreeEntry, folder: string, options: TreeTarOptions): TarHeader {
  const { stat, kind } = entry;
  const xattrs = attributesOf(`${folder}/${entry.path}`, options.files);
  const link = entry.linkTarget;
  return {
    type: kind === "socket" ? "file" : kind,
    name: options.prefix === undefined ? entry.path : `${options.prefix}/${entry.path}`,
    mode: stat.mode,
    uid: stat.uid,
    gid: stat.gid,
    size: kind === "file" ? stat.size : 0,
    mtime: options.mtime === undefined ? rounded(stat.mtime) : BigInt(options.mtime) * 1_000_000_000n,
    ...(link !== undefined && {
      linkName: options.prefix === undefined ? link : linkTargetBelow(options.prefix, link),
    }),
    ...((kind === "character" || kind === "block") && { device: splitDevice(stat.rdev) }),
    ...(xattrs !== undefined && { xattrs }),
  };
}

/** To the nearest second: Go's writer rounds where no format is asked for. */
function rounded(time: bigint): bigint {
  return time < 0n ? time : ((time + 500_000_000n) / 1_000_000_000n) * 1_000_000_000n;
}

/** All attributes but the overlay's own, which are no part of the tree. */
export function attributesOf(path: string, files: TreeFiles = kernelFiles): Map<string, Buffer> | undefined {
  const names = files.attributeNames(path).filter((name) => !/^(trusted|user)\.overlay\.|^com\.apple\./.test(name));
  if (names.length === 0) return undefined;
  return new Map(names.map((name) => [name, files.attribute(path, name) ?? Buffer.alloc(0)]));
}
