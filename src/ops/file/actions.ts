import { posix } from "node:path";
import { CooperError, lstatIfThere, pathInside, rmSync, symlinkSync, writeFileSync } from "../../kit/index.ts";
import type { FileAction, MkdirAction, MkfileAction, RemoveAction, SymlinkAction } from "../../llb/index.ts";
import type { HashableTree } from "../../storage/index.ts";
import type { OpScope } from "../contract.ts";
import { copyAction } from "./copy-action.ts";
import type { CopyMemory } from "./copy-memory.ts";
import { makeFolder, makeFolders, type Owner, setTime, type TargetTree } from "./make-folders.ts";
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

/** Changes the tree as the action says. All paths stay inside it, links followed as after a chroot. */
export async function runAction(action: FileAction, target: TargetTree, around: ActionSurroundings): Promise<void> {
  if (action.kind === "copy") {
    const source = await around.source();
    await withPathErrors([target.path, source.root], () => copyAction(action, source, target, around));
    return;
  }
  await withPathErrors([target.path], async () => {
    switch (action.kind) {
      case "mkdir":
        return makeDirectory(action, target, around.owner);
      case "mkfile":
        return makeFile(action, target, around.owner);
      case "symlink":
        return makeLink(action, target, around.owner);
      case "rm":
        return remove(action, target);
    }
  });
}

function makeDirectory(action: MkdirAction, target: TargetTree, owner: Owner | undefined): void {
  const path = pathInside(target.path, action.path);
  const folder = { mode: action.mode & 0o777, owner, time: action.timestamp };
  if (action.makeParents) {
    const made = makeFolders(target, path, folder);
    for (const each of made.reverse()) setTime(each, action.timestamp);
  } else if (lstatIfThere(path) === undefined) makeFolder(path, folder, target.files);
}

function makeFile(action: MkfileAction, { path: root, files }: TargetTree, owner: Owner | undefined): void {
  const path = pathInside(root, posix.join("/", action.path));
  const isNew = lstatIfThere(path) === undefined;
  files.unshare(path);
  writeFileSync(path, action.data);
  if (isNew || owner !== undefined) files.chown(path, owner?.uid ?? 0, owner?.gid ?? 0);
  if (isNew) files.chmod(path, action.mode & 0o777);
  setTime(path, action.timestamp);
}

function makeLink(action: SymlinkAction, { path: root, files }: TargetTree, owner: Owner | undefined): void {
  const path = pathInside(root, posix.join("/", action.newPath));
  symlinkSync(action.oldPath, path);
  files.chown(path, owner?.uid ?? 0, owner?.gid ?? 0);
  setTime(path, action.timestamp);
}

function remove(action: RemoveAction, target: TargetTree): void {
  const path = posix.join("/", action.path);
  const paths = action.allowWildcard ? resolveWildcards(SourceTree.mounted(target), path, false) : [path];
  for (const each of paths) removeOne(each, target.path, action.allowNotFound);
}

function removeOne(path: string, root: string, allowNotFound: boolean): void {
  if (path === "/" || path === "") throw new CooperError("ops/file-failed", "rmPath: invalid empty path");
  const target = `${pathInside(root, posix.dirname(path))}/${posix.basename(path)}`;
  if (!allowNotFound && lstatIfThere(target) === undefined) throw pathError("stat", path, "ENOENT");
  rmSync(target, { recursive: true, force: true });
}
