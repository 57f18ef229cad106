import { readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { bringBack, type Log, messageOf } from "../../kit/index.ts";
import { listMounts, umount } from "../../sys/index.ts";
import type { Database } from "../database/database.ts";
import type { Layout } from "../layout.ts";
import { removeAbandonedLocks } from "./abandoned-locks.ts";
import { claimDead, type Registration } from "./registration.ts";
import type { Trash } from "./trash.ts";

/** What the sweep of one opening works on. */
export interface Swept {
  readonly layout: Layout;
  readonly database: Database;
  readonly trash: Trash;
  readonly log: Log;
}

/**
 * Clears away what dead openings left: mounts, temporary folders, half blobs, unfinished snapshots, files of locks. It looks at what
 * carries an owner only (three short lists), never at the whole store, and trees are only moved to the trash.
 * One dead one's leftovers that cannot be cleared are logged and left; they do not stop the build.
 */
export function sweep(place: Swept, self: Registration): void {
  for (const owner of ownersOf(place)) {
    if (owner === self.id) continue;
    try {
      sweepOwner(place, owner);
    } catch (error) {
      place.log(`cannot clear what process ${owner} left: ${messageOf(error)}`);
    }
  }
}

function ownersOf({ layout, database }: Swept): Set<string> {
  const owners = new Set(readdirSync(layout.run));
  for (const file of readdirSync(layout.ingest)) owners.add(ownerOfIngest(file));
  const rows = database.all<{ owner: string }>("SELECT DISTINCT owner FROM snapshot WHERE owner IS NOT NULL");
  for (const { owner } of rows) owners.add(owner);
  return owners;
}

/** Files of content/ingest are named `<owner>.<number>`. */
const ownerOfIngest = (file: string): string => file.split(".", 1)[0] ?? file;

function sweepOwner(place: Swept, owner: string): void {
  const { layout, database, trash } = place;
  const claim = claimDead(layout, owner);
  if (claim === undefined) return;
  try {
    const folder = join(layout.run, owner);
    unmountBelow(folder);
    for (const { id } of database.all<{ id: string }>("SELECT id FROM snapshot WHERE owner = ?", owner)) {
      const tree = join(layout.snapshots, id);
      unmountBelow(tree);
      bringBack(tree);
      trash.take(tree);
    }
    database.run("DELETE FROM snapshot WHERE owner = ?", owner);
    for (const file of readdirSync(layout.ingest)) {
      if (ownerOfIngest(file) === owner) rmSync(join(layout.ingest, file), { force: true });
    }
    trash.take(folder);
    removeAbandonedLocks(layout.locks);
  } finally {
    claim.release();
  }
}

/** Takes down all mounts at and below a folder, the last made first. Throws when one stays: its folder must then stay too. */
export function unmountBelow(folder: string): void {
  const below = listMounts().filter(({ target }) => target === folder || target.startsWith(`${folder}/`));
  for (const { target } of below.reverse()) umount(target, { detach: true });
}
