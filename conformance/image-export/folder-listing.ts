import { lstatSync, readdirSync, readFileSync, readlinkSync } from "node:fs";
import { join } from "node:path";
import { lgetxattr, llistxattr } from "../../src/sys/index.ts";
import type { FolderEntry } from "./recording.ts";

/** Everything below a folder, with all that `type=local` promises to keep. */
export function listFolder(folder: string): FolderEntry[] {
  return walk(folder).map((name) => {
    const path = join(folder, name);
    const stat = lstatSync(path);
    const xattrs = Object.fromEntries(
      llistxattr(path).map((key) => [key, lgetxattr(path, key)?.toString("utf8") ?? ""] as const),
    );
    return {
      name,
      mode: stat.mode.toString(8),
      uid: stat.uid,
      gid: stat.gid,
      size: stat.isDirectory() ? 0 : stat.size,
      mtime: stat.mtimeMs / 1000,
      nlink: stat.nlink,
      ...(stat.isSymbolicLink() && { linkname: readlinkSync(path) }),
      ...(name.endsWith(".json") && { json: JSON.parse(readFileSync(path, "utf8")) }),
      ...(Object.keys(xattrs).length > 0 && { xattrs }),
    };
  });
}

/** The files of a layout that is a folder. */
export function listLayoutFolder(folder: string): FolderEntry[] {
  return walk(folder)
    .map((name) => ({ name, stat: lstatSync(join(folder, name)) }))
    .filter(({ stat }) => !stat.isDirectory())
    .map(({ name, stat }) => ({ name, mode: `0${(stat.mode & 0o7777).toString(8)}`, size: stat.size }));
}

function walk(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: "utf8" });
}
