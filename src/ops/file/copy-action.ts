import { dirname, posix } from "node:path";
import { PathFilter } from "../../archive/index.ts";
import { CooperError, errnoOf, lstatIfThere, pathInside, statSync } from "../../kit/index.ts";
import type { CopyAction } from "../../llb/index.ts";
import { pathNotFound } from "../selection.ts";
import type { ActionSurroundings } from "./actions.ts";
import { Copier, type CopyRules } from "./copier.ts";
import { makeFolders, setTime, type TargetTree } from "./make-folders.ts";
import { type ModeChange, parseModeChange } from "./mode-change.ts";
import { pathError } from "./path-error.ts";
import type { SourceTree } from "./source-tree.ts";
import { unpackArchive } from "./unpack.ts";
import { resolveWildcards } from "./wildcards.ts";

const defaultFolderMode = 0o755;

/** Copies what the action picks of `source` into the target. */
export async function copyAction(
  action: CopyAction,
  source: SourceTree,
  target: TargetTree,
  around: ActionSurroundings,
): Promise<void> {
  if (!action.createDestPath) mustHaveParent(target.path, action.dest);
  const src = rootedPath(action.src);
  const found = action.allowWildcard ? resolveWildcards(source, src, action.followSymlink) : [src];
  if (found.length === 0 && !action.allowEmptyWildcard) throw new CooperError("ops/file-failed", `${src} not found`);
  mustHaveRequired(action, source, around);
  const copying = { action, source, target, around, rules: rulesOf(action, around) };
  for (const path of found) await copyOne(path, copying);
}

interface Copying {
  readonly action: CopyAction;
  readonly source: SourceTree;
  readonly target: TargetTree;
  readonly around: ActionSurroundings;
  readonly rules: CopyRules;
}

function rulesOf(action: CopyAction, around: ActionSurroundings): CopyRules {
  return {
    owner: around.owner,
    mode: modeChange(action),
    time: action.timestamp,
    filter: PathFilter.of(action.includePatterns, action.excludePatterns),
    replace: action.alwaysReplaceExistingDestPaths,
    memory: around.memory,
  };
}

function modeChange(action: CopyAction): ModeChange | undefined {
  if (action.modeString !== "") return parseModeChange(action.modeString);
  const { mode } = action;
  return mode === undefined ? undefined : () => mode & 0o7777;
}

async function copyOne(path: string, copying: Copying): Promise<void> {
  const { action, source, target, around, rules } = copying;
  const root = target.path;
  const dest = rootedPath(action.dest);
  if (action.attemptUnpack && (await unpackArchive(path, dest, source, target, around, action.timestamp))) return;
  const time = action.timestamp;
  const folder = { mode: numericMode(action), owner: around.owner, time };
  const made = makeFolders(target, pathInside(root, folderOf(dest)), folder);
  const from = await existingSource(path, copying);
  const to = targetFor(path, from, pathInside(root, dest), action);
  made.push(...makeFolders(target, to.folder, folder));
  await new Copier(source, target, rules, around.scope.signal).copy(from, to.path);
  // What was put into new parents has changed their times.
  for (const each of made.reverse()) setTime(each, time);
}

/** A numeric mode also goes for the parents that a copy makes, without its special bits; a symbolic one does not. */
function numericMode(action: CopyAction): number {
  return action.modeString === "" && action.mode !== undefined ? action.mode & 0o777 : defaultFolderMode;
}

async function existingSource(path: string, { action, source, around }: Copying): Promise<string> {
  const from = pathInside(source.root, path, { followLast: action.followSymlink });
  if (source.exists(source.relative(from))) return from;
  // Where links have led to.
  const absent = pathError("lstat", `/${source.relative(from)}`, "ENOENT");
  if (around.sourceTree.kind !== "folder") throw absent;
  const notFound = await pathNotFound(around.sourceTree, posix.join("/", path));
  // Where patterns pick, the key is made without the path being there.
  const picked = action.includePatterns.length + action.excludePatterns.length > 0;
  throw picked ? new CooperError(absent.code, absent.message, { hint: notFound.hint }) : notFound;
}

/**
 * Like cp: into a directory that is there, unless a directory's content is to be copied over it. For content, the directory itself is made
 * like any parent, not after the source.
 */
function targetFor(path: string, from: string, dest: string, action: CopyAction): { path: string; folder: string } {
  const isFolder = lstatIfThere(from)?.isDirectory() ?? false;
  const there = statIfThere(dest);
  const inside = isFolder ? !action.dirCopyContents && there !== undefined : (there?.isDirectory() ?? false);
  if (inside) return { path: posix.join(dest, posix.basename(path)), folder: dest };
  return { path: dest, folder: isFolder && action.dirCopyContents && there === undefined ? dest : dirname(dest) };
}

function mustHaveParent(root: string, dest: string): void {
  const parent = dirname(pathInside(root, posix.join("/", dest)));
  if (lstatIfThere(parent) !== undefined) return;
  const inner = parent.slice(root.length) || "/";
  throw new CooperError("ops/file-failed", `failed to stat ${dest}: lstat ${inner}: no such file or directory`);
}

function mustHaveRequired(action: CopyAction, source: SourceTree, around: ActionSurroundings): void {
  if (action.includePatterns.length === 0) return;
  for (const required of action.requiredPaths) {
    const path = source.relative(pathInside(source.root, required, { followLast: false }));
    if (source.exists(path)) continue;
    const name = around.sourceTree.kind === "snapshot" ? around.sourceTree.id : around.sourceTree.kind;
    const message = `failed to compute cache key: failed to calculate checksum of ref ${name}: ${JSON.stringify(required)}: not found`;
    throw new CooperError("ops/path-not-found", message);
  }
}

/** A path without `..`, keeping what its end says: `/` or `/.` mean a directory. */
function rootedPath(path: string): string {
  const clean = posix.join("/", path).replace(/(.)\/+$/, "$1");
  if (path.endsWith("/.")) return clean === "/" ? "/." : `${clean}/.`;
  return path.endsWith("/") && clean !== "/" ? `${clean}/` : clean;
}

/** The directory that must be there before the copy: the path itself when its end says that it is one. */
function folderOf(dest: string): string {
  const base = dest.slice(dest.lastIndexOf("/") + 1);
  return base === "" || base === "." ? dest : dest.slice(0, dest.lastIndexOf("/") + 1);
}

function statIfThere(path: string) {
  try {
    return statSync(path, { throwIfNoEntry: false });
  } catch (error) {
    if (errnoOf(error) === "ENOTDIR" || errnoOf(error) === "ELOOP") return undefined;
    throw error;
  }
}
