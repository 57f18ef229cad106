import type { LayerChanges } from "../../archive/index.ts";
import { chmodSync, chownSync, lstatSync, lutimesSync, type Scope } from "../../kit/index.ts";
import type { SnapshotId, Storage } from "../../storage/index.ts";

/** A folder of overlay's changes; may be read until disposal. */
interface ChangeFolder extends AsyncDisposable {
  readonly path: string;
  /** There may be marks in it: false of a tree that began with nothing. */
  readonly marked: boolean;
}

const told = "told-changes";

/** From now on the snapshot's own folder is known to say of each deletion what it deletes. */
export function markTold(id: SnapshotId, storage: Pick<Storage, "records">): void {
  storage.records.set(told, id, "1");
}

/**
 * What the snapshot changed, and nothing else, with a mark for each name that it deleted: what overlayfs keeps also has
 * folders that only lead to a change, and folders that hide all that is below without saying what.
 */
export async function changeFolder(id: SnapshotId, storage: Storage, scope: Scope): Promise<ChangeFolder> {
  const { folder } = storage.snapshots.changes(id);
  const isTold = storage.records.get(told, id) !== undefined;
  const whole = storage.snapshots.get(id)?.parent === undefined;
  if (whole || isTold) return { path: folder, marked: isTold, [Symbol.asyncDispose]: async () => {} };
  const { applyLayer, layerTar } = await import("../../archive/index.ts");
  const fresh = await storage.temporaryFolder("changes");
  try {
    const tar = layerTar(ownChanges(id, storage), { allAttributes: true }, scope);
    await applyLayer(tar, fresh.path, { form: "overlay", files: fresh.files }, scope);
    sameRoot(folder, fresh.path);
    return { path: fresh.path, marked: true, [Symbol.asyncDispose]: () => fresh[Symbol.asyncDispose]() };
  } catch (error) {
    await fresh[Symbol.asyncDispose]();
    throw error;
  }
}

/** A layer does not say how its root is. */
function sameRoot(from: string, to: string): void {
  const { uid, gid, mode, atimeMs, mtimeMs } = lstatSync(from);
  chownSync(to, uid, gid);
  chmodSync(to, mode & 0o7777);
  lutimesSync(to, atimeMs / 1000, mtimeMs / 1000);
}

/** A snapshot's own changes as archive reads them. */
export function ownChanges(id: SnapshotId, storage: Storage): LayerChanges {
  const { snapshots } = storage;
  const { folder, form, files } = snapshots.changes(id);
  const parent = snapshots.get(id)?.parent;
  const below = parent === undefined ? [] : snapshots.chain(parent).map((info) => snapshots.changes(info.id));
  if (form === "overlay") return { form, upper: folder, lower: below.map((one) => one.folder) };
  const whole = below.at(-1);
  return { form, tree: folder, files, ...(whole && { parent: whole.folder, parentFiles: whole.files }) };
}
