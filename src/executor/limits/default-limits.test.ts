import { expect, test } from "vitest";
import type { Executor, Step } from "../contract.ts";
import { plainStep } from "../testing/index.ts";
import { withDefaultLimits } from "./default-limits.ts";

/** The limits that a step arrives with. */
async function limitsOf(own: Step["limits"]): Promise<Step["limits"]> {
  let seen: Step["limits"];
  const inner: Executor = {
    description: "",
    run: async (step) => {
      seen = step.limits;
      return { exitCode: 0 };
    },
    open: () => Promise.reject(new Error("not asked")),
    [Symbol.asyncDispose]: async () => {},
  };
  const executor = withDefaultLimits(inner, { memoryBytes: 1 << 20, cpus: 1.5, pids: 9 });
  const step = { ...plainStep("/nowhere", ["true"]), ...(own && { limits: own }) };
  await executor.run(step, () => {}, { signal: new AbortController().signal, log: () => {} });
  const { memorySwapBytes: _, ...rest } = seen ?? {};
  return rest;
}

test("a step without limits gets them all; its own go before, with all that belongs to them", async () => {
  expect(await limitsOf(undefined)).toEqual({ memoryBytes: 1 << 20, cpuPeriod: 100_000, cpuQuota: 150_000, pids: 9 });
  expect(await limitsOf({ memoryBytes: 5 })).toMatchObject({ memoryBytes: 5, cpuQuota: 150_000, pids: 9 });
  expect(await limitsOf({ cpuShares: 5, pids: 3 })).toEqual({ memoryBytes: 1 << 20, cpuShares: 5, pids: 3 });
  expect(await limitsOf({ cpuQuota: 7, cpuPeriod: 8 })).toMatchObject({ cpuQuota: 7, cpuPeriod: 8 });
});
