import { resolve } from "node:path";
import { type Log, messageOf, type Scope } from "../kit/index.ts";
import { DiskBlobs } from "./blobs/disk.ts";
import { StoredContentHashes } from "./content-hash/stored.ts";
import type { Storage } from "./contract.ts";
import { Database } from "./database/database.ts";
import { storageError } from "./errors.ts";
import { Exclusive } from "./exclusive.ts";
import { Folders } from "./folders.ts";
import { StoredLayerRecords } from "./layer-records.ts";
import { type Layout, layoutOf, makeLayout } from "./layout.ts";
import { Mounts } from "./mounts/mounts.ts";
import { type Registration, register } from "./process/registration.ts";
import { sweep, unmountBelow } from "./process/sweep.ts";
import { Trash } from "./process/trash.ts";
import { StoredReclaim } from "./reclaim/reclaim.ts";
import { StoredRecords } from "./records.ts";
import type { SnapshotDriver } from "./snapshots/driver.ts";
import { nativeDriver } from "./snapshots/native.ts";
import { overlayDriver } from "./snapshots/overlay.ts";
import { mayChangeOwners } from "./snapshots/owners-probe.ts";
import { recordedDriver } from "./snapshots/recorded.ts";
import { Snapshots } from "./snapshots/store.ts";

/** `recorded` is what the others become for a process that may not change owners; forced, it does the same for one that may. */
export type Snapshotter = "auto" | "overlayfs" | "native" | "recorded";

export interface StorageOptions {
  /** Made when it is missing. Must be on a local file system; several processes may open it at once. */
  readonly root: string;
  /** `auto`: overlayfs where it works, else native, which records owners where this process may not set them; tried at the first use of snapshots. */
  readonly snapshotter: Snapshotter;
}

/**
 * Opens a root, and clears away what dead processes left in it (docs/storage.md). Some milliseconds. Throws
 * `storage/no-overlay` when overlayfs is wanted and does not work, `storage/not-permitted`, `storage/read-only`,
 * `storage/no-space`, `storage/newer-root`, `storage/corrupt`.
 */
export async function openStorage(options: StorageOptions, scope: Scope): Promise<Storage> {
  const layout = layoutOf(resolve(options.root));
  try {
    return open(layout, options.snapshotter, scope);
  } catch (error) {
    throw storageError(`open storage root ${JSON.stringify(layout.root)}`, error);
  }
}

function open(layout: Layout, snapshotter: Snapshotter, scope: Scope): Storage {
  makeLayout(layout);
  const self = register(layout);
  let database: Database | undefined;
  try {
    database = new Database(layout.database);
    const trash = new Trash(layout, scope.log);
    sweep({ layout, database, trash, log: scope.log }, self);
    trash.emptySoon();
    return assemble(layout, snapshotter, { self, database, trash }, scope.log);
  } catch (error) {
    database?.close();
    self.close();
    throw error;
  }
}

interface Opened {
  readonly self: Registration;
  readonly database: Database;
  readonly trash: Trash;
}

function assemble(layout: Layout, snapshotter: Snapshotter, { self, database, trash }: Opened, log: Log): Storage {
  const records = new StoredRecords(database);
  const mounts = new Mounts(self.folder, {
    get: (key) => records.get("overlay-probe", key),
    set: (key, value) => records.set("overlay-probe", key, value),
  });
  const driver = () => chooseDriver(snapshotter, mounts, self.folder);
  // A forced one that cannot work fails now, not in the middle of a build.
  if (snapshotter === "overlayfs") driver();
  const snapshots = new Snapshots({ folder: layout.snapshots, database, owner: self.id, trash, driver });
  const blobs = new DiskBlobs(layout, self.id);
  const exclusive = new Exclusive(layout.locks);
  const folders = new Folders(layout, self, database);
  const rest = () => {
    snapshots.forgetUses();
    blobs.forgetUses();
    folders.forgetUses();
    self.rest();
  };
  let closing: Promise<void> | undefined;
  return {
    root: layout.root,
    blobs,
    snapshots,
    layers: new StoredLayerRecords(database),
    records,
    contentHashes: new StoredContentHashes({ layout, database, snapshots, ownFolder: self.folder }),
    reclaim: new StoredReclaim({ layout, database, trash, owner: self.id, rest }),
    mount: (tree) => mounts.mount(tree),
    temporaryFolder: (prefix) => folders.temporary(prefix),
    exclusive: (name, scope, work) => exclusive.run(name, scope, work),
    keptFolder: (space, key, description) => folders.kept(space, key, description),
    lendFolder: (space, key, description) => folders.lend(space, key, description),
    [Symbol.asyncDispose]: () => {
      closing ??= close(layout, { self, database, trash }, log);
      return closing;
    },
  };
}

/** A process that may not change owners records them, whatever else it may do: overlays would show those of the disk. */
function chooseDriver(snapshotter: Snapshotter, mounts: Mounts, ownFolder: string): SnapshotDriver {
  if (snapshotter === "recorded") return recordedDriver();
  if (snapshotter !== "overlayfs" && !mayChangeOwners(ownFolder)) return recordedDriver();
  if (snapshotter === "native") return nativeDriver;
  const trouble = mounts.overlayTrouble();
  if (trouble === undefined) return overlayDriver;
  if (snapshotter === "overlayfs") throw trouble;
  return nativeDriver;
}

/**
 * Everything that this opening owns is put away as the sweep would do it after a kill, so both ways end alike. What cannot be put
 * away, for want of space say, is left to the sweep: it is no reason for a build to fail.
 */
async function close(layout: Layout, opened: Opened, log: Log): Promise<void> {
  const { self, database, trash } = opened;
  try {
    discardOwn(layout, opened);
  } catch (error) {
    log(`cannot put away what this process made: ${messageOf(error)}`);
  }
  await trash.close();
  database.close();
  self.close();
}

function discardOwn(layout: Layout, { self, database, trash }: Opened): void {
  unmountBelow(self.folder);
  for (const { id } of database.all<{ id: string }>("SELECT id FROM snapshot WHERE owner = ?", self.id)) {
    trash.discard(`${layout.snapshots}/${id}`);
  }
  database.run("DELETE FROM snapshot WHERE owner = ?", self.id);
}
