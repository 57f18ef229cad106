import { closeSync, openSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { errnoOf } from "../../kit/index.ts";
import { isStill, tryFlock } from "../../sys/index.ts";

/**
 * Removes the files of named locks that nobody holds: a killed process gives up its locks, but their files stay. Whoever wants
 * one at this moment sees that the file is gone and makes a new one.
 */
export function removeAbandonedLocks(folder: string): void {
  for (const name of readdirSync(folder)) {
    const path = join(folder, name);
    const file = openIfThere(path);
    if (file === undefined) continue;
    try {
      if (tryFlock(file) && isStill(path, file)) rmSync(path, { force: true });
    } finally {
      closeSync(file);
    }
  }
}

function openIfThere(path: string): number | undefined {
  try {
    return openSync(path, "r");
  } catch (error) {
    if (errnoOf(error) === "ENOENT") return undefined;
    throw error;
  }
}
