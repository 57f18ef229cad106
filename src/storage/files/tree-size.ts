import { errnoOf, lstatSync, readdirSync } from "../../kit/index.ts";

const slice = 10;

/** Bytes on disk of a folder and all below it; hard links count once, what vanishes meanwhile not at all. */
export async function treeSize(path: string, signal: AbortSignal): Promise<number> {
  const seen = new Set<bigint>();
  let size = 0;
  let sliceEnd = performance.now() + slice;
  const pending = [path];
  for (let at = pending.pop(); at !== undefined; at = pending.pop()) {
    if (performance.now() > sliceEnd) {
      await new Promise((resolve) => setImmediate(resolve));
      signal.throwIfAborted();
      sliceEnd = performance.now() + slice;
    }
    try {
      const stat = lstatSync(at, { bigint: true });
      if (stat.nlink > 1n && !stat.isDirectory()) {
        if (seen.has(stat.ino)) continue;
        seen.add(stat.ino);
      }
      size += Number(stat.blocks) * 512;
      if (stat.isDirectory()) for (const name of readdirSync(at)) pending.push(`${at}/${name}`);
    } catch (error) {
      // Gone meanwhile, or a folder of another user on a root that several share.
      if (errnoOf(error) !== "ENOENT" && errnoOf(error) !== "EACCES") throw error;
    }
  }
  return size;
}
