import { posix } from "node:path";
import type { Step, StepMount } from "../contract.ts";
import type { SpecMount } from "./runtime-spec.ts";

/** Files of the executor's own that every step sees read-only. */
export interface NetworkFiles {
  readonly resolvConf: string;
  readonly hosts: string;
}

/**
 * All mounts of a step in the order in which they are made: upstream's defaults (proc, dev, …, no /run), the network files, the
 * cgroup tree, then the step's own, parents first. A later mount at the same place takes the place of the earlier one.
 */
export function specMounts(step: Pick<Step, "mounts" | "security">, files: NetworkFiles): SpecMount[] {
  const defaults = [...kernelMounts, ...networkFileMounts(files), cgroupMount];
  const own = step.mounts.map(stepMount).sort((a, b) => compareBytes(a.destination, b.destination));
  return dropShadowed([...(step.security === "insecure" ? defaults.map(writableKernelTree) : defaults), ...own]);
}

const kernelMounts: readonly SpecMount[] = [
  { destination: "/proc", type: "proc", source: "proc", options: ["nosuid", "noexec", "nodev"] },
  {
    destination: "/dev",
    type: "tmpfs",
    source: "tmpfs",
    options: ["nosuid", "strictatime", "mode=755", "size=65536k"],
  },
  {
    destination: "/dev/pts",
    type: "devpts",
    source: "devpts",
    options: ["nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620", "gid=5"],
  },
  {
    destination: "/dev/shm",
    type: "tmpfs",
    source: "shm",
    options: ["nosuid", "noexec", "nodev", "mode=1777", "size=65536k"],
  },
  { destination: "/dev/mqueue", type: "mqueue", source: "mqueue", options: ["nosuid", "noexec", "nodev"] },
  { destination: "/sys", type: "sysfs", source: "sysfs", options: ["nosuid", "noexec", "nodev", "ro"] },
];

const cgroupMount: SpecMount = {
  destination: "/sys/fs/cgroup",
  type: "cgroup",
  source: "cgroup",
  options: ["ro", "nosuid", "noexec", "nodev"],
};

function networkFileMounts(files: NetworkFiles): SpecMount[] {
  const options = ["nosuid", "noexec", "nodev", "rbind", "ro"];
  return [
    { destination: "/etc/resolv.conf", type: "bind", source: files.resolvConf, options },
    { destination: "/etc/hosts", type: "bind", source: files.hosts, options },
  ];
}

/** Insecure steps may write to sysfs and to the cgroup tree. */
function writableKernelTree(mount: SpecMount): SpecMount {
  if (mount.type !== "sysfs" && mount.type !== "cgroup") return mount;
  return { ...mount, options: [...mount.options.filter((option) => option !== "ro"), "rw"] };
}

function stepMount(mount: StepMount): SpecMount {
  const destination = posix.join("/", mount.target);
  switch (mount.kind) {
    case "bind":
      return {
        destination,
        type: "bind",
        source: mount.source,
        options: ["rbind", mount.readonly ? "ro" : "rw", ...(mount.options ?? [])],
      };
    case "tmpfs": {
      const size = mount.sizeBytes === undefined || mount.sizeBytes <= 0 ? [] : [`size=${mount.sizeBytes}`];
      return { destination, type: "tmpfs", source: "tmpfs", options: ["nosuid", ...size] };
    }
  }
}

function dropShadowed(mounts: readonly SpecMount[]): SpecMount[] {
  const byDestination = new Map<string, SpecMount>();
  for (const mount of mounts) byDestination.set(mount.destination, mount);
  return [...byDestination.values()];
}

function compareBytes(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}
