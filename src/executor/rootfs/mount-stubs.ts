import { dirname, posix } from "node:path";
import {
  lstatIfThere,
  lstatSync,
  lutimesSync,
  pathInside,
  readdirSync,
  rmdirSync,
  statSync,
  unlinkSync,
} from "../../kit/index.ts";

/**
 * Notes which of the mount targets do not exist in the tree yet; the returned function removes what the runtime made for them,
 * as long as it is empty, and gives the parent its times back. With `recursive`, parents that were missing go too. What fails
 * to go is left: a stub is harmless.
 */
export function mountStubCleaner(rootfs: string, targets: readonly string[], recursive: boolean): () => void {
  const missing = targets.flatMap((target) => missingPaths(rootfs, posix.join("/", target), recursive));
  return () => {
    for (const path of missing) {
      try {
        removeStub(rootfs, path);
      } catch {
        // Left in place, see above.
      }
    }
  };
}

function missingPaths(rootfs: string, target: string, recursive: boolean): string[] {
  if (target === "/") return [];
  const missing: string[] = [];
  let path = pathInside(rootfs, target);
  while (path !== rootfs && lstatIfThere(path) === undefined) {
    missing.push(path);
    if (!recursive) break;
    path = dirname(path);
  }
  return missing;
}

function removeStub(rootfs: string, path: string): void {
  if (pathInside(rootfs, path.slice(rootfs.length)) !== path) return;
  const stats = lstatIfThere(path);
  if (stats === undefined) return;
  if (stats.isDirectory() ? readdirSync(path).length > 0 : stats.size > 0) return;
  const parent = dirname(path);
  const { atime, mtime } = statSync(parent);
  if (lstatSync(path).isDirectory()) rmdirSync(path);
  else unlinkSync(path);
  lutimesSync(parent, atime, mtime);
}
