import { accessSync, constants, existsSync, readFileSync, readlinkSync } from "node:fs";

/** What the kernel lets this process do, by its own account in /proc/self/status. */
export interface ProcessRights {
  readonly uid: number;
  readonly gid: number;
  /** Effective capabilities, bit by bit (linux/capability.h). */
  readonly capabilities: bigint;
  /** A seccomp filter is on: calls may be refused that the capabilities allow. */
  readonly filtered: boolean;
  readonly noNewPrivileges: boolean;
}

/** Bit numbers of the capabilities that decisions here are made of. */
export const Capability = {
  chown: 0,
  dacOverride: 1,
  fowner: 3,
  setgid: 6,
  setuid: 7,
  sysChroot: 18,
  sysAdmin: 21,
} as const;

/** Some 50 µs. */
export function processRights(): ProcessRights {
  const status = readFileSync("/proc/self/status", "latin1");
  const field = (name: string) => new RegExp(`^${name}:\\s*(\\S+)\\s*(\\S*)`, "m").exec(status) ?? [];
  return {
    uid: Number(field("Uid")[2] ?? 0),
    gid: Number(field("Gid")[2] ?? 0),
    capabilities: BigInt(`0x${field("CapEff")[1] ?? "0"}`),
    filtered: (field("Seccomp")[1] ?? "0") !== "0",
    noNewPrivileges: field("NoNewPrivs")[1] === "1",
  };
}

/** `number` is one of `Capability`. */
export function hasCapability({ capabilities }: ProcessRights, number: number): boolean {
  return ((capabilities >> BigInt(number)) & 1n) === 1n;
}

/** The machine's own user namespace has this number on every kernel (PROC_USER_INIT_INO). */
const machineUserNamespace = "user:[4026531837]";

/** True in a user namespace that is not the machine's own. Its map of ids may look like the machine's. */
export function inUserNamespace(): boolean {
  return readlinkSync("/proc/self/ns/user") !== machineUserNamespace;
}

/** That there are no control groups to be seen here, or undefined. */
export function cgroupsMissing(root = "/sys/fs/cgroup"): string | undefined {
  return cgroupFolder(root) === undefined ? `no control groups are mounted at ${root}` : undefined;
}

function cgroupFolder(root: string): string | undefined {
  if (existsSync(`${root}/cgroup.controllers`)) return root;
  return ["devices", "pids", "memory"].map((name) => `${root}/${name}`).find(existsSync);
}

/** Why a runtime could make no control groups here, or undefined. By the file systems that are mounted; some 30 µs. */
export function cgroupTrouble(root = "/sys/fs/cgroup"): string | undefined {
  const folder = cgroupFolder(root);
  if (folder === undefined) return cgroupsMissing(root);
  try {
    accessSync(folder, constants.W_OK);
    return undefined;
  } catch {
    return `control groups cannot be made: ${folder} is read-only`;
  }
}

/**
 * True for root with CAP_SYS_ADMIN and nothing that could hold it back: no filter, no user namespace, no security module's profile, no read-only
 * control groups. False only means
 * that it has to be tried. Some 0.1 ms.
 */
export function hasAllRights(): boolean {
  const rights = processRights();
  return (
    hasCapability(rights, Capability.sysAdmin) &&
    !rights.filtered &&
    !inUserNamespace() &&
    !isConfined() &&
    cgroupTrouble() === undefined
  );
}

/** AppArmor's or SELinux's label of this process is one that may forbid things. */
function isConfined(): boolean {
  try {
    const label = readFileSync("/proc/self/attr/current", "latin1").replace(/\0/g, "").trim();
    return label !== "" && label !== "kernel" && !label.startsWith("unconfined");
  } catch {
    return false;
  }
}
