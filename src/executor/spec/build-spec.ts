import { posix } from "node:path";
import type { Step, TerminalSize } from "../contract.ts";
import type { StepUser } from "../rootfs/user.ts";
import { defaultCapabilities } from "./capabilities.ts";
import { hostDevice, insecureDeviceRules, insecureDevices } from "./devices.ts";
import type { HostFacts } from "./host-facts.ts";
import { type NetworkFiles, specMounts } from "./mounts.ts";
import type {
  CapabilitySet,
  NamespaceType,
  RuntimeSpec,
  SpecDevice,
  SpecHook,
  SpecProcess,
  SpecResources,
} from "./runtime-spec.ts";
import { type SeccompProfile, seccompProfile } from "./seccomp.ts";

export const defaultHostname = "buildkitsandbox";

export interface SpecInput {
  /** The container's id. */
  readonly id: string;
  readonly step: Step;
  readonly user: StepUser;
  readonly files: NetworkFiles;
  readonly host: HostFacts;
  /** The step gets a network namespace of its own, with nothing but a loopback in it. */
  readonly ownNetwork: boolean;
  readonly oomScoreAdj?: number;
  /** The process runs on a terminal of the container's. */
  readonly terminal?: TerminalSize | undefined;
}

/** The runtime spec of a step: upstream's choices (executor/oci there), which are containerd's defaults but for /run and rlimits. */
export function buildSpec(input: SpecInput): RuntimeSpec {
  const { step, host } = input;
  const insecure = step.security === "insecure";
  const { capabilities, ...process } = processSpec(input);
  return {
    ociVersion: "1.0.2",
    process: { ...process, capabilities },
    root: { path: step.rootfs, readonly: step.readonlyRootfs },
    hostname: step.hostname || defaultHostname,
    mounts: specMounts(step, input.files),
    ...hooks(step),
    linux: {
      maskedPaths: insecure || step.rights?.unmasked ? [] : maskedPaths,
      readonlyPaths: insecure || step.rights?.unmasked ? [] : readonlyPaths,
      cgroupsPath: cgroupsPath(step.cgroupParent, input.id),
      namespaces: namespaces(input),
      ...devices(step, insecure),
      resources: resources(step, insecure),
      ...seccomp(step, capabilities.bounding, host),
    },
  };
}

/** The process alone: of a container that is made, or one that joins it. */
export function processSpec(
  input: Pick<SpecInput, "step" | "user" | "host" | "oomScoreAdj" | "terminal">,
): SpecProcess {
  const { step, terminal } = input;
  return {
    terminal: terminal !== undefined,
    ...(terminal && { consoleSize: { height: terminal.rows, width: terminal.columns } }),
    user: {
      uid: input.user.uid,
      gid: input.user.gid,
      additionalGids: [...new Set([...input.user.additionalGids, ...(step.rights?.additionalGids ?? [])])],
    },
    args: step.args,
    env: step.env,
    cwd: posix.join("/", step.cwd),
    capabilities: capabilitySets(input),
    ...(step.ulimits.length > 0 && { rlimits: step.ulimits.map(rlimit) }),
    noNewPrivileges: step.rights?.noNewPrivileges ?? false,
    ...(input.oomScoreAdj !== undefined && { oomScoreAdj: input.oomScoreAdj }),
  };
}

const maskedPaths = [
  "/proc/acpi",
  "/proc/asound",
  "/proc/kcore",
  "/proc/keys",
  "/proc/latency_stats",
  "/proc/timer_list",
  "/proc/timer_stats",
  "/proc/sched_debug",
  "/sys/firmware",
  "/sys/devices/virtual/powercap",
  "/proc/scsi",
];
const readonlyPaths = ["/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"];

function capabilitySets({
  step,
  host,
  user,
}: Pick<SpecInput, "step" | "host" | "user">): Record<CapabilitySet, readonly string[]> {
  const own = step.rights?.capabilities;
  if (own !== undefined && user.uid !== 0) {
    return { bounding: own, permitted: [], effective: [], inheritable: [], ambient: [] };
  }
  if (own !== undefined || step.security !== "insecure") {
    const set = own ?? defaultCapabilities;
    return { bounding: set, permitted: set, effective: set, inheritable: [], ambient: [] };
  }
  const set = host.capabilities;
  return { bounding: set, permitted: set, effective: set, inheritable: set, ambient: set };
}

