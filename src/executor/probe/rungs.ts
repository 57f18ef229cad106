import type { MachineFacts } from "./machine.ts";
import type { Attempt, NamespaceFacts } from "./namespaces.ts";
import { idCount, type ProcessRights } from "./process-rights.ts";
import { enoughIds, type SubordinateIds } from "./subordinate-ids.ts";

/** Ways to build, from the strongest isolation to none (docs/executor.md). */
export const rungNames = ["oci", "rootless", "chroot", "no-exec"] as const;
export type RungName = (typeof rungNames)[number];

/** All that was probed. */
export interface ProbedFacts {
  readonly rights: ProcessRights;
  readonly namespaces: NamespaceFacts;
  readonly ids: SubordinateIds;
  readonly machine: MachineFacts;
}

/** One thing that a rung needs and that is not here. */
export interface Lack {
  readonly what: string;
  /** What to do about it where the pod's settings are not the answer (a package, a kernel setting). */
  readonly fix?: string;
}

export interface Rung {
  readonly name: RungName;
  readonly works: boolean;
  /** Empty when it works. */
  readonly lacks: readonly Lack[];
  /** What works less well than it could. */
  readonly notes: readonly string[];
  /** Lines of a container's `securityContext` that give a pod this rung. */
  readonly podSpec: readonly string[];
}

const podSpecs: Readonly<Record<RungName, readonly string[]>> = {
  oci: ["securityContext:", "  privileged: true"],
  rootless: [
    "securityContext:",
    "  runAsUser: 1000",
    "  runAsGroup: 1000",
    "  seccompProfile:",
    "    type: Unconfined",
    "  appArmorProfile:",
    "    type: Unconfined",
  ],
  chroot: ["securityContext:", "  runAsUser: 0"],
  "no-exec": [
    "securityContext:",
    "  runAsUser: 1000",
    "  runAsGroup: 1000",
    "  runAsNonRoot: true",
    "  allowPrivilegeEscalation: false",
    "  capabilities:",
    "    drop: [ALL]",
    "  seccompProfile:",
    "    type: RuntimeDefault",
  ],
};

/** What a chroot step takes; a container's default capabilities have them all. */
const chrootCapabilities = [
  "CAP_SYS_CHROOT",
  "CAP_SETUID",
  "CAP_SETGID",
  "CAP_CHOWN",
  "CAP_FOWNER",
  "CAP_DAC_OVERRIDE",
] as const;

/** Which ways work here, the strongest first. Pure: the facts decide. */
export function judgeRungs(facts: ProbedFacts): readonly Rung[] {
  return [
    rung("oci", ociLacks(facts), []),
    rung("rootless", rootlessLacks(facts), rootlessNotes(facts)),
    rung("chroot", chrootLacks(facts), ["steps are not isolated from each other or from this container"]),
    rung("no-exec", [], ["no RUN: files are copied and images assembled, nothing is run"]),
  ];
}

function rung(name: RungName, lacks: readonly Lack[], notes: readonly string[]): Rung {
  const works = lacks.length === 0;
  return { name, works, lacks, notes: works ? notes : [], podSpec: podSpecs[name] };
}

function ociLacks({ rights, namespaces, machine }: ProbedFacts): Lack[] {
  const lacks = runtimeLacks(machine);
  if (!rights.capabilities.includes("CAP_SYS_ADMIN")) return [...lacks, { what: "capability CAP_SYS_ADMIN" }];
  return [...lacks, ...refusal("a mount namespace and a mount in it", namespaces.mount)];
}

function rootlessLacks({ namespaces, machine }: ProbedFacts): Lack[] {
  const lacks = runtimeLacks(machine);
  const { limit, switchedOffBy, user, userMount } = namespaces;
  if (limit === 0) {
    return [...lacks, { what: "user namespaces: user.max_user_namespaces is 0", fix: "raise it on the node (sysctl)" }];
  }
  if (user.kind !== "works" && switchedOffBy !== undefined) {
    return [...lacks, { what: `user namespaces: ${switchedOffBy}`, fix: "change it on the node (sysctl)" }];
  }
  if (user.kind !== "works") return [...lacks, ...refusal("a user namespace", user)];
  return [...lacks, ...refusal("a mount in a user namespace", userMount)];
}

function rootlessNotes({ rights, namespaces, ids }: ProbedFacts): string[] {
  const notes: string[] = [];
  const own = ids.mapper === "not-needed" && idCount(rights) >= enoughIds;
  const mapped = own || (ids.mapper === "works" && Math.min(ids.uids, ids.gids) >= enoughIds);
  if (!mapped) notes.push(`a single id: every file of a step belongs to root (${idTrouble(ids)})`);
  if (namespaces.userProc.kind !== "works") {
    notes.push("steps see the processes of this container: /proc is masked (procMount: Unmasked lifts that)");
  }
  return notes;
}

function idTrouble({ uids, gids, mapper }: SubordinateIds): string {
  if (mapper === "missing") return "newuidmap and newgidmap are not installed: Debian's package uidmap has them";
  if (Math.min(uids, gids) < enoughIds) return `/etc/subuid and /etc/subgid give this user ${Math.min(uids, gids)} ids`;
  return "newuidmap may not gain rights here: allowPrivilegeEscalation is false, or it has no file capability";
}

function chrootLacks({ rights }: ProbedFacts): Lack[] {
  const missing = chrootCapabilities.filter((name) => !rights.capabilities.includes(name));
  const lacks = missing.map((name) => ({ what: `capability ${name}` }));
  return idCount(rights) > 1
    ? lacks
    : [...lacks, { what: "more than one user id: this user namespace has a single one" }];
}

function runtimeLacks({ runtimes }: MachineFacts): Lack[] {
  return runtimes.length > 0 ? [] : [{ what: "runc or crun", fix: "on Debian: apt-get install runc" }];
}

function refusal(what: string, attempt: Attempt): Lack[] {
  return attempt.kind === "works" ? [] : [{ what: `${what}: ${attempt.reason}` }];
}
