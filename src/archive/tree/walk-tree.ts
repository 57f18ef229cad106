import { type BigIntStats, realpathSync } from "node:fs";
import { CooperError, errnoOf, lstatSync, messageOf, readlinkSync } from "../../kit/index.ts";
import type { TreeEntry, TreeStat, WalkFilter } from "../contract.ts";
import { kindOf } from "./file-header.ts";
import { followLinks, withoutNested } from "./follow-links.ts";
import { sortedNames } from "./names.ts";
import { type FilterState, PathFilter } from "./path-filter.ts";
import { kernelFiles, type TreeFiles } from "./tree-files.ts";

/**
 * The files below `root` that the filter picks, with fsutil's semantics: names in byte order, a directory before what it holds,
 * directories above a match included, links not followed. Lazy and synchronous: a caller that walks large trees gives way to
 * other work between entries. Files that vanish meanwhile are left out. Throws `kit/bad-pattern`, `archive/not-a-folder`,
 * or the system error of a directory that cannot be read.
 */
export function walkTree(
  root: string,
  filter: WalkFilter = {},
  files: TreeFiles = kernelFiles,
): Generator<TreeEntry, void> {
  const folder = realFolder(root);
  const walk: Walk = { root: folder, files, filter: PathFilter.of(includesOf(folder, filter), filter.exclude ?? []) };
  return walkFolder(walk, { path: "", state: undefined, given: true, parent: undefined });
}

interface Walk {
  readonly root: string;
  readonly files: TreeFiles;
  readonly filter: PathFilter | undefined;
}

/** A directory on the way down. */
interface Folder {
  readonly path: string;
  readonly state: FilterState | undefined;
  readonly parent: Folder | undefined;
  readonly stat?: BigIntStats;
  /** Its own entry has been given out: a directory that is not picked itself comes with the first pick below it. */
  given: boolean;
}

function realFolder(root: string): string {
  try {
    const real = realpathSync(root);
    if (lstatSync(real).isDirectory()) return real === "/" ? "" : real;
  } catch (cause) {
    throw new CooperError("archive/not-a-folder", `cannot read folder ${JSON.stringify(root)}: ${messageOf(cause)}`, {
      cause,
    });
  }
  throw new CooperError("archive/not-a-folder", `cannot read folder ${JSON.stringify(root)}: not a directory`);
}

function includesOf(root: string, filter: WalkFilter): readonly string[] {
  const include = filter.include ?? [];
  const follow = filter.follow ?? [];
  const targets = follow.length === 0 ? undefined : followLinks(root, follow);
  if (targets === undefined) return include;
  return withoutNested([...include, ...targets]) ?? [];
}

function* walkFolder(walk: Walk, folder: Folder): Generator<TreeEntry, void> {
  for (const name of namesOf(walk, folder)) {
    const path = folder.path === "" ? name : `${folder.path}/${name}`;
    const stat = walk.files.lstat(`${walk.root}/${path}`);
    if (stat === undefined) continue;
    const directory = stat.isDirectory();
    const own = directory ? walk.filter?.newState() : undefined;
    const verdict = walk.filter?.judge(path, folder.state, own) ?? "in";
    if (verdict === "out") continue;
    if (verdict === "in") {
      yield* parentsOf(walk, folder);
      yield entryOf(walk, path, stat);
    }
    if (directory) yield* walkFolder(walk, { path, state: own, parent: folder, stat, given: verdict === "in" });
  }
}

function* parentsOf(walk: Walk, folder: Folder): Generator<TreeEntry, void> {
  if (folder.given) return;
  if (folder.parent !== undefined) yield* parentsOf(walk, folder.parent);
  folder.given = true;
  if (folder.stat !== undefined) yield entryOf(walk, folder.path, folder.stat);
}

function namesOf(walk: Walk, folder: Folder): string[] {
  try {
    return sortedNames(`${walk.root}/${folder.path}`);
  } catch (error) {
    const code = errnoOf(error);
    if (code === "ENOENT" || code === "ENOTDIR" || (code === "EACCES" && !folder.given)) return [];
    throw error;
  }
}

function entryOf(walk: Walk, path: string, stat: BigIntStats): TreeEntry {
  const kind = kindOf(stat);
  if (kind !== "symlink") return { path, kind, stat: treeStat(stat) };
  return { path, kind, stat: treeStat(stat), linkTarget: readlinkSync(`${walk.root}/${path}`) };
}

function treeStat(stat: BigIntStats): TreeStat {
  return {
    mode: Number(stat.mode) & 0o7777,
    uid: Number(stat.uid),
    gid: Number(stat.gid),
    size: Number(stat.size),
    links: Number(stat.nlink),
    device: stat.dev,
    inode: stat.ino,
    rdev: stat.rdev,
    mtime: stat.mtimeNs,
    ctime: stat.ctimeNs,
  };
}
