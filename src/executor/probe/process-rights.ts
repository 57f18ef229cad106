import { readFileSync } from "node:fs";
import { capabilityNames } from "../spec/capabilities.ts";

/** What this process may do, as the kernel tells it in /proc. */
export interface ProcessRights {
  readonly uid: number;
  readonly gid: number;
  readonly groups: readonly number[];
  /** Lines of /proc/self/uid_map: how ids of this user namespace are called outside. */
  readonly idMap: readonly { readonly inside: number; readonly outside: number; readonly count: number }[];
  /** Effective ones, by name (`CAP_SYS_ADMIN`), and those that programs which it starts may get. */
  readonly capabilities: readonly string[];
  readonly bounding: readonly string[];
  readonly noNewPrivileges: boolean;
  readonly seccomp: "off" | "strict" | "filter" | "unknown";
  /** AppArmor's profile, or SELinux's context; undefined when no such module confines it. */
  readonly confinedBy: string | undefined;
}

/** Reads them: some 0.2 ms. */
export function readProcessRights(): ProcessRights {
  const status = readOr("/proc/self/status");
  const field = (name: string) => new RegExp(`^${name}:\\s*(.*)$`, "m").exec(status)?.[1]?.trim();
  const seccomp = { "0": "off", "1": "strict", "2": "filter" } as const;
  return {
    uid: process.geteuid?.() ?? -1,
    gid: process.getegid?.() ?? -1,
    groups: process.getgroups?.() ?? [],
    idMap: parseIdMap(readOr("/proc/self/uid_map")),
    capabilities: capabilityNames(field("CapEff") ?? "0"),
    bounding: capabilityNames(field("CapBnd") ?? "0"),
    noNewPrivileges: field("NoNewPrivs") === "1",
    seccomp: seccomp[(field("Seccomp") ?? "") as "0"] ?? "unknown",
    confinedBy: confinement(readOr("/proc/self/attr/current")),
  };
}

/** How many ids this process's user namespace has. One: it can be root there, and nobody else. */
export function idCount({ idMap }: Pick<ProcessRights, "idMap">): number {
  return idMap.reduce((sum, { count }) => sum + count, 0);
}

/** True outside of all user namespaces but the machine's first. */
export function inFirstUserNamespace({ idMap }: Pick<ProcessRights, "idMap">): boolean {
  return idMap.length === 1 && idMap[0]?.inside === 0 && idMap[0].outside === 0 && idMap[0].count === 4_294_967_295;
}

/** The lines of a `uid_map` or `gid_map` (user_namespaces(7)). */
export function parseIdMap(text: string): ProcessRights["idMap"] {
  return text
    .split("\n")
    .map((line) => line.trim().split(/\s+/).map(Number))
    .flatMap(([inside, outside, count]) =>
      inside === undefined || outside === undefined || count === undefined ? [] : [{ inside, outside, count }],
    );
}

/** The label of the security module; none for AppArmor's `unconfined` and SELinux's `unconfined_t`. */
function confinement(label: string): string | undefined {
  const text = label.replaceAll("\0", "").trim();
  return text === "" || text === "unconfined" || text.includes(":unconfined_t:") || text === "kernel"
    ? undefined
    : text;
}

/** Empty for what this kernel does not have, or what may not be read. */
export function readOr(path: string, otherwise = ""): string {
  try {
    return readFileSync(path, "latin1");
  } catch {
    return otherwise;
  }
}
