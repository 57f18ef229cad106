import { existsSync, readFileSync } from "node:fs";
import type { Executor, Step } from "../contract.ts";

/** What every step may use at most, unless it says something else itself. */
export interface StepLimits {
  readonly memoryBytes?: number;
  /** Processors' worth of time, `1.5` for one and a half. */
  readonly cpus?: number;
  readonly pids?: number;
}

/** Microseconds; the kernel's default. */
const cpuPeriod = 100_000;

/** The executor, its steps with these limits where they have none of their own. */
export function withDefaultLimits(executor: Executor, limits: StepLimits): Executor {
  const defaults = resources(limits);
  return {
    description: executor.description,
    ...(executor.refusal && { refusal: executor.refusal }),
    movesMounts: executor.movesMounts ?? false,
    joinsNetworks: executor.joinsNetworks ?? false,
    run: (step, output, scope) => executor.run({ ...step, limits: merged(defaults, step.limits) }, output, scope),
    open: (container, scope) => executor.open({ ...container, limits: merged(defaults, container.limits) }, scope),
    [Symbol.asyncDispose]: () => executor[Symbol.asyncDispose](),
  };
}

type Resources = NonNullable<Step["limits"]>;

/** A quota means nothing without its period, nor a limit of swap with another one of memory. */
function merged(defaults: Resources, own: Step["limits"] = {}): Resources {
  const { cpuQuota, cpuPeriod: period, memoryBytes, memorySwapBytes, pids } = defaults;
  const timed = own.cpuQuota !== undefined || own.cpuPeriod !== undefined || own.cpuShares !== undefined;
  const sized = own.memoryBytes !== undefined || own.memorySwapBytes !== undefined;
  return {
    ...(!timed && cpuQuota !== undefined && period !== undefined && { cpuQuota, cpuPeriod: period }),
    ...(!sized && memoryBytes !== undefined && { memoryBytes }),
    ...(!sized && memorySwapBytes !== undefined && { memorySwapBytes }),
    ...(pids !== undefined && { pids }),
    ...own,
  };
}

function resources({ memoryBytes, cpus, pids }: StepLimits): Resources {
  return {
    ...(memoryBytes !== undefined && { memoryBytes }),
    // A step shall not swap where it may not have more memory.
    ...(memoryBytes !== undefined && countsSwap() && { memorySwapBytes: memoryBytes }),
    ...(cpus !== undefined && { cpuPeriod, cpuQuota: Math.max(1000, Math.round(cpus * cpuPeriod)) }),
    ...(pids !== undefined && { pids }),
  };
}

/** There is swap, and the kernel counts whose it is; without the second, runtimes refuse the limit. */
function countsSwap(): boolean {
  try {
    if (!/^SwapTotal:\s+[1-9]/m.test(readFileSync("/proc/meminfo", "latin1"))) return false;
  } catch {
    return false;
  }
  const v1 = "/sys/fs/cgroup/memory/memory.memsw.limit_in_bytes";
  return existsSync(v1) || existsSync("/sys/fs/cgroup/cgroup.subtree_control");
}
