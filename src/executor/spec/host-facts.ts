import { existsSync, readFileSync } from "node:fs";
import { arch, release } from "node:os";
import { capabilityNames } from "./capabilities.ts";
import { readUserNamespaceFacts, type UserNamespaceFacts } from "./user-namespace.ts";

/** What a runtime spec depends on, besides the step. */
export interface HostFacts {
  /** libseccomp's name of the architecture: `amd64`, `arm64`, … */
  readonly arch: string;
  /** [major, minor] */
  readonly kernel: readonly [number, number];
  /** Effective capabilities of this process. */
  readonly capabilities: readonly string[];
  /** The kernel filters system calls. */
  readonly seccomp: boolean;
  /** cgroup v2 alone, with cgroup namespaces. */
  readonly cgroupNamespace: boolean;
  /** Set inside of a user namespace. */
  readonly userNamespace?: UserNamespaceFacts | undefined;
}

/** libseccomp's names of the architectures that Node calls otherwise. */
const archNames: Readonly<Record<string, string>> = {
  x64: "amd64",
  ia32: "x86",
  ppc64: "ppc64le",
  loong64: "loongarch64",
};

/** Reads them from /proc and /sys: four small files. */
export function readHostFacts(): HostFacts {
  const status = readFileSync("/proc/self/status", "utf8");
  const [major = 0, minor = 0] = release()
    .split(".")
    .map((part) => Number.parseInt(part, 10));
  return {
    arch: archNames[arch()] ?? arch(),
    kernel: [major, minor],
    capabilities: capabilityNames(/^CapEff:\s*([0-9a-f]+)$/m.exec(status)?.[1] ?? "0"),
    seccomp: /^Seccomp:/m.test(status),
    cgroupNamespace: existsSync("/proc/self/ns/cgroup") && existsSync("/sys/fs/cgroup/cgroup.subtree_control"),
    userNamespace: readUserNamespaceFacts(),
  };
}
