import { posix } from "node:path";
import { goMatch, hasWildcard, lstatIfThere, pathInside, readdirSync, sortNames } from "../../kit/index.ts";
import { pathError } from "./path-error.ts";
import type { SourceTree } from "./source-tree.ts";

/**
 * The paths of a tree (absolute inside it) that a pattern means, in the order of their names: its parts are matched one by one
 * (Go's filepath.Match), links in the plain parts before the first wildcard are followed, later ones are not. A path without wildcard means
 * itself, there or not; what is before the first wildcard must be there.
 */
export function resolveWildcards(tree: SourceTree, pattern: string, followLast: boolean): string[] {
  const parts = pattern.split("/").filter((part) => part !== "");
  const at = parts.findIndex(hasWildcard);
  if (at < 0) return [pattern];
  const folder = tree.relative(pathInside(tree.root, parts.slice(0, at).join("/"), { followLast }));
  if (!tree.exists(folder)) throw pathError("lstat", `/${folder}`, "ENOENT");
  const matches = matchParts(tree, folder, parts.slice(at));
  return matches.map((match) => `/${match}`);
}

function matchParts(tree: SourceTree, folder: string, [pattern, ...rest]: readonly string[]): string[] {
  if (pattern === undefined) return [folder];
  if (lstatIfThere(`${tree.root}/${folder}`)?.isDirectory() !== true) return [];
  const names = readdirSync(`${tree.root}/${folder}`).filter((name) => goMatch(pattern, name));
  const paths = sortNames(names).map((name) => posix.join(folder, name));
  if (rest.length > 0) return paths.flatMap((path) => matchParts(tree, path, rest));
  return paths.filter((path) => tree.exists(path));
}
