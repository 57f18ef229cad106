import { chmodSync, lchownSync, mkdirSync, statSync } from "node:fs";
import { dirname } from "node:path";
import { errnoOf } from "../../kit/index.ts";
import { utimensat } from "../../sys/index.ts";
import { pathError } from "./path-error.ts";

/** Who owns what is made. Undefined in an action: the maker, or (in a copy) the owner of what is copied. */
export interface Owner {
  readonly uid: number;
  readonly gid: number;
}
export interface NewFolder {
  readonly mode: number;
  readonly owner: Owner | undefined;
  readonly time: bigint | undefined;
}

/** Makes a directory and the parents that are missing, all alike; returns those made, outermost first. `root` is left out of messages. */
export function makeFolders(root: string, path: string, folder: NewFolder): string[] {
  const stats = statIfThere(path);
  if (stats?.isDirectory()) return [];
  if (stats !== undefined) throw pathError("mkdir", path.slice(root.length) || "/", "ENOTDIR");
  const made = path === root ? [] : makeFolders(root, dirname(path), folder);
  makeFolder(path, folder);
  return [...made, path];
}

/** Makes one directory. */
export function makeFolder(path: string, { mode, owner, time }: NewFolder): void {
  mkdirSync(path);
  if (owner !== undefined) lchownSync(path, owner.uid, owner.gid);
  chmodSync(path, mode);
  setTime(path, time);
}

/** Access and modification time, of the link itself where it is one. */
export function setTime(path: string, time: bigint | undefined): void {
  if (time !== undefined) utimensat(path, time, time);
}

function statIfThere(path: string) {
  try {
    return statSync(path, { throwIfNoEntry: false });
  } catch (error) {
    if (errnoOf(error) === "ENOTDIR") return undefined;
    throw error;
  }
}
