import { accessSync, constants } from "node:fs";
import { arch, release } from "node:os";
import { listMounts } from "../../sys/index.ts";
import { usualPath } from "../runtime/find.ts";
import { readOr } from "./process-rights.ts";
import { find } from "./subordinate-ids.ts";

/** What the machine offers, whoever asks. */
export interface MachineFacts {
  readonly kernel: string;
  readonly arch: string;
  readonly overlay: boolean;
  readonly fuse: { readonly device: boolean; readonly program: string | undefined };
  readonly cgroup: CgroupFacts;
  /** What lies over parts of /proc: a fresh one cannot be mounted in a user namespace then. */
  readonly procMasks: readonly string[];
  /** Runtimes by path, best first. */
  readonly runtimes: readonly string[];
}

export interface CgroupFacts {
  readonly version: "v1" | "v2" | "hybrid" | "none";
  /** This process may make groups below its own: steps can be limited. */
  readonly writable: boolean;
  /** Of v2: those that groups below may use; of v1: those that are mounted. */
  readonly controllers: readonly string[];
}

/** Looks at the machine; programs are looked for in `searchPath`. */
export function readMachine(searchPath = usualPath()): MachineFacts {
  const program = (names: readonly string[]) => names.flatMap((name) => find(name, searchPath) ?? []);
  return {
    kernel: release(),
    arch: arch(),
    overlay: /\boverlay$/m.test(readOr("/proc/filesystems")),
    fuse: { device: allowed("/dev/fuse", constants.R_OK | constants.W_OK), program: program(["fuse-overlayfs"])[0] },
    cgroup: readCgroup(),
    procMasks: listMounts()
      .map(({ target }) => target)
      .filter((target) => target.startsWith("/proc/")),
    runtimes: program(["buildkit-runc", "runc", "crun"]),
  };
}

function readCgroup(): CgroupFacts {
  const mounts = listMounts().filter(({ type }) => type === "cgroup" || type === "cgroup2");
  const unified = mounts.find(({ type }) => type === "cgroup2");
  const old = mounts.filter(({ type }) => type === "cgroup");
  if (unified !== undefined && old.length === 0) {
    const controllers = readOr(`${unified.target}/cgroup.controllers`).trim();
    const own = ownGroup("0::");
    return {
      version: "v2",
      writable: allowed(`${unified.target}${own}`, constants.W_OK),
      controllers: controllers === "" ? [] : controllers.split(" "),
    };
  }
  if (old.length === 0) return { version: "none", writable: false, controllers: [] };
  const controllers = old.flatMap(({ options }) =>
    options.split(",").filter((option) => !/^(rw|ro|name=.*)$/.test(option)),
  );
  const [first] = old;
  return {
    version: unified === undefined ? "v1" : "hybrid",
    writable: first !== undefined && allowed(first.target, constants.W_OK),
    controllers: [...new Set(controllers)].sort(),
  };
}

/** Where this process is in the hierarchy. */
function ownGroup(prefix: string): string {
  const line = readOr("/proc/self/cgroup")
    .split("\n")
    .find((each) => each.startsWith(prefix));
  const path = line?.slice(prefix.length) ?? "/";
  return path === "/" || path.startsWith("/..") ? "" : path;
}

function allowed(path: string, mode: number): boolean {
  try {
    accessSync(path, mode);
    return true;
  } catch {
    return false;
  }
}
