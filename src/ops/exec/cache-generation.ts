import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { errnoOf } from "../../kit/index.ts";
import type { Mount, ParsedDefinition } from "../../llb/index.ts";
import type { Records, Storage } from "../../storage/index.ts";

/** By cache: what a folder must be marked with to be used as it is. */
const space = "cache-generations";
/** Beside the cache's tree. */
const markFile = "generation";

/**
 * Gives the cache mounts of all steps that must not use the cache a fresh start, as upstream has it. `done` remembers, for one build,
 * whose turn it was: a second definition of the build (of another platform) finds what the first one put there.
 */
export function renewCaches(definition: ParsedDefinition, all: boolean, storage: Storage, done: Set<string>): void {
  for (const { op, metadata } of definition.vertices) {
    if (op.body.kind !== "exec" || !(all || metadata.ignoreCache)) continue;
    for (const mount of op.body.mounts) {
      if (mount.type.kind !== "cache") continue;
      const name = cacheName(mount, mount.type.id);
      if (done.has(name)) continue;
      done.add(name);
      storage.records.set(space, name, `${process.pid}-${Date.now()}`);
    }
  }
}

/** Caches with and without a tree to start from are different ones. */
function cacheName(mount: Mount, id: string): string {
  return mount.input === undefined ? id : `${id}:`;
}

/** The generation that the mount's folders must be of. */
export function generationOf(mount: Mount, id: string, records: Records): string {
  return records.get(space, cacheName(mount, id)) ?? "";
}

/** True when a cache's folder may be used as it is; one without a mark is of the first generation. */
export function hasGeneration(folder: string, generation: string): boolean {
  try {
    return readFileSync(join(folder, markFile), "utf8") === generation;
  } catch (error) {
    if (errnoOf(error) === "ENOENT") return generation === "";
    throw error;
  }
}

/** From now on the folder is of that generation. */
export function markGeneration(folder: string, generation: string): void {
  writeFileSync(join(folder, markFile), generation);
}
