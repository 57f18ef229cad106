import type { BigIntStats } from "node:fs";
import { sortNames } from "../../kit/index.ts";
import { sortedNames } from "../tree/names.ts";
import { kernelFiles, type TreeFiles } from "../tree/tree-files.ts";
import { isOpaque, isWhiteout } from "./whiteout.ts";

/** A file of a merged tree: where it is on this machine. */
export interface Found {
  readonly path: string;
  readonly stat: BigIntStats;
  /** Of the tree that it belongs to. */
  readonly files: TreeFiles;
}

/**
 * What an overlay of folders shows, without a mount: looked up name by name, deletions and opaque directories respected.
 * Paths start with a slash; the root is "". Links are not followed.
 */
export class LayeredTree {
  readonly #folders = new Map<string, readonly string[]>();

  readonly #files: TreeFiles;

  /** `layers` lowest first; none is the empty tree. */
  constructor(layers: readonly string[], files: TreeFiles = kernelFiles) {
    this.#files = files;
    this.#folders.set("", layers.toReversed());
  }

  find(path: string): Found | undefined {
    const slash = path.lastIndexOf("/");
    const name = path.slice(slash);
    for (const folder of this.#foldersOf(path.slice(0, slash))) {
      const stat = this.#files.lstat(folder + name);
      if (stat === undefined) continue;
      return isWhiteout(stat) ? undefined : { path: folder + name, stat, files: this.#files };
    }
    return undefined;
  }

  /** Names in a directory, in byte order; names that are deleted may be among them (`find` tells). */
  names(path: string): string[] {
    const folders = this.#foldersOf(path);
    if (folders.length === 1) return sortedNames(folders[0] as string);
    return sortNames([...new Set(folders.flatMap((folder) => sortedNames(folder)))]);
  }

  /** The directories that together are this one, highest first. */
  #foldersOf(path: string): readonly string[] {
    const known = this.#folders.get(path);
    if (known !== undefined) return known;
    const slash = path.lastIndexOf("/");
    const name = path.slice(slash);
    const folders: string[] = [];
    for (const parent of this.#foldersOf(path.slice(0, slash))) {
      const stat = this.#files.lstat(parent + name);
      if (stat === undefined) continue;
      if (!stat.isDirectory()) break;
      folders.push(parent + name);
      if (isOpaque(parent + name)) break;
    }
    this.#folders.set(path, folders);
    return folders;
  }
}
