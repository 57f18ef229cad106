import { join } from "node:path";
import { isWhiteout } from "../../archive/index.ts";
import {
  chmodSync,
  chownSync,
  lstatSync,
  lutimesSync,
  mkdirSync,
  readEntriesSync,
  type Scope,
} from "../../kit/index.ts";
import { foundationName, type SnapshotId, type Storage } from "../../storage/index.ts";

/**
 * What a folder of changes may lie on, so that its marks of deletions stay hidden: overlayfs shows those in a folder that is in one layer
 * only. So the folders with marks that the tree below has not are made in a snapshot between.
 */
export async function foundationFor(
  changes: string,
  below: SnapshotId | undefined,
  storage: Storage,
  scope: Scope,
): Promise<SnapshotId | undefined> {
  const marked = markedFolders(changes, "", scope);
  if (marked.length === 0) return below;
  const missing = await missingIn(below, marked, storage);
  if (missing.length === 0 && below !== undefined) return below;
  await using active = await storage.snapshots.prepare(below);
  for (const folder of new Set(missing.flatMap(withParents))) makeAlike(changes, active.changes.folder, folder);
  return (await active.commit({ name: foundationName(), description: "merge foundation" })).id;
}

/** Folders with marks in them, by their paths, parents first; the root is "". */
function markedFolders(root: string, folder: string, scope: Scope): string[] {
  scope.signal.throwIfAborted();
  const entries = readEntriesSync(join(root, folder));
  const marks = entries.some(
    (entry) => entry.isCharacterDevice() && isWhiteout(lstatSync(join(root, folder, entry.name))),
  );
  const inner = entries
    .filter((entry) => entry.isDirectory())
    .flatMap((entry) => markedFolders(root, join(folder, entry.name), scope));
  return marks ? [folder, ...inner] : inner;
}

/** Those that are no folders there, with their parents, parents first. */
async function missingIn(
  below: SnapshotId | undefined,
  folders: readonly string[],
  storage: Storage,
): Promise<readonly string[]> {
  const all = new Set(folders.flatMap(withParents));
  if (below === undefined) return [...all];
  await using tree = await storage.mount(storage.snapshots.view(below));
  const missing: string[] = [];
  for (const folder of all) {
    const parent = folder.slice(0, Math.max(0, folder.lastIndexOf("/")));
    // Below something else than a folder nothing is looked at: it may be a link that leads away.
    const there = missing.includes(parent) ? undefined : lstatSync(join(tree.path, folder), { throwIfNoEntry: false });
    if (!there?.isDirectory()) missing.push(folder);
  }
  return missing;
}

function withParents(folder: string): string[] {
  const parts = folder === "" ? [] : folder.split("/");
  return parts.map((_, at) => parts.slice(0, at + 1).join("/"));
}

function makeAlike(from: string, to: string, folder: string): void {
  const { uid, gid, mode, atimeMs, mtimeMs } = lstatSync(join(from, folder));
  const path = join(to, folder);
  mkdirSync(path, { mode: 0o700 });
  chownSync(path, uid, gid);
  chmodSync(path, mode & 0o7777);
  lutimesSync(path, atimeMs / 1000, mtimeMs / 1000);
}
