import { readdirSync, rmSync } from "node:fs";
import { basename, join } from "node:path";
import { deleteContainer } from "./container.ts";
import type { Runtime } from "./find.ts";
import { isDeadOwner } from "./owner.ts";

/** An owner's folder below the state folder: `<owner's name>/{run,steps,…}`. */
export const runtimeRootName = "run";

/** Ends the containers of processes that died without ending them, and removes what they left. Several may sweep at once. */
export async function sweepDeadOwners(stateDir: string, runtime: Runtime): Promise<void> {
  const dead = namesIn(stateDir).filter(isDeadOwner);
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
