import { type BigIntStats, lstatSync, readlinkSync, realpathSync } from "node:fs";
import { CooperError, errnoOf, type MatchState, messageOf, PatternMatcher } from "../../kit/index.ts";
import type { TreeEntry, TreeStat, WalkFilter } from "../contract.ts";
import { kindOf } from "./file-header.ts";
import { followLinks, withoutNested } from "./follow-links.ts";
import { sortedNames } from "./names.ts";

/**
 * The files below `root` that the filter picks, with fsutil's semantics: names in byte order, a directory before what it holds,
 * directories above a match included, links not followed. Lazy and synchronous: a caller that walks large trees gives way to
 * other work between entries. Files that vanish meanwhile are left out. Throws `kit/bad-pattern`, `archive/not-a-folder`,
 * or the system error of a directory that cannot be read.
 */
export function walkTree(root: string, filter: WalkFilter = {}): Generator<TreeEntry, void> {
  const folder = realFolder(root);
  const walk: Walk = { root: folder, ...matchersOf(folder, filter) };
  return walkFolder(walk, { path: "", include: undefined, exclude: undefined, given: true, parent: undefined });
}

interface Walk {
  readonly root: string;
  readonly include: PatternMatcher | undefined;
  readonly exclude: PatternMatcher | undefined;
}

/** A directory on the way down. */
interface Folder {
  readonly path: string;
  readonly include: MatchState | undefined;
  readonly exclude: MatchState | undefined;
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

function matchersOf(root: string, filter: WalkFilter): Pick<Walk, "include" | "exclude"> {
  const include = includesOf(root, filter);
  const exclude = filter.exclude ?? [];
  return {
    include: include.length === 0 ? undefined : matcher(include, "includepatterns"),
    exclude: exclude.length === 0 ? undefined : matcher(exclude, "excludepatterns"),
  };
}

function includesOf(root: string, filter: WalkFilter): readonly string[] {
  const include = filter.include ?? [];
  const follow = filter.follow ?? [];
  const targets = follow.length === 0 ? undefined : followLinks(root, follow);
  if (targets === undefined) return include;
  return withoutNested([...include, ...targets]) ?? [];
}

function matcher(patterns: readonly string[], what: string): PatternMatcher {
  try {
    return new PatternMatcher(patterns);
  } catch (cause) {
    throw new CooperError("kit/bad-pattern", `invalid ${what}: [${patterns.join(" ")}]: ${messageOf(cause)}`, {
      cause,
    });
  }
}

function* walkFolder(walk: Walk, folder: Folder): Generator<TreeEntry, void> {
  for (const name of namesOf(walk, folder)) {
    const path = folder.path === "" ? name : `${folder.path}/${name}`;
    const stat = statOf(`${walk.root}/${path}`);
    if (stat === undefined) continue;
    const directory = stat.isDirectory();
    const included = tryMatch(walk.include, path, folder.include, directory);
    if (directory && walk.include !== undefined && !included.matched && !mayMatchBelow(walk.include, path, false))
      continue;
    const excluded = tryMatch(walk.exclude, path, folder.exclude, directory);
    if (directory && walk.exclude !== undefined && excluded.matched && !mayMatchBelow(walk.exclude, path, true))
      continue;
    const picked = (walk.include === undefined || included.matched) && !excluded.matched;
    if (picked) {
      yield* parentsOf(walk, folder);
      yield entryOf(walk, path, stat);
    }
    if (!directory) continue;
    yield* walkFolder(walk, {
      path,
      include: included.state,
      exclude: excluded.state,
      parent: folder,
      stat,
      given: picked,
    });
  }
}

function* parentsOf(walk: Walk, folder: Folder): Generator<TreeEntry, void> {
  if (folder.given) return;
  if (folder.parent !== undefined) yield* parentsOf(walk, folder.parent);
  folder.given = true;
  if (folder.stat !== undefined) yield entryOf(walk, folder.path, folder.stat);
}

function tryMatch(
  matcher: PatternMatcher | undefined,
  path: string,
  parent: MatchState | undefined,
  directory: boolean,
): { readonly matched: boolean; readonly state: MatchState | undefined } {
  if (matcher === undefined) return { matched: false, state: undefined };
  const state = directory ? matcher.newState() : undefined;
  return { matched: matcher.matchBelow(path, parent, state), state };
}

/**
 * Whether something below a directory could still match: always, unless every pattern that counts (the exceptions of an
 * exclude list, the others of an include list) begins with plain text.
 */
function mayMatchBelow(matcher: PatternMatcher, path: string, exceptions: boolean): boolean {
  const counting = matcher.patterns
    .filter((pattern) => pattern.exclusion === exceptions)
    .map((pattern) => plainFront(pattern.text));
  if (counting.some((text) => /[*[\]?^\\]/.test(text))) return true;
  return counting.some((text) => `${text}/`.startsWith(`${path}/`));
}

function plainFront(text: string): string {
  const front = text.endsWith("/**") ? text.slice(0, -3) : text;
  return front.endsWith("/*") ? front.slice(0, -2) : front;
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

function statOf(path: string): BigIntStats | undefined {
  try {
    return lstatSync(path, { bigint: true, throwIfNoEntry: false });
  } catch (error) {
    if (errnoOf(error) === "ENOTDIR") return undefined;
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
