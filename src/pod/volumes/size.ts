import { lstat, opendir } from "node:fs/promises";
import { join } from "node:path";
import { errnoOf } from "../../kit/index.ts";

/** Bytes on the disk of a folder and all in it; what vanishes meanwhile is not counted. Stops as soon as `enough` is passed. */
export async function folderSize(folder: string, enough: number): Promise<number> {
  let size = 0;
  const pending = [folder];
  for (let path = pending.pop(); path !== undefined && size <= enough; path = pending.pop()) {
    try {
      for await (const entry of await opendir(path)) {
        const inner = join(path, entry.name);
        size += (await lstat(inner)).blocks * 512;
        if (entry.isDirectory()) pending.push(inner);
      }
    } catch (error) {
      if (errnoOf(error) !== "ENOENT" && errnoOf(error) !== "ENOTDIR") throw error;
    }
  }
  return size;
}
