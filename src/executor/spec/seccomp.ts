import type { HostFacts } from "./host-facts.ts";
import { EPERM, type SeccompArgument, type SeccompRule, seccompArchitectures, seccompRules } from "./seccomp-table.ts";

/** OCI runtime spec, `linux.seccomp`. */
export interface SeccompProfile {
  readonly defaultAction: "SCMP_ACT_ERRNO";
  readonly defaultErrnoRet: number;
  readonly architectures: readonly string[];
  readonly syscalls: readonly {
    readonly names: readonly string[];
    readonly action: "SCMP_ACT_ALLOW" | "SCMP_ACT_ERRNO";
    readonly errnoRet?: number;
    readonly args?: readonly SeccompArgument[];
  }[];
}

/** The default profile for a process with these capabilities in its bounding set, on this machine. */
export function seccompProfile(capabilities: readonly string[], host: HostFacts): SeccompProfile {
  return {
    defaultAction: "SCMP_ACT_ERRNO",
    defaultErrnoRet: EPERM,
    architectures: seccompArchitectures[host.arch] ?? [],
    syscalls: seccompRules
      .filter((rule) => applies(rule, capabilities, host))
      .map((rule) => ({
        names: rule.names.trim().split(/\s+/),
        action: rule.errno === undefined ? "SCMP_ACT_ALLOW" : "SCMP_ACT_ERRNO",
        ...(rule.errno !== undefined && { errnoRet: rule.errno }),
        ...(rule.args !== undefined && { args: rule.args }),
      })),
  };
}

function applies(rule: SeccompRule, capabilities: readonly string[], host: HostFacts): boolean {
  if (rule.arches !== undefined && !rule.arches.includes(host.arch)) return false;
  if (rule.notArches?.includes(host.arch)) return false;
  if (rule.caps !== undefined && !rule.caps.every((capability) => capabilities.includes(capability))) return false;
  if (rule.notCaps?.some((capability) => capabilities.includes(capability))) return false;
  if (rule.minKernel === undefined) return true;
  const [major, minor] = rule.minKernel;
  return host.kernel[0] > major || (host.kernel[0] === major && host.kernel[1] >= minor);
}
