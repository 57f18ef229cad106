import { mkdirSync, statSync } from "node:fs";
import { dirname } from "node:path";
import { errnoOf } from "./error.ts";

/**
 * Makes `path` and what is missing above it, each with `mode`. Like `mkdir -p`; Node's own recursive mkdir never returns where the
 * kernel refuses with ENOENT (below /proc), and calls a read-only file system a missing file. Throws the kernel's error.
 */
export function makeFolders(path: string, mode = 0o777): void {
  if (statSync(path, { throwIfNoEntry: false })?.isDirectory() === true) return;
  const above = dirname(path);
  if (statSync(above, { throwIfNoEntry: false }) === undefined) makeFolders(above, mode);
  try {
    mkdirSync(path, mode);
  } catch (error) {
    // Another process may have made it meanwhile.
    if (errnoOf(error) !== "EEXIST" || !statSync(path).isDirectory()) throw error;
  }
}
