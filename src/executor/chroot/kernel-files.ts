import {
  chmodSync,
  closeSync,
  constants,
  mkdirSync,
  openSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { errnoOf } from "../../kit/index.ts";
import { FileType, makeDevice, mknod } from "../../sys/index.ts";
import type { Placement } from "./placement.ts";

const devices: readonly (readonly [name: string, major: number, minor: number])[] = [
  ["null", 1, 3],
  ["zero", 1, 5],
  ["full", 1, 7],
  ["random", 1, 8],
  ["urandom", 1, 9],
  ["tty", 5, 0],
];

/** Named pipes in the tree that stand for the step's own output; undefined where a filter forbids them. */
export interface OutputPipePaths {
  readonly stdout: string | undefined;
  readonly stderr: string | undefined;
}

/**
 * A /dev as complete as the rights allow: the usual devices, `shm`, and `stdout` and `stderr` as named pipes, for without /proc there is
 * nothing that the usual links could lead to. No terminals. `more`: devices that the step was promised. Tells what could not be made.
 */
export function placeDevices(
  root: string,
  placement: Placement,
  more: readonly { readonly path: string; readonly type: "c" | "b"; readonly major: number; readonly minor: number }[],
): { readonly pipes: OutputPipePaths; readonly gaps: readonly string[] } {
  const gaps: string[] = [];
  let folder = join(root, "dev");
  placement.make("/dev", (path) => {
    folder = path;
    mkdirSync(path, { mode: 0o755 });
    for (const [name, major, minor] of devices) {
      if (!makeUsableDevice(join(path, name), FileType.character, major, minor)) gaps.push(`/dev/${name}`);
    }
    mkdirSync(join(path, "shm"));
    chmodSync(join(path, "shm"), 0o1777);
    mkdirSync(join(path, "fd"), { mode: 0o755 });
    for (const [name, to] of links) symlinkSync(to, join(path, name));
    for (const name of ["stdout", "stderr"]) if (!makeUsablePipe(join(path, name))) gaps.push(`/dev/${name}`);
    for (const { path: target, type, major, minor } of more) {
      const at = join(root, target);
      mkdirSync(dirname(at), { recursive: true });
      const kind = type === "c" ? FileType.character : FileType.block;
      if (!makeUsableDevice(at, kind, major, minor)) gaps.push(target);
    }
  });
  const pipe = (name: string) => (gaps.includes(`/dev/${name}`) ? undefined : join(folder, name));
  return { pipes: { stdout: pipe("stdout"), stderr: pipe("stderr") }, gaps };
}

const links = [
  ["stdin", "null"],
  ["fd/0", "../stdin"],
  ["fd/1", "../stdout"],
  ["fd/2", "../stderr"],
] as const;

/** Filters refuse mknod(2), and some file systems have no special files. */
const cannotBeMade: readonly string[] = ["EPERM", "EACCES", "ENOSYS", "EOPNOTSUPP", "EINVAL"];

/** False when it could not be made, or cannot be used: a file system may be mounted `nodev`. */
function makeUsableDevice(path: string, kind: number, major: number, minor: number): boolean {
  try {
    makeNode(path, kind, makeDevice(major, minor));
    if (major === 1) closeSync(openSync(path, constants.O_RDWR));
    return true;
  } catch (error) {
    if (!cannotBeMade.includes(errnoOf(error) ?? "")) throw error;
    rmSync(path, { force: true });
    // What is written to this one is in nobody's way, and gone after the step.
    if (path.endsWith("/null")) writeFileSync(path, "", { mode: 0o666 });
    return false;
  }
}

/** Without one, what is written there is lost. */
function makeUsablePipe(path: string): boolean {
  try {
    makeNode(path, FileType.fifo, 0n);
    return true;
  } catch (error) {
    if (!cannotBeMade.includes(errnoOf(error) ?? "")) throw error;
    writeFileSync(path, "", { mode: 0o666 });
    return false;
  }
}

function makeNode(path: string, kind: number, device: bigint): void {
  mknod(path, kind | 0o666, device);
  chmodSync(path, 0o666);
}

/** Files of /proc and /sys that say the same to every process: copied, for the file systems themselves cannot be mounted. */
const machineFiles = [
  "/proc/cmdline",
  "/proc/cpuinfo",
  "/proc/filesystems",
  "/proc/loadavg",
  "/proc/meminfo",
  "/proc/stat",
  "/proc/swaps",
  "/proc/uptime",
  "/proc/version",
  "/proc/sys/fs/file-max",
  "/proc/sys/fs/nr_open",
  "/proc/sys/kernel/cap_last_cap",
  "/proc/sys/kernel/hostname",
  "/proc/sys/kernel/ngroups_max",
  "/proc/sys/kernel/osrelease",
  "/proc/sys/kernel/ostype",
  "/proc/sys/kernel/pid_max",
  "/proc/sys/kernel/random/boot_id",
  "/proc/sys/kernel/random/uuid",
  "/proc/sys/kernel/threads-max",
  "/proc/sys/net/core/somaxconn",
  "/proc/sys/vm/max_map_count",
  "/proc/sys/vm/overcommit_memory",
  "/sys/devices/system/cpu/online",
  "/sys/devices/system/cpu/possible",
  "/sys/devices/system/cpu/present",
  "/sys/kernel/mm/transparent_hugepage/enabled",
  "/sys/kernel/mm/transparent_hugepage/hpage_pmd_size",
];

/** What a process would read about itself when its root were a mount of its own. `exe`, `maps`, `status` and the like are missing. */
const ownFiles: Readonly<Record<string, string>> = {
  "/proc/mounts": "rootfs / rootfs rw 0 0\n",
  "/proc/self/mounts": "rootfs / rootfs rw 0 0\n",
  "/proc/self/mountinfo": "1 0 0:1 / / rw - rootfs rootfs rw\n",
  "/proc/self/cgroup": "0::/\n",
};

/** A /proc and /sys with the files that programs commonly ask for. Processes are not in it. */
export function placeKernelTrees(placement: Placement): void {
  const files = { ...Object.fromEntries(machineFiles.map((path) => [path, readIfThere(path)])), ...ownFiles };
  for (const tree of ["/proc", "/sys"]) {
    placement.make(tree, (folder) => {
      mkdirSync(folder, { mode: 0o755 });
      for (const [path, text] of Object.entries(files)) {
        if (text === undefined || !path.startsWith(`${tree}/`)) continue;
        const file = join(folder, path.slice(tree.length));
        mkdirSync(dirname(file), { recursive: true });
        writeFileSync(file, text, { mode: 0o444 });
      }
      if (tree === "/proc") symlinkSync("/dev/fd", join(folder, "self/fd"));
    });
  }
}

function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return undefined;
  }
}
