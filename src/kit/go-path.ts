import { posix } from "node:path";

/** Go's `path.Clean`: no `.`, no inner `..`, no doubled or trailing slash; nothing at all becomes `.`. */
export function cleanPath(path: string): string {
  const normal = posix.normalize(path);
  return normal.length > 1 && normal.endsWith("/") ? normal.slice(0, -1) : normal;
}

/** Go's `path.Base`. */
export function basePath(path: string): string {
  if (path === "") return ".";
  const trimmed = path.replace(/\/+$/, "");
  return trimmed === "" ? "/" : trimmed.slice(trimmed.lastIndexOf("/") + 1);
}

/** Go's `path.Dir`. */
export function dirPath(path: string): string {
  return cleanPath(path.slice(0, path.lastIndexOf("/") + 1));
}

/** The target of a symbolic link whose tree is shown in the folder `prefix` (fsutil's SubDirFS): an absolute one leads below that folder. */
export function linkTargetBelow(prefix: string, target: string): string {
  return target.startsWith("/") ? joinPath(`/${prefix}`, target) : target;
}

/** Go's `path.Join`. */
export function joinPath(...parts: readonly string[]): string {
  const filled = parts.filter((part) => part !== "");
  return filled.length === 0 ? "" : cleanPath(filled.join("/"));
}
