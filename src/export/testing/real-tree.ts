import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { quietScope } from "../../kit/index.ts";
import { openStorage, type SnapshotId, type Storage } from "../../storage/index.ts";

/** A storage root of its own in a temporary folder. */
export async function withStorage<T>(
  work: (storage: Storage, folder: string) => Promise<T>,
  snapshotter: "auto" | "native" = "auto",
): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), "cooper-export-"));
  try {
    await using storage = await openStorage({ root: join(folder, "root"), snapshotter }, quietScope);
    return await work(storage, folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Commits a snapshot with what `write` puts into the folder of its changes. */
export async function snapshot(
  storage: Storage,
  parent: SnapshotId | undefined,
  write: (folder: string) => void | Promise<void>,
): Promise<SnapshotId> {
  await using active = await storage.snapshots.prepare(parent);
  await write(active.changes.folder);
  return (await active.commit()).id;
}