/** RLIM_INFINITY is -1 in LLB and 2^64-1 in a runtime spec, which JSON numbers cannot say: see `specJson`. */
function rlimit(limit: Step["ulimits"][number]) {
  return { type: `RLIMIT_${limit.name.toUpperCase()}`, soft: limit.soft, hard: limit.hard };
}

/** Where the container's control group is, below every hierarchy's root. `x.slice:prefix:` is systemd's form and taken as it is. */
function cgroupsPath(parent: string, id: string): string {
  if (parent.includes(".slice") && parent.endsWith(":")) return parent + id;
  return posix.join("/", parent, "buildkit", id);
}

function namespaces(input: SpecInput): { readonly type: NamespaceType; readonly path?: string }[] {
  const types: NamespaceType[] = ["pid", "ipc", "uts", "mount"];
  const path = input.step.networkNamespace;
  if (input.ownNetwork && path === undefined) types.push("network");
  if (input.host.cgroupNamespace) types.push("cgroup");
  const made = types.map((type) => ({ type }));
  return path === undefined ? made : [...made, { type: "network", path }];
}

function seccomp(step: Step, capabilities: readonly string[], host: HostFacts): Pick<RuntimeSpec["linux"], "seccomp"> {
  const wanted = step.rights?.seccomp ?? (step.security === "insecure" ? "unconfined" : "default");
  if (wanted === "unconfined" || !host.seccomp) return {};
  // Somebody else's profile has more in it than those that are made here.
  return { seccomp: wanted === "default" ? seccompProfile(capabilities, host) : (wanted as unknown as SeccompProfile) };
}

function devices(step: Step, insecure: boolean): Pick<RuntimeSpec["linux"], "devices"> {
  const all = [...(insecure ? insecureDevices : []), ...step.devices.map(stepDevice)];
  return all.length === 0 ? {} : { devices: all };
}

/** The device at its place in the container. */
export function stepDevice({ path, source }: Step["devices"][number]): SpecDevice {
  return { ...hostDevice(source ?? path), path };
}

function hooks(step: Step): Pick<RuntimeSpec, "hooks"> {
  if (step.hooks === undefined || step.hooks.length === 0) return {};
  const all: Record<string, SpecHook[]> = {};
  for (const { name, timeout, ...hook } of step.hooks) {
    all[name] ??= [];
    all[name].push({ ...hook, ...(timeout !== undefined && { timeout }) });
  }
  return { hooks: all };
}

function resources(step: Step, insecure: boolean): SpecResources {
  const limits = step.limits ?? {};
  const given = step.devices.map((device) => {
    const { type, major, minor } = stepDevice(device);
    return { allow: true, type, major, minor, access: device.access ?? "rwm" };
  });
  const memory = defined({ limit: limits.memoryBytes, swap: limits.memorySwapBytes });
  const cpu = defined({
    quota: limits.cpuQuota,
    period: limits.cpuPeriod,
    shares: limits.cpuShares,
    cpus: limits.cpusetCpus,
    mems: limits.cpusetMems,
  });
  return {
    devices: insecure ? insecureDeviceRules : [{ allow: false, access: "rwm" }, ...given],
    ...(memory !== undefined && { memory }),
    ...(cpu !== undefined && { cpu }),
    ...(limits.pids !== undefined && { pids: { limit: limits.pids } }),
  };
}

/** The fields that have a value, or undefined when none has. */
function defined<T extends object>(fields: T): { [K in keyof T]?: Exclude<T[K], undefined> } | undefined {
  const entries = Object.entries(fields).filter(([, value]) => value !== undefined);
  return entries.length === 0
    ? undefined
    : (Object.fromEntries(entries) as { [K in keyof T]?: Exclude<T[K], undefined> });
}

/** `spec` as the runtime reads it. Negative resource limits (-1: none) become 2^64-1, as Go's conversion to uint64 gives. */
export function specJson(spec: RuntimeSpec | SpecProcess): string {
  return JSON.stringify(spec).replace(/("(?:soft|hard)":)-1(?=[,}])/g, "$118446744073709551615");
}
