import type { SnapshotId, Storage } from "../contract.ts";

const space = "standalone-changes";

/**
 * Notes that the snapshot's folder of changes is a whole tree that began with nothing and was put on another one (COPY --link): all of it
 * counts as changed, also what the tree below has alike. So its layer is the same on every tree.
 */
export function markStandalone(id: SnapshotId, storage: Pick<Storage, "records">): void {
  storage.records.set(space, id, "1");
}

export function isStandalone(id: SnapshotId, storage: Pick<Storage, "records">): boolean {
  return storage.records.get(space, id) !== undefined;
}
