import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { messageOf } from "../../kit/index.ts";

const controllers = ["cpu", "memory", "pids", "cpuset", "io"];

/**
 * In a container that has a part of cgroup v2's tree to itself, groups with limits can only be made when the container's own group holds no process
 * (cgroups(7), "no internal processes"): its processes go to a group `init` below, and the controllers are handed down, as the entry point of
 * upstream's image does it. Nothing is done at the machine's own root, on cgroup v1, or when it is done already. Gives the reason when it cannot be.
 */
export function makeRoomForLimits(root = "/sys/fs/cgroup"): string | undefined {
  // The machine's own root has no type, and may hold processes.
  if (!existsSync(join(root, "cgroup.type")) || read(join(root, "cgroup.subtree_control")).includes("memory"))
    return undefined;
  const init = join(root, "init");
  try {
    mkdirSync(init, { recursive: true });
    for (const pid of read(join(root, "cgroup.procs")).split("\n")) {
      if (pid !== "") tryWrite(join(init, "cgroup.procs"), pid);
    }
    const there = read(join(root, "cgroup.controllers")).trim().split(/\s+/);
    for (const name of controllers.filter((one) => there.includes(one))) {
      writeFileSync(join(root, "cgroup.subtree_control"), `+${name}`);
    }
    return undefined;
  } catch (error) {
    return `control groups cannot be handed down: ${messageOf(error)}`;
  }
}

/** A process may have ended meanwhile. */
function tryWrite(file: string, text: string): void {
  try {
    writeFileSync(file, text);
  } catch {
    // If it is still there, handing down the controllers fails, and says so.
  }
}

function read(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}
