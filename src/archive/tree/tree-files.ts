import { type BigIntStats, fchmodSync, fchownSync } from "node:fs";
import { chmodSync, errnoOf, lchownSync, linkSync, lstatSync, mkdirSync } from "../../kit/index.ts";
import { lgetxattr, llistxattr, lsetxattr, mknod } from "../../sys/index.ts";

/**
 * The files of a tree as root sees and sets them. `kernelFiles` asks the file system. A tree that is written by a process which may not
 * change owners keeps beside the files what it could not set (storage's recorded snapshots): whoever reads or writes the
 * metadata of a tree asks its `TreeFiles`, and never cares which it is. Paths are those of this machine, below the tree's folder. Links
 * are not followed. All throw system errors. Whoever makes a file sets its owner and mode: what is recorded for
 * a path outlives the file that had it.
 */
export interface TreeFiles {
  /** Undefined when nothing has that name, also when a parent is no directory. */
  lstat(path: string): BigIntStats | undefined;
  /** Makes a folder of the process's own, permissions less the umask. */
  mkdir(path: string, mode: number): void;
  chown(path: string, uid: number, gid: number): void;
  /** Permissions and set-id bits, 0o7777. After `chown`, which takes set-id bits away. */
  chmod(path: string, mode: number): void;
  /** Owner and permissions of a file that is open for writing and was made with `made` as permissions. */
  settle(file: number, path: string, uid: number, gid: number, mode: number, made: number): void;
  /** `mode` with the type bits. */
  mknod(path: string, mode: number, device: bigint): void;
  link(existing: string, path: string): void;
  /**
   * Says of a path that was just made another name of the file at `existing`, maybe in another tree: it has that one's owner, permissions and
   * attributes.
   */
  adopt(path: string, files: TreeFiles, existing: string): void;
  /** To be called before the content, mode or times of a file are changed that was there before: it may be one that another tree has, too. */
  unshare(path: string): void;
  attributeNames(path: string): string[];
  attribute(path: string, name: string): Buffer | undefined;
  setAttribute(path: string, name: string, value: Uint8Array): void;
}

/** A tree whose files are what the file system says. */
export const kernelFiles: TreeFiles = {
  lstat: lstatBig,
  mkdir(path, mode) {
    mkdirSync(path, mode);
  },
  chown: lchownSync,
  chmod: chmodSync,
  settle(file, _path, uid, gid, mode, made) {
    // Always: a parent with the set-group-id bit hands its group to new files.
    fchownSync(file, uid, gid);
    if (mode !== made) fchmodSync(file, mode);
  },
  mknod,
  link: linkSync,
  adopt() {},
  unshare() {},
  attributeNames: llistxattr,
  attribute: lgetxattr,
  setAttribute: lsetxattr,
};

/** `lstat` with nanoseconds, or undefined. */
export function lstatBig(path: string): BigIntStats | undefined {
  try {
    return lstatSync(path, { bigint: true, throwIfNoEntry: false });
  } catch (error) {
    if (errnoOf(error) === "ENOTDIR") return undefined;
    throw error;
  }
}
