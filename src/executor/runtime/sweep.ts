import { readdirSync, rmSync } from "node:fs";
import { basename, join } from "node:path";
import { deleteContainer } from "./container.ts";
import type { Runtime } from "./find.ts";
import { ownerLives } from "./owner.ts";

/** An owner's folder below the state folder: `<pid>-<start time>/{run,steps,…}`. */
export const runtimeRootName = "run";
const ownerPattern = /^\d+-\d+$/;

/** Ends the containers of processes that died without ending them, and removes what they left. Several may sweep at once. */
export async function sweepDeadOwners(stateDir: string, runtime: Runtime): Promise<void> {
  const dead = namesIn(stateDir).filter((name) => ownerPattern.test(name) && !ownerLives(name));
  for (const name of dead) {
    const folder = join(stateDir, name);
    const root = join(folder, runtimeRootName);
    for (const id of namesIn(root)) await deleteContainer(runtime, root, basename(id));
    rmSync(folder, { recursive: true, force: true });
  }
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}
