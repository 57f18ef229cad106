import { usableCpus } from "../../sys/index.ts";
import type { Step } from "../contract.ts";

/** What can be done for a step's limits without control groups, and what cannot, in a sentence each for the step's log. */
export interface LooseLimits {
  /** Watched by this process. */
  readonly memoryBytes?: number;
  /** The processors that the step may use. */
  readonly cpus?: readonly number[];
  readonly missing: readonly string[];
}

/** `pinsCpus`: the driver can keep a step to some processors. */
export function looseLimits(limits: Step["limits"], rung: string, pinsCpus: boolean): LooseLimits {
  const { memoryBytes, cpuQuota, cpuPeriod, pids } = limits ?? {};
  const wanted = cpuQuota === undefined ? undefined : Math.max(1, Math.ceil(cpuQuota / (cpuPeriod ?? 100_000)));
  const all = wanted === undefined || !pinsCpus ? undefined : usableCpus();
  const missing: string[] = [];
  const without = `isolation ${JSON.stringify(rung)} has no control groups`;
  if (memoryBytes !== undefined) missing.push(`the memory limit is watched, not enforced by the kernel: ${without}`);
  if (pids !== undefined) missing.push(`the limit of ${pids} processes is not enforced: ${without}`);
  if (wanted !== undefined && all === undefined) missing.push(`the CPU limit is not enforced: ${without}`);
  else if (wanted !== undefined) missing.push(`the CPU limit is rounded up to ${wanted} whole CPUs: ${without}`);
  return {
    ...(memoryBytes !== undefined && { memoryBytes }),
    ...(all !== undefined && wanted !== undefined && { cpus: all.slice(0, wanted) }),
    missing,
  };
}
