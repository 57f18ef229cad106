import type { ChangeForm, TreeFiles } from "../../archive/index.ts";
import type { TreeMount } from "../contract.ts";

/** What a tree is made of, as far as a driver cares: the snapshot folders, lowest first. */
export type Chain = readonly string[];

/** One way to keep snapshots in folders `snapshots/<id>`. Holds no state but what it found out about the kernel. */
export interface SnapshotDriver {
  readonly name: "overlay" | "native";
  /** What its rows carry: snapshots that one driver made are unknown to another. */
  readonly rows: "overlay" | "userxattr" | "native" | "recorded";
  /** Fills the new, empty `folder` for a writable tree on top of `parents`. `shared`: see `SnapshotStore.prepare`. */
  prepare(folder: string, parents: Chain, shared: boolean): Promise<void>;
  /** How to see the writable tree. */
  active(folder: string, parents: Chain): TreeMount;
  /** How to see a committed tree; `chain` ends with its own folder. */
  view(chain: Chain): TreeMount;
  /** Takes away what only writing needed, and writes down what reading needs. */
  settle(folder: string): void;
  /** The writable tree is given up. */
  forget(folder: string): void;
  /** False when files of a committed snapshot were deleted by hand. */
  isThere(folder: string): boolean;
  /** The folder with a snapshot's changes, and their form. `parents` tells whether there are any. */
  changes(
    folder: string,
    parents: number,
  ): { readonly folder: string; readonly form: ChangeForm; readonly files: TreeFiles };
}

/** The folder of files in a snapshot's folder. */
export const filesOf = (folder: string): string => `${folder}/fs`;
