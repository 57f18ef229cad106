import type { Step } from "../../executor/index.ts";
import type { Resources } from "../contract.ts";

/** Microseconds; what Kubernetes uses. */
const cpuPeriod = 100_000;

/** Limits of a control group for a container's resources, as a kubelet sets them. */
export function limitsOf({ memoryLimit, cpuLimit, cpuRequest }: Resources): NonNullable<Step["limits"]> {
  const shares = cpuRequest ?? cpuLimit;
  return {
    ...(memoryLimit !== undefined && { memoryBytes: Math.floor(memoryLimit) }),
    ...(cpuLimit !== undefined && { cpuQuota: Math.max(1000, Math.round(cpuLimit * cpuPeriod)), cpuPeriod }),
    ...(shares !== undefined && { cpuShares: Math.min(262_144, Math.max(2, Math.floor(shares * 1024))) }),
  };
}
