import type { Scope } from "../../kit/index.ts";
import {
  copyTree,
  isFoundation,
  isStandalone,
  markStandalone,
  type SnapshotId,
  type Storage,
} from "../../storage/index.ts";
import { foundationFor } from "./foundation.ts";
import { changeFolder, markTold, ownChanges } from "./own-changes.ts";

/** Snapshots whose own changes count, lowest first. */
export type ChangeList = readonly SnapshotId[];

/**
 * Puts the changes of snapshots on top of another tree, one new snapshot each, deletions included: they count again for whoever
 * puts the result on yet another tree. Layer records come along: the layer of the same changes is the same blob. With native
 * snapshots, deletions of what another tree holds are not kept.
 */
export async function restack(
  changes: ChangeList,
  below: SnapshotId | undefined,
  storage: Storage,
  scope: Scope,
): Promise<SnapshotId | undefined> {
  let top = below;
  for (const id of changes) {
    const info = storage.snapshots.get(id);
    if (info === undefined || !isFoundation(info)) top = await putOn(id, top, storage, scope);
  }
  return top;
}

async function putOn(
  id: SnapshotId,
  below: SnapshotId | undefined,
  storage: Storage,
  scope: Scope,
): Promise<SnapshotId> {
  const created = storage.snapshots.get(id)?.created;
  const description = { description: "merged", ...(created && { created }) };
  const made =
    storage.snapshots.driver === "overlay"
      ? await putMarked(id, below, description, storage, scope)
      : await putWhole(id, below, description, storage, scope);
  for (const record of storage.layers.list(id)) storage.layers.add(made, record);
  return made;
}

type Description = { readonly description: string; readonly created?: Date };

/** Overlay: a folder of changes, with a mark for each deletion. */
async function putMarked(
  id: SnapshotId,
  below: SnapshotId | undefined,
  description: Description,
  storage: Storage,
  scope: Scope,
): Promise<SnapshotId> {
  await using changes = await changeFolder(id, storage, scope);
  const base = changes.marked ? await foundationFor(changes.path, below, storage, scope) : below;
  const made = await putOnBase(changes.path, base, description, storage, scope);
  if (storage.snapshots.get(id)?.parent === undefined || isStandalone(id, storage)) markStandalone(made, storage);
  return made;
}

/** Makes a folder of overlay's changes, of which each mark deletes one name, a snapshot on top of another. */
export async function putFolder(
  folder: string,
  below: SnapshotId | undefined,
  description: Description,
  storage: Storage,
  scope: Scope,
): Promise<SnapshotId> {
  return putOnBase(folder, await foundationFor(folder, below, storage, scope), description, storage, scope);
}

async function putOnBase(
  folder: string,
  base: SnapshotId | undefined,
  description: Description,
  storage: Storage,
  scope: Scope,
): Promise<SnapshotId> {
  await using active = await storage.snapshots.prepare(base, { shared: true });
  await copyTree(folder, active.changes.folder, { signal: scope.signal });
  const { id } = await active.commit(description);
  markTold(id, storage);
  return id;
}

/** Native: every snapshot is a whole tree. */
async function putWhole(
  id: SnapshotId,
  below: SnapshotId | undefined,
  description: Description,
  storage: Storage,
  scope: Scope,
): Promise<SnapshotId> {
  await using active = await storage.snapshots.prepare(below, { shared: true });
  const { folder, form, files } = active.changes;
  const { applyLayer, layerTar } = await import("../../archive/index.ts");
  await applyLayer(layerTar(ownChanges(id, storage), { allAttributes: true }, scope), folder, { form, files }, scope);
  return (await active.commit(description)).id;
}
