import { readdirSync, readFileSync, rmSync } from "node:fs";
import { basename, join } from "node:path";
import { endOwnersProcesses } from "../processes/end-processes.ts";
import { deleteContainer } from "./container.ts";
import type { Runtime } from "./find.ts";
import { isDeadOwner } from "./owner.ts";

/** An owner's folder below the state folder: `<owner's name>/{run,steps,…}`. */
export const runtimeRootName = "run";
/** Holds what the cookies of an owner's processes begin with, where no container holds them. */
export const cookieFile = "cookie";

/**
 * Ends the containers and processes of builders that died without ending them, and removes what they left. Several may sweep at once.
 * Without a runtime, containers are left to somebody who has one.
 */
export async function sweepDeadOwners(stateDir: string, runtime?: Runtime): Promise<void> {
  const dead = namesIn(stateDir).filter(isDeadOwner);
  for (const name of dead) {
    const folder = join(stateDir, name);
    const root = join(folder, runtimeRootName);
    const containers = namesIn(root);
    if (containers.length > 0 && runtime === undefined) continue;
    for (const id of containers) if (runtime !== undefined) await deleteContainer(runtime, root, basename(id));
    await endOwnersProcesses(cookieIn(folder));
    rmSync(folder, { recursive: true, force: true });
  }
}

function cookieIn(folder: string): string {
  try {
    return readFileSync(join(folder, cookieFile), "utf8");
  } catch {
    return "";
  }
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}
