import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { errnoOf } from "../../kit/index.ts";
import type { Executor, StepResult } from "../contract.ts";
import { createExecutor } from "../create-executor.ts";
import { makeBusyboxRootfs, plainStep } from "../testing/index.ts";

const megabyte = 1024 * 1024;
const scope = { signal: new AbortController().signal, log: () => {} };

describe.each(["oci", "chroot"] as const)("limits of a step, isolation %s", (isolation) => {
  let folder = "";
  let executor: Executor;
  let out = "";
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), "cooper-limits-"));
    makeBusyboxRootfs(join(folder, "snapshot/fs"));
    const stepLimits = { memoryBytes: 48 * megabyte, cpus: 0.5, pids: 12 };
    const stateDir = join(folder, "state");
    executor = await createExecutor({ stateDir, binary: "", networkMode: "auto", isolation, stepLimits }, scope);
  });
  afterAll(async () => {
    await executor[Symbol.asyncDispose]();
    rmSync(folder, { recursive: true });
  });
  const run = async (script: string, memoryBytes?: number): Promise<StepResult> => {
    out = "";
    const step = plainStep(join(folder, "snapshot/fs"), ["/bin/sh", "-c", script]);
    const own = memoryBytes === undefined ? step : { ...step, limits: { memoryBytes } };
    return executor.run(
      own,
      (_, chunk) => {
        out += Buffer.from(chunk).toString();
      },
      scope,
    );
  };

  test("a process that takes too much memory is killed, and it is told at which limit", async () => {
    expect(await run("tail /dev/zero")).toEqual({ exitCode: 137, oomKilledAt: 48 * megabyte });
    expect(await run("tail /dev/zero; exit 3", 32 * megabyte)).toEqual({ exitCode: 3, oomKilledAt: 32 * megabyte });
    expect(await run("true")).toEqual({ exitCode: 0 });
    // Not for memory.
    expect(await run("exit 137")).toEqual({ exitCode: 137 });
  });

  test("processes are counted, or it is said that they are not", async () => {
    await run("for i in $(seq 20); do sleep 60 & done");
    expect(out).toMatch(isolation === "oci" ? /can't fork/ : /WARNING: the limit of 12 processes is not enforced/);
    if (isolation === "chroot") expect(out).toContain("rounded up to 1 whole CPUs");
  });

  test("nothing is left", async () => {
    expect(groupsBelow("/sys/fs/cgroup").filter((path) => path.includes(`cooper${process.pid}x`))).toEqual([]);
  });
});

/** Others make and remove groups at the same time. */
function groupsBelow(folder: string): string[] {
  try {
    const folders = readdirSync(folder, { withFileTypes: true }).filter((entry) => entry.isDirectory());
    return folders.flatMap(({ name }) => [join(folder, name), ...groupsBelow(join(folder, name))]);
  } catch (error) {
    if (errnoOf(error) !== "ENOENT" && errnoOf(error) !== "ENODEV") throw error;
    return [];
  }
}
