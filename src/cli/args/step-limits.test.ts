import { expect, test } from "vitest";
import { asFrontendOptions, parseStepLimits } from "./step-limits.ts";

const parse = (given: Readonly<Record<string, string>>) => parseStepLimits((name) => given[name.slice("step-".length)]);

test("memory with units, CPUs with fractions, processes; nothing given is nothing", () => {
  expect(parse({})).toBeUndefined();
  expect(parse({ memory: "512m", cpus: "1.5", pids: "100" })).toEqual({ memoryBytes: 2 ** 29, cpus: 1.5, pids: 100 });
  const sizes = ["2g", "2GiB", "1.5Gb", "8388608", "8192k"].map((memory) => parse({ memory })?.memoryBytes);
  expect(sizes).toEqual([2 ** 31, 2 ** 31, 1.5 * 2 ** 30, 2 ** 23, 2 ** 23]);
});

test.each([
  { memory: "lots" },
  { memory: "1k" },
  { memory: "-5m" },
  { cpus: "0" },
  { cpus: "two" },
  { pids: "0" },
  { pids: "1.5" },
])("refused: %o", (given) => {
  expect(() => parse(given)).toThrow(/invalid value ".*" for --step-\w+: wanted/);
});

test("for a daemon they become options of the frontend, which given ones win over; processes have none", () => {
  const limits = { memoryBytes: 2 ** 29, cpus: 0.5 };
  expect(asFrontendOptions(limits, { target: "x" })).toEqual({
    target: "x",
    memory: "536870912",
    cpuperiod: "100000",
    cpuquota: "50000",
  });
  expect(asFrontendOptions(limits, { memory: "7" })).toMatchObject({ memory: "7" });
  expect(() => asFrontendOptions({ pids: 5 }, {})).toThrow("cannot use --step-pids with a daemon");
});
