import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { quietScope, sleep } from "../kit/index.ts";
import { createExecutor } from "./create-executor.ts";
import { makeBusyboxRootfs, plainStep } from "./testing/index.ts";

const base = mkdtempSync(join(tmpdir(), "cooper-death-"));
const rootfs = makeBusyboxRootfs(join(base, "rootfs"));
afterAll(() => rmSync(base, { recursive: true, force: true }));

/** Nobody else's sleep. */
const seconds = 7_600_000 + process.pid;
const step = plainStep(rootfs.path, ["/bin/sh", "-c", `echo begun; sleep ${seconds}`]);

const program = `
  import { createExecutor } from ${JSON.stringify(join(import.meta.dirname, "create-executor.ts"))};
  const [stateDir, step, binary] = process.argv.slice(1);
  const scope = { signal: new AbortController().signal, log: () => {} };
  const executor = await createExecutor({ stateDir, binary, networkMode: "auto" }, scope);
  await executor.run(JSON.parse(step), (_, chunk) => process.stdout.write(chunk), scope);`;

interface Death {
  readonly binary?: string;
  readonly isTime?: () => boolean;
  /** Done before the builder is killed. */
  readonly before?: () => void;
}
async function startAndKill(stateDir: string, { binary = "", isTime, before }: Death = {}): Promise<void> {
  const args = ["--input-type=module", "-e", program, stateDir, JSON.stringify(step), binary];
  const child = spawn(process.execPath, args, { stdio: "ignore" });
  const closed = new Promise((resolve) => child.once("exit", resolve));
  try {
    await until(isTime ?? (() => sleepers().length === 1));
    before?.();
  } finally {
    child.kill("SIGKILL");
    await closed;
  }
}

function sleepers(): string[] {
  return readdirSync("/proc").filter((name) => {
    try {
      return readFileSync(`/proc/${name}/cmdline`, "utf8").startsWith(`sleep\0${seconds}\0`);
    } catch {
      return false;
    }
  });
}

/** The test's own patience ends it. */
async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await sleep(20);
}

test("a step does not outlive a process that is killed, and nothing of it is left", async () => {
  const stateDir = join(base, "watched");
  await startAndKill(stateDir);
  await until(() => sleepers().length === 0);
  await until(() => readdirSync(stateDir).length === 0);
});

test("nor does one that the runtime was still on its way to start", async () => {
  const [stateDir, slow, begun] = [join(base, "slow"), join(base, "slow-runc"), join(base, "begun")];
  const script = `case "$*" in *" run "*) echo > ${begun}; sleep 4 ;; esac; exec runc "$@"`;
  writeFileSync(slow, `#!/bin/sh\n${script}\n`, { mode: 0o755 });
  const isTime = () => existsSync(begun) && watchdogs(stateDir).length === 1;
  await startAndKill(stateDir, { binary: slow, isTime });
  await until(() => watchdogs(stateDir).length === 0);
  expect(sleepers()).toEqual([]);
  expect(readdirSync(stateDir)).toEqual([]);
});

test("what a dead process left without its watchdog, the next one ends at its first step", async () => {
  const stateDir = join(base, "swept");
  // While it waits: afterwards it has processes of its own at work, which would go on.
  const before = () => {
    const found = watchdogs(stateDir);
    expect(found).toHaveLength(1);
    for (const pid of found) process.kill(pid, "SIGKILL");
  };
  await startAndKill(stateDir, { before });
  const executor = await createExecutor({ stateDir, binary: "", networkMode: "auto" }, quietScope);
  await executor.run({ ...step, args: ["/bin/true"] }, () => {}, quietScope);
  await executor[Symbol.asyncDispose]();
  expect(sleepers()).toEqual([]);
  expect(readdirSync(stateDir)).toEqual(["runtimes.json"]);
});

test("an executor that ends in good order takes its watchdog with it", async () => {
  const stateDir = join(base, "orderly");
  const executor = await createExecutor({ stateDir, binary: "", networkMode: "auto" }, quietScope);
  await executor.run({ ...step, args: ["/bin/true"] }, () => {}, quietScope);
  expect(watchdogs(stateDir)).toHaveLength(1);
  await executor[Symbol.asyncDispose]();
  expect(watchdogs(stateDir)).toEqual([]);
});

function watchdogs(stateDir: string): number[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => {
      try {
        const command = readFileSync(`/proc/${pid}/cmdline`, "utf8");
        return command.includes("cooper-watchdog") && command.includes(stateDir);
      } catch {
        return false;
      }
    });
}
