import type { Step } from "../../executor/index.ts";
import type { ExecOp, LinuxResources, ProxyEnv } from "../../llb/index.ts";
import type { PreparedMounts } from "./prepare-mounts.ts";

/** Upstream's, for processes that are given none. */
export const defaultPath = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/** The step that the executor is to run. */
export function stepOf(
  body: ExecOp,
  prepared: Pick<PreparedMounts, "rootfs" | "readonlyRootfs" | "mounts">,
  secrets: readonly string[],
  limits: LinuxResources | undefined,
): Step {
  const { meta } = body;
  return {
    rootfs: prepared.rootfs,
    readonlyRootfs: prepared.readonlyRootfs,
    mounts: prepared.mounts,
    args: meta.args,
    env: environment(meta.env, meta.proxyEnv, secrets),
    cwd: meta.cwd,
    user: meta.user,
    hostname: meta.hostname,
    network: body.network,
    security: body.security,
    extraHosts: meta.extraHosts,
    ulimits: meta.ulimits,
    cgroupParent: meta.cgroupParent,
    devices: [],
    removeMountStubs: meta.removeMountStubsRecursive,
    ...(limits !== undefined && { limits: stepLimits(limits) }),
  };
}

/** Proxies come after the user's variables (the last of a name wins), a PATH only where there is none. Words without `=` are dropped. */
function environment(env: readonly string[], proxies: ProxyEnv | undefined, secrets: readonly string[]): string[] {
  const all = [...env, ...(proxies === undefined ? [] : proxyVariables(proxies))];
  if (!all.some((entry) => entry.startsWith("PATH="))) all.push(defaultPath);
  return [...all, ...secrets].filter((entry) => entry.includes("="));
}

function proxyVariables(proxies: ProxyEnv): string[] {
  const named = [
    ["http_proxy", proxies.httpProxy],
    ["https_proxy", proxies.httpsProxy],
    ["ftp_proxy", proxies.ftpProxy],
    ["no_proxy", proxies.noProxy],
    ["all_proxy", proxies.allProxy],
  ] as const;
  return named
    .filter(([, value]) => value !== "")
    .flatMap(([name, value]) => [`${name.toUpperCase()}=${value}`, `${name}=${value}`]);
}

function stepLimits(limits: LinuxResources): NonNullable<Step["limits"]> {
  return {
    ...(limits.memory !== 0 && { memoryBytes: limits.memory }),
    ...(limits.memorySwap !== 0 && { memorySwapBytes: limits.memorySwap }),
    ...(limits.cpuShares !== 0 && { cpuShares: limits.cpuShares }),
    ...(limits.cpuPeriod !== 0 && { cpuPeriod: limits.cpuPeriod }),
    ...(limits.cpuQuota !== 0 && { cpuQuota: limits.cpuQuota }),
    ...(limits.cpusetCpus !== "" && { cpusetCpus: limits.cpusetCpus }),
    ...(limits.cpusetMems !== "" && { cpusetMems: limits.cpusetMems }),
  };
}
