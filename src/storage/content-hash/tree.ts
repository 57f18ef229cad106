import type { BigIntStats } from "node:fs";
import type { TreeEntryKind, TreeFiles } from "../../archive/index.ts";

/** A file of a tree that is hashed. */
export interface TreeNode {
  /** Without slash at the start; the root's is empty. */
  readonly path: string;
  /** Last part of the path. */
  readonly name: string;
  readonly kind: TreeEntryKind;
  /** Permissions and set-id bits. */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly device: bigint;
  /** False for a directory that is there only if anything below it is. */
  readonly certain: boolean;
}

/** Where a node is on the disk, for readers of their own. */
export interface Place {
  readonly path: string;
  readonly stat: BigIntStats;
  readonly files: TreeFiles;
}

/** A tree to hash: a folder seen through its filter, or a snapshot's layers seen as one. Links are not followed here. */
export interface HashTree<N extends TreeNode = TreeNode> {
  root(): N;
  child(directory: N, name: string): N | undefined;
  /** What the directory holds, sorted by name. */
  children(directory: N): readonly N[];
  linkTarget(node: N): string;
  /** Undefined: nothing on the disk stands for it. */
  place(node: N): Place | undefined;
  /** Digest (32 bytes) of a regular file's bytes and extended attributes. A promise for a large one only. */
  fileDigest(node: N): Buffer | Promise<Buffer>;
  /** Digest of the extended attributes of what is no regular file; undefined when it has none. */
  attributes(node: N): Buffer | undefined;
  /** Writes down what was learnt. */
  remember(): void;
}

/** Path of a child. */
export const below = (directory: string, name: string): string => (directory === "" ? name : `${directory}/${name}`);
