import { readFileSync } from "node:fs";
import { join } from "node:path";

/**
 * How many processes the kernel has killed in a container for want of memory, by the control groups that runc's state names. To be asked
 * while they are still there: after the end of a container that was started to be kept. 0 when nobody knows.
 */
export function oomKills(runtimeRoot: string, id: string): number {
  const paths = cgroupPaths(read(join(runtimeRoot, id, "state.json")));
  const counts = Object.entries(paths).map(([controller, path]) => {
    if (controller === "memory") return counted(join(path, "memory.oom_control"));
    return controller === "" ? counted(join(path, "memory.events")) : 0;
  });
  return Math.max(0, ...counts);
}

/** By controller; cgroup v2 has a single one without a name. */
function cgroupPaths(state: string): Record<string, string> {
  try {
    const { cgroup_paths: paths } = JSON.parse(state) as { cgroup_paths?: Record<string, unknown> };
    const named = Object.entries(paths ?? {}).filter(([, path]) => typeof path === "string");
    return Object.fromEntries(named) as Record<string, string>;
  } catch {
    return {};
  }
}

/** Both files have lines of a name and a number. */
function counted(file: string): number {
  return Number(/^oom_kill (\d+)$/m.exec(read(file))?.[1] ?? 0);
}

function read(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}
