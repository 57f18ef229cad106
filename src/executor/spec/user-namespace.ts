import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { CooperError } from "../../kit/index.ts";
import { inUserNamespace } from "../../sys/index.ts";
import type { RuntimeSpec, SpecMount } from "./runtime-spec.ts";

/** What containers can have in the user namespace that this process is in. */
export interface UserNamespaceFacts {
  /** A /proc of their own, and with it a list of processes of their own. Masked parts of this pod's /proc forbid it. */
  readonly proc: boolean;
  /** A /sys of their own: only where the network namespace belongs to the user namespace. */
  readonly sysfs: boolean;
  readonly mqueue: boolean;
  /** The ids that there are, as in user_namespaces(7). */
  readonly uidMap: string;
  readonly gidMap: string;
}

/** On a folder that is there in any container and no mount point: /tmp may be missing or read-only. */
const script = `
d=/etc
for type in proc sysfs mqueue; do
  mount -t $type $type "$d" 2>/dev/null && { echo $type; umount "$d"; }
done`;

/** Tries it, in some 5 ms. Undefined in the machine's own user namespace, where there is nothing to doubt. */
export function readUserNamespaceFacts(): UserNamespaceFacts | undefined {
  if (!inUserNamespace()) return undefined;
  const { stdout } = spawnSync("unshare", ["-m", "-p", "-i", "-u", "-f", "sh", "-c", script], { encoding: "utf8" });
  const works = (stdout ?? "").split("\n");
  return {
    proc: works.includes("proc"),
    sysfs: works.includes("sysfs"),
    mqueue: works.includes("mqueue"),
    uidMap: readFileSync("/proc/self/uid_map", "latin1"),
    gidMap: readFileSync("/proc/self/gid_map", "latin1"),
  };
}

/** True when the map of a user namespace (user_namespaces(7)) has that id inside. */
export function hasId(map: string, id: number): boolean {
  return map.split("\n").some((line) => {
    const [inside = Number.NaN, , count = 0] = line.trim().split(/\s+/).map(Number);
    return id >= inside && id < inside + count;
  });
}

/** A step's user must be there. Throws `executor/no-id`. */
export function checkIds(
  { uid, gid }: { readonly uid: number; readonly gid: number },
  facts: UserNamespaceFacts,
): void {
  if (hasId(facts.uidMap, uid) && hasId(facts.gidMap, gid)) return;
  const sentence = `cannot run the step as user ${uid}:${gid}: isolation "rootless" has no such id here`;
  throw new CooperError("executor/no-id", sentence, {
    hint: "more ids need lines for this user in /etc/subuid and /etc/subgid, the programs newuidmap and newgidmap (Debian's uidmap) with their rights, and allowPrivilegeEscalation not false (docs/isolation.md)",
  });
}

/**
 * The spec for a container inside of a user namespace: without control groups, which belong to the machine's root, and with this pod's own /proc
 * and /sys where there can be no others, as upstream's rootless mode has it.
 */
export function forUserNamespace(spec: RuntimeSpec, facts: UserNamespaceFacts): RuntimeSpec {
  const { cgroupsPath: _, ...linux } = spec.linux;
  return {
    ...spec,
    mounts: spec.mounts.flatMap((mount) => mountFor(mount, facts)),
    linux: {
      ...linux,
      ...(!facts.proc && { maskedPaths: [], readonlyPaths: [] }),
      namespaces: linux.namespaces.filter(({ type }) => type !== "cgroup" && (facts.proc || type !== "pid")),
      resources: { devices: [] },
    },
  };
}

function mountFor(mount: SpecMount, facts: UserNamespaceFacts): SpecMount[] {
  switch (mount.type) {
    case "cgroup":
      return [];
    case "proc":
      return [facts.proc ? mount : pods(mount, "rw")];
    case "sysfs":
      return [facts.sysfs ? mount : pods(mount, "ro")];
    case "mqueue":
      return facts.mqueue ? [mount] : [];
    case "devpts": {
      // Terminals belong to group 5.
      const options = mount.options.filter((option) => hasId(facts.gidMap, 5) || !option.startsWith("gid="));
      return [{ ...mount, options }];
    }
    default:
      return [mount];
  }
}

/** The pod's own tree at the same place. */
function pods({ destination }: SpecMount, access: string): SpecMount {
  const options = ["rbind", "nosuid", "noexec", "nodev", access];
  return { destination, type: "bind", source: destination, options };
}
