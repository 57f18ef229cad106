import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { isOpaque } from "../archive/index.ts";
import type { Scope } from "../kit/index.ts";
import { copyTree, type SnapshotId, type Storage } from "../storage/index.ts";

/** Snapshots whose own changes count, lowest first. */
export type ChangeList = readonly SnapshotId[];

/**
 * Puts the changes of snapshots on top of another tree, one new snapshot each, deletions included. Their layer records come along:
 * the layer of the same changes is the same blob. With native snapshots, deletions of what another tree holds are not kept.
 */
export async function restack(
  changes: ChangeList,
  below: SnapshotId | undefined,
  storage: Storage,
  scope: Scope,
): Promise<SnapshotId | undefined> {
  let top = below;
  for (const id of changes) top = await putOn(id, top, storage, scope);
  return top;
}

async function putOn(
  id: SnapshotId,
  below: SnapshotId | undefined,
  storage: Storage,
  scope: Scope,
): Promise<SnapshotId> {
  await using active = await storage.snapshots.prepare(below, { shared: true });
  const { folder, form, files } = active.changes;
  const created = storage.snapshots.get(id)?.created;
  const own = storage.snapshots.changes(id);
  // An overlay's changes say for themselves what they delete, unless they hide all that is below: what was there they do not say.
  if (storage.snapshots.driver === "overlay" && !(await hidesAny(own.folder, scope))) {
    await copyTree(own.folder, folder, { signal: scope.signal });
  } else {
    const { applyLayer, layerTar } = await import("../archive/index.ts");
    await applyLayer(layerTar(ownChanges(id, storage), { allAttributes: true }, scope), folder, { form, files }, scope);
  }
  const made = await active.commit({ description: "merged", ...(created && { created }) });
  for (const record of storage.layers.list(id)) storage.layers.add(made.id, record);
  return made.id;
}

/** Whether a folder of overlay's changes, or one in it, hides what lies below it. */
async function hidesAny(folder: string, scope: Scope): Promise<boolean> {
  scope.signal.throwIfAborted();
  const entries = await readdir(folder, { withFileTypes: true });
  for (const entry of entries) {
    if (!entry.isDirectory()) continue;
    const path = join(folder, entry.name);
    if (isOpaque(path) || (await hidesAny(path, scope))) return true;
  }
  return false;
}

/** A snapshot's own changes as archive reads them. */
function ownChanges(id: SnapshotId, storage: Storage) {
  const { snapshots } = storage;
  const { folder, form, files } = snapshots.changes(id);
  const parent = snapshots.get(id)?.parent;
  const below = parent === undefined ? [] : snapshots.chain(parent).map((info) => snapshots.changes(info.id));
  if (form === "overlay") return { form: "overlay" as const, upper: folder, lower: below.map((one) => one.folder) };
  const whole = below.at(-1);
  return {
    form: "whole" as const,
    ...{ tree: folder, files },
    ...(whole !== undefined && { parent: whole.folder, parentFiles: whole.files }),
  };
}
