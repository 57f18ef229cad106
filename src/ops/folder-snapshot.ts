import type { HashableTree, SnapshotId, Storage } from "../storage/index.ts";
import type { OpScope } from "./contract.ts";
import { Copier } from "./file/copier.ts";
import { SourceTree } from "./file/source-tree.ts";

const whole = { path: "/", wildcard: false, followLinks: true, include: [], exclude: [] };

/**
 * A caller's folder as a snapshot, for steps that mount it: only what its filter picks, owned by 0:0. Named by its content, so that it is
 * copied once as long as it stays the same (its times are then those of the first copy).
 */
export async function folderSnapshot(
  folder: HashableTree & { readonly kind: "folder" },
  storage: Storage,
  scope: OpScope,
): Promise<SnapshotId> {
  const name = `folder-${await storage.contentHashes.hash(folder, whole, scope)}`;
  const known = storage.snapshots.byName(name);
  if (known !== undefined) return known.id;
  await using active = await storage.snapshots.prepare(undefined);
  const target = { path: active.changes.folder, files: active.changes.files };
  const tree = SourceTree.folder(folder);
  const rules = {
    owner: undefined,
    mode: undefined,
    time: undefined,
    filter: undefined,
    replace: false,
  };
  await new Copier(tree, target, rules, scope.signal).copy(tree.root, target.path);
  return (await active.commit({ name, description: "local directory" })).id;
}
