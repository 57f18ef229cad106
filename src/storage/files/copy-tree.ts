import {
  type BigIntStats,
  chmodSync,
  chownSync,
  lchownSync,
  linkSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readlinkSync,
  symlinkSync,
} from "node:fs";
import { FileType, lgetxattr, llistxattr, lsetxattr, mknod, SysError, utimensat } from "../../sys/index.ts";
import { copyFileFast } from "./copy-file.ts";

/** How long the event loop is held at a time. */
const slice = 10;

interface Copying {
  readonly signal: AbortSignal | undefined;
  /** First copy of each inode that has several names. */
  readonly linked: Map<bigint, string>;
  sliceEnd: number;
}

/**
 * Copies what a folder holds into an empty one, and the folder's own owner, mode, times and attributes: hard links stay
 * linked, holes may be filled, sockets are left out. Extended attributes that this process may not set are left out.
 */
export async function copyTree(from: string, to: string, signal?: AbortSignal): Promise<void> {
  const copying: Copying = { signal, linked: new Map(), sliceEnd: performance.now() + slice };
  await copyFolder(from, to, lstatSync(from, { bigint: true }), copying);
}

async function copyFolder(from: string, to: string, stat: BigIntStats, copying: Copying): Promise<void> {
  for (const name of readdirSync(from)) {
    if (performance.now() > copying.sliceEnd) await breathe(copying);
    const [source, target] = [`${from}/${name}`, `${to}/${name}`];
    const child = lstatSync(source, { bigint: true });
    if (child.isDirectory()) {
      mkdirSync(target, 0o700);
      await copyFolder(source, target, child, copying);
    } else {
      const large = copyEntry(source, target, child, copying);
      if (large !== undefined) await large;
    }
  }
  copyAttributes(from, to);
  chownSync(to, Number(stat.uid), Number(stat.gid));
  chmodSync(to, Number(stat.mode) & 0o7777);
  utimensat(to, stat.mtimeNs, stat.mtimeNs);
}

async function breathe(copying: Copying): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve));
  copying.signal?.throwIfAborted();
  copying.sliceEnd = performance.now() + slice;
}

function copyEntry(from: string, to: string, stat: BigIntStats, copying: Copying): Promise<void> | undefined {
  if (stat.nlink > 1n) {
    const first = copying.linked.get(stat.ino);
    if (first !== undefined) {
      linkSync(first, to);
      return undefined;
    }
    copying.linked.set(stat.ino, to);
  }
  const mode = Number(stat.mode) & 0o7777;
  if (stat.isFile()) return copyRegular(from, to, stat, mode);
  if (stat.isSocket()) {
    copying.linked.delete(stat.ino);
    return undefined;
  }
  if (stat.isSymbolicLink()) symlinkSync(readlinkSync(from), to);
  else mknod(to, (Number(stat.mode) & FileType.mask) | 0o600, stat.rdev);
  lchownSync(to, Number(stat.uid), Number(stat.gid));
  if (!stat.isSymbolicLink()) chmodSync(to, mode);
  copyAttributes(from, to);
  utimensat(to, stat.mtimeNs, stat.mtimeNs);
  return undefined;
}

function copyRegular(from: string, to: string, stat: BigIntStats, mode: number): Promise<void> | undefined {
  const attributes = { uid: Number(stat.uid), gid: Number(stat.gid), mode, mtime: stat.mtimeNs };
  const large = copyFileFast(from, to, Number(stat.size), attributes);
  if (large !== undefined) return large.then(() => copyAttributes(from, to));
  copyAttributes(from, to);
  return undefined;
}

/** After the owner: changing that takes `security.capability` away. */
function copyAttributes(from: string, to: string): void {
  for (const name of llistxattr(from)) {
    const value = lgetxattr(from, name);
    if (value === undefined) continue;
    try {
      lsetxattr(to, name, value);
    } catch (error) {
      const refused = error instanceof SysError && (error.code === "EPERM" || error.code === "ENOTSUP");
      if (!refused) throw error;
    }
  }
}
