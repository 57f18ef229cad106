import type { BigIntStats } from "node:fs";
import { kernelFiles, type TreeFiles } from "../../archive/index.ts";
import { linkSync, readdirSync, readlinkSync, symlinkSync } from "../../kit/index.ts";
import { FileType, SysError, utimensat } from "../../sys/index.ts";
import { copyFileFast } from "./copy-file.ts";

/** How long the event loop is held at a time. */
const slice = 10;

export interface CopyTreeOptions {
  readonly signal?: AbortSignal | undefined;
  /** Of the two trees; the kernel's when nothing is said. */
  readonly source?: TreeFiles;
  readonly target?: TreeFiles;
  /** Regular files become further names of the source's: only for a tree whose writers `unshare` what they change. */
  readonly shareFiles?: boolean;
}

interface Copying extends CopyTreeOptions {
  readonly source: TreeFiles;
  readonly target: TreeFiles;
  /** First copy of each inode that has several names. */
  readonly linked: Map<bigint, string>;
  sliceEnd: number;
}

/**
 * Copies what a folder holds into an empty one, and the folder's own owner, mode, times and attributes: hard links stay
 * linked, holes may be filled, sockets are left out. Extended attributes that this process may not set are left out.
 */
export async function copyTree(from: string, to: string, options: CopyTreeOptions = {}): Promise<void> {
  const { source = kernelFiles, target = kernelFiles } = options;
  const copying: Copying = { ...options, source, target, linked: new Map(), sliceEnd: performance.now() + slice };
  const stat = source.lstat(from);
  if (stat !== undefined) await copyFolder(from, to, stat, copying);
}

async function copyFolder(from: string, to: string, stat: BigIntStats, copying: Copying): Promise<void> {
  const { source, target } = copying;
  for (const name of readdirSync(from)) {
    if (performance.now() > copying.sliceEnd) await breathe(copying);
    const [inner, copy] = [`${from}/${name}`, `${to}/${name}`];
    const child = source.lstat(inner);
    if (child === undefined) continue;
    if (child.isDirectory()) {
      target.mkdir(copy, 0o700);
      await copyFolder(inner, copy, child, copying);
    } else {
      const large = copyEntry(inner, copy, child, copying);
      if (large !== undefined) await large;
    }
  }
  copyAttributes(from, to, copying);
  target.chown(to, Number(stat.uid), Number(stat.gid));
  target.chmod(to, Number(stat.mode) & 0o7777);
  utimensat(to, stat.mtimeNs, stat.mtimeNs);
}

async function breathe(copying: Copying): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve));
  copying.signal?.throwIfAborted();
  copying.sliceEnd = performance.now() + slice;
}

function copyEntry(from: string, to: string, stat: BigIntStats, copying: Copying): Promise<void> | undefined {
  const { target } = copying;
  if (stat.nlink > 1n) {
    const first = copying.linked.get(stat.ino);
    if (first !== undefined) {
      target.link(first, to);
      return undefined;
    }
    copying.linked.set(stat.ino, to);
  }
  const mode = Number(stat.mode) & 0o7777;
  if (stat.isFile()) return copyRegular(from, to, stat, mode, copying);
  if (stat.isSocket()) {
    copying.linked.delete(stat.ino);
    return undefined;
  }
  if (stat.isSymbolicLink()) symlinkSync(readlinkSync(from), to);
  else target.mknod(to, (Number(stat.mode) & FileType.mask) | 0o600, stat.rdev);
  target.chown(to, Number(stat.uid), Number(stat.gid));
  if (!stat.isSymbolicLink()) target.chmod(to, mode);
  copyAttributes(from, to, copying);
  utimensat(to, stat.mtimeNs, stat.mtimeNs);
  return undefined;
}

function copyRegular(
  from: string,
  to: string,
  stat: BigIntStats,
  mode: number,
  copying: Copying,
): Promise<void> | undefined {
  if (copying.shareFiles === true && shared(from, to, copying)) return undefined;
  const attributes = { uid: Number(stat.uid), gid: Number(stat.gid), mode, mtime: stat.mtimeNs };
  const large = copyFileFast(from, to, Number(stat.size), attributes, copying.target);
  if (large !== undefined) return large.then(() => copyAttributes(from, to, copying));
  copyAttributes(from, to, copying);
  return undefined;
}

/** False when the file system has no more room for names of this file: then it is copied. */
function shared(from: string, to: string, copying: Copying): boolean {
  try {
    linkSync(from, to);
  } catch {
    return false;
  }
  copying.target.adopt(to, copying.source, from);
  return true;
}

/** After the owner: changing that takes `security.capability` away. */
function copyAttributes(from: string, to: string, { source, target }: Copying): void {
  for (const name of source.attributeNames(from)) {
    const value = source.attribute(from, name);
    if (value === undefined) continue;
    try {
      target.setAttribute(to, name, value);
    } catch (error) {
      const refused = error instanceof SysError && (error.code === "EPERM" || error.code === "ENOTSUP");
      if (!refused) throw error;
    }
  }
}
