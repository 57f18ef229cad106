import type { BigIntStats } from "node:fs";
import type { TreeFiles } from "../archive/index.ts";
import {
  CooperError,
  cleanPath,
  goMatch,
  lstatIfThere,
  pathInside,
  readdirSync,
  readlinkSync,
  sortNames,
} from "../kit/index.ts";
import type { FileInfo } from "./contract.ts";

/** What the path is; a link in its last part is not followed. Throws `frontend/not-found`. */
export function treeFileInfo(root: string | undefined, path: string, files?: TreeFiles): FileInfo {
  const target = root === undefined ? undefined : pathInside(root, path, { followLast: false });
  const stat = target === undefined ? undefined : statOf(target, files);
  if (target === undefined || stat === undefined) throw notFound("lstat", path);
  return infoOf(path.slice(path.lastIndexOf("/") + 1), target, stat);
}

/** The entries of a folder in the tree by name, those that match `pattern` unless that is empty. Throws `frontend/not-found`. */
export function readTreeFolder(
  root: string | undefined,
  path: string,
  pattern: string,
  files?: TreeFiles,
): readonly FileInfo[] {
  if (root === undefined && cleanPath(`/${path}`) === "/") return [];
  if (root === undefined) throw notFound("open", path);
  const folder = pathInside(root, path);
  if (lstatIfThere(folder) === undefined) throw notFound("open", path);
  const names = readdirSync(folder).filter((name) => pattern === "" || goMatch(pattern, name));
  return sortNames(names).flatMap((name) => {
    const stat = statOf(`${folder}/${name}`, files);
    return stat === undefined ? [] : [infoOf(name, `${folder}/${name}`, stat)];
  });
}

/** `files`: of the tree that the path is in; without, what the file system says. */
function statOf(path: string, files: TreeFiles | undefined): BigIntStats | undefined {
  return files === undefined ? lstatIfThere(path, { bigint: true }) : files.lstat(path);
}

/** What `stat` says of the file at `path`. */
export function infoOf(name: string, path: string, stat: BigIntStats): FileInfo {
  const kind = kindOf(stat);
  return {
    name,
    kind,
    mode: Number(stat.mode & 0o7777n),
    uid: Number(stat.uid),
    gid: Number(stat.gid),
    size: Number(stat.size),
    mtime: stat.mtimeNs,
    ...(kind === "symlink" && { linkTarget: readlinkSync(path) }),
  };
}

function kindOf(stat: BigIntStats): FileInfo["kind"] {
  if (stat.isFile()) return "file";
  if (stat.isDirectory()) return "directory";
  if (stat.isSymbolicLink()) return "symlink";
  if (stat.isFIFO()) return "fifo";
  if (stat.isCharacterDevice()) return "character";
  return stat.isBlockDevice() ? "block" : "socket";
}

function notFound(verb: string, path: string): CooperError {
  return new CooperError("frontend/not-found", `${verb} ${path}: no such file or directory`);
}
