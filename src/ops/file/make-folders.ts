import { dirname } from "node:path";
import type { TreeFiles } from "../../archive/index.ts";
import { errnoOf, statSync } from "../../kit/index.ts";
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

/** The tree that an action changes. */
export interface TargetTree {
  readonly path: string;
  readonly files: TreeFiles;
}

/** Makes a directory and the parents that are missing, all alike; returns those made, outermost first. */
export function makeFolders(tree: TargetTree, path: string, folder: NewFolder): string[] {
  const root = tree.path;
  const stats = statIfThere(path);
  if (stats?.isDirectory()) return [];
  if (stats !== undefined) throw pathError("mkdir", path.slice(root.length) || "/", "ENOTDIR");
  const made = path === root ? [] : makeFolders(tree, dirname(path), folder);
  makeFolder(path, folder, tree.files);
  return [...made, path];
}

/** Makes one directory. */
export function makeFolder(path: string, { mode, owner, time }: NewFolder, files: TreeFiles): void {
  files.mkdir(path, 0o777);
  if (owner !== undefined) files.chown(path, owner.uid, owner.gid);
  files.chmod(path, mode);
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
