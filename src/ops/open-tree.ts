import { posix } from "node:path";
import type { TreeFiles } from "../archive/index.ts";
import { CooperError, lstatIfThere, pathInside } from "../kit/index.ts";
import type { ActiveSnapshot, Mounted, SnapshotId, Storage } from "../storage/index.ts";
import type { OpScope, Ref } from "./contract.ts";
import { folderSnapshot } from "./folder-snapshot.ts";
import { hashableTree } from "./selection.ts";

/** A tree that can be seen at a path until disposal, or until it is committed. */
export interface OpenTree extends AsyncDisposable {
  readonly path: string;
  readonly files: TreeFiles;
  /** Ends the access to it and gives the tree as a result: what was written, or the input itself where nothing could be. */
  commit(description: string): Promise<Ref>;
}

/**
 * Shows an input's tree: a writable one on top of it, or just a view. `shared`: only Cooper's own code writes to it, and calls `unshare`
 * before it changes what was there (`SnapshotStore.prepare`).
 */
export async function openTree(
  input: Ref,
  access: "view" | "writable" | "shared",
  storage: Storage,
  scope: OpScope,
): Promise<OpenTree> {
  const id = await snapshotOf(input, storage, scope);
  if (access === "view" && id !== undefined) return await openView(input, id, storage);
  return await openWritable(id, access === "shared", storage);
}

/** The snapshot of a tree that is here; a caller's folder is copied into one first. Undefined is the empty tree. */
async function snapshotOf(ref: Ref, storage: Storage, scope: OpScope): Promise<SnapshotId | undefined> {
  const tree = hashableTree(ref);
  switch (tree.kind) {
    case "scratch":
      return undefined;
    case "snapshot":
      return tree.id;
    case "folder":
      return folderSnapshot(tree, storage, scope);
  }
}

async function openWritable(parent: SnapshotId | undefined, shared: boolean, storage: Storage): Promise<OpenTree> {
  const active: ActiveSnapshot = await storage.snapshots.prepare(parent, { shared });
  let mounted: Mounted;
  try {
    mounted = await storage.mount(active.mount);
  } catch (error) {
    await active[Symbol.asyncDispose]();
    throw error;
  }
  return {
    path: mounted.path,
    files: mounted.files,
    async commit(description) {
      await mounted[Symbol.asyncDispose]();
      return { kind: "snapshot", id: (await active.commit({ description })).id };
    },
    async [Symbol.asyncDispose]() {
      await mounted[Symbol.asyncDispose]();
      await active[Symbol.asyncDispose]();
    },
  };
}

async function openView(input: Ref, id: SnapshotId, storage: Storage): Promise<OpenTree> {
  const mounted = await storage.mount(storage.snapshots.view(id));
  return {
    path: mounted.path,
    files: mounted.files,
    commit: async () => (input.kind === "folder" ? { kind: "snapshot", id } : input),
    [Symbol.asyncDispose]: () => mounted[Symbol.asyncDispose](),
  };
}

/** Where a mount's selector leads inside a tree, links followed within it. Throws `ops/path-not-found`. */
export function selectPath(tree: string, selector: string): string {
  const path = pathInside(tree, selector);
  if (lstatIfThere(path) !== undefined) return path;
  const shown = posix.join("/", selector);
  throw new CooperError("ops/path-not-found", `cannot mount ${JSON.stringify(shown)}: no such file or directory`);
}
