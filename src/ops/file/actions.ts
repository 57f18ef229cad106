import { chmodSync, lchownSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { posix } from "node:path";
import { CooperError, lstatIfThere, pathInside } from "../../kit/index.ts";
import type { FileAction, MkdirAction, MkfileAction, RemoveAction, SymlinkAction } from "../../llb/index.ts";
import type { HashableTree } from "../../storage/index.ts";
import type { OpScope } from "../contract.ts";
import { copyAction } from "./copy-action.ts";
import type { CopyMemory } from "./copy-memory.ts";
import { makeFolder, makeFolders, type Owner, setTime } from "./make-folders.ts";
import { pathError, withPathErrors } from "./path-error.ts";
import { SourceTree } from "./source-tree.ts";
import { resolveWildcards } from "./wildcards.ts";

export interface ActionSurroundings {
  /** As the action asks for, looked up. */
  readonly owner: Owner | undefined;
  /** What a copy reads. */
  readonly source: () => Promise<SourceTree>;
  readonly sourceTree: HashableTree;
  readonly scope: OpScope;
  /** What is known of an earlier run of the same copy. */
  readonly memory: CopyMemory | undefined;
}

/** Changes the tree at `root` as the action says. All paths stay inside it, links followed as after a chroot. */
export async function runAction(action: FileAction, root: string, around: ActionSurroundings): Promise<void> {
  if (action.kind === "copy") {
    const source = await around.source();
    await withPathErrors([root, source.root], () => copyAction(action, source, root, around));
    return;
  }
  await withPathErrors([root], async () => {
    switch (action.kind) {
      case "mkdir":
        return makeDirectory(action, root, around.owner);
      case "mkfile":
        return makeFile(action, root, around.owner);
      case "symlink":
        return makeLink(action, root, around.owner);
      case "rm":
        return remove(action, root);
    }
  });
}

function makeDirectory(action: MkdirAction, root: string, owner: Owner | undefined): void {
  const path = pathInside(root, action.path);
  const folder = { mode: action.mode & 0o777, owner, time: action.timestamp };
  if (action.makeParents) {
    const made = makeFolders(root, path, folder);
    for (const each of made.reverse()) setTime(each, action.timestamp);
  } else if (lstatIfThere(path) === undefined) makeFolder(path, folder);
}

function makeFile(action: MkfileAction, root: string, owner: Owner | undefined): void {
  const path = pathInside(root, posix.join("/", action.path));
  const isNew = lstatIfThere(path) === undefined;
  writeFileSync(path, action.data);
  if (owner !== undefined) lchownSync(path, owner.uid, owner.gid);
  if (isNew) chmodSync(path, action.mode & 0o777);
  setTime(path, action.timestamp);
}

function makeLink(action: SymlinkAction, root: string, owner: Owner | undefined): void {
  const path = pathInside(root, posix.join("/", action.newPath));
  symlinkSync(action.oldPath, path);
  if (owner !== undefined) lchownSync(path, owner.uid, owner.gid);
  setTime(path, action.timestamp);
}

function remove(action: RemoveAction, root: string): void {
  const path = posix.join("/", action.path);
  const paths = action.allowWildcard ? resolveWildcards(SourceTree.mounted(root), path, false) : [path];
  for (const each of paths) removeOne(each, root, action.allowNotFound);
}

function removeOne(path: string, root: string, allowNotFound: boolean): void {
  if (path === "/" || path === "") throw new CooperError("ops/file-failed", "rmPath: invalid empty path");
  const target = `${pathInside(root, posix.dirname(path))}/${posix.basename(path)}`;
  if (!allowNotFound && lstatIfThere(target) === undefined) throw pathError("stat", path, "ENOENT");
  rmSync(target, { recursive: true, force: true });
}
