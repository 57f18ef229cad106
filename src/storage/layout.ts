import { existsSync } from "node:fs";
import { join } from "node:path";
import { type Digest, makeFolders, splitDigest } from "../kit/index.ts";
import { spreadSubfolders } from "../sys/index.ts";

/** Where things are below a root; docs/storage.md describes each. */
export interface Layout {
  readonly root: string;
  readonly database: string;
  readonly blobs: string;
  readonly ingest: string;
  readonly snapshots: string;
  readonly kept: string;
  readonly hashes: string;
  readonly locks: string;
  readonly run: string;
  readonly trash: string;
}

export function layoutOf(root: string): Layout {
  const at = (name: string) => join(root, name);
  return {
    root,
    database: at("cooper.db"),
    blobs: at("content/blobs"),
    ingest: at("content/ingest"),
    snapshots: at("snapshots"),
    kept: at("kept"),
    hashes: at("hashes"),
    locks: at("locks"),
    run: at("run"),
    trash: at("trash"),
  };
}

/** Makes the root's folders where they are missing. They hold other users' programs: nobody else may enter. */
export function makeLayout(layout: Layout): void {
  const isNew = !existsSync(layout.database);
  const { blobs, ingest, snapshots, kept, hashes, locks, run, trash } = layout;
  for (const folder of [join(blobs, "sha256"), ingest, snapshots, kept, hashes, locks, run, trash]) {
    makeFolders(folder, 0o700);
  }
  if (!isNew) return;
  spreadSubfolders(snapshots);
  spreadSubfolders(kept);
}

/** The file of a blob in the store. */
export function blobPath(layout: Layout, digest: Digest): string {
  const { algorithm, hex } = splitDigest(digest);
  return join(layout.blobs, algorithm, hex);
}
