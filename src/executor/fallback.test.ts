import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, expect, test } from "vitest";
import { quietScope } from "../kit/index.ts";
import { createExecutor } from "./create-executor.ts";
import { findRuntimes } from "./runtime/find.ts";
import { makeBusyboxRootfs, plainStep } from "./testing/index.ts";

const base = mkdtempSync(join(tmpdir(), "cooper-fallback-"));
const rootfs = makeBusyboxRootfs(join(base, "rootfs"));
const path = process.env.PATH;
afterEach(() => {
  process.env.PATH = path;
});
afterAll(() => rmSync(base, { recursive: true, force: true }));

const step = plainStep(rootfs.path, ["/bin/echo", "hello"]);

/** Stands before the real runtimes on the path, notes that it was called, and fails as a runtime does. */
function brokenRuntime(name: string, end = "exit 1"): string {
  const folder = mkdtempSync(join(base, "bin-"));
  const called = join(folder, "called");
  const complaint = end === "exit 1" ? '{"level":"error","msg":"cgroups in hybrid mode not supported"}' : "";
  const script = `#!/bin/sh\necho call >> ${called}\necho complaint >&2\necho '${complaint}' > "$4"\n${end}\n`;
  writeFileSync(join(folder, name), script);
  chmodSync(join(folder, name), 0o755);
  process.env.PATH = `${folder}:${path}`;
  return called;
}

async function runOnce(stateDir: string): Promise<string> {
  await using executor = await createExecutor({ stateDir, binary: "", networkMode: "auto" }, quietScope);
  let out = "";
  const { exitCode } = await executor.run(step, (_, chunk) => (out += Buffer.from(chunk).toString()), quietScope);
  return `${exitCode} ${out}`;
}

test("a runtime that cannot work here is stood in for, its complaint is not the step's, and it is not tried again", async () => {
  const called = brokenRuntime("buildkit-runc");
  const stateDir = join(base, "state");
  expect(await runOnce(stateDir)).toBe("0 hello\n");
  expect(await runOnce(stateDir)).toBe("0 hello\n");
  expect(readFileSync(called, "utf8")).toBe("call\n");
});

test("a runtime that is killed before the step has begun is an error that says so, and is taken again the next time", async () => {
  const called = brokenRuntime("buildkit-runc", "kill -9 $$");
  const stateDir = join(base, "killed");
  for (const calls of ["call\n", "call\ncall\n"]) {
    await expect(runOnce(stateDir)).rejects.toMatchObject({
      message: "buildkit-runc cannot start a container: it was killed",
      hint: expect.stringContaining("want of memory"),
    });
    expect(readFileSync(called, "utf8")).toBe(calls);
  }
});

test("a runtime is found where programs usually lie, too, whatever the path is", async () => {
  process.env.PATH = "";
  expect(await runOnce(join(base, "pathless"))).toBe("0 hello\n");
});

test("an executor that runs nothing touches nothing", async () => {
  const stateDir = join(base, "untouched");
  await (await createExecutor({ stateDir, binary: "", networkMode: "auto" }, quietScope))[Symbol.asyncDispose]();
  expect(existsSync(stateDir)).toBe(false);
});

test("without any runtime the error says how to get one, a named one that is missing fails at once", async () => {
  expect(() => findRuntimes("", join(base, "empty"))).toThrow(
    expect.objectContaining({ code: "executor/no-runtime", hint: expect.stringContaining("apt-get install runc") }),
  );
  await expect(
    createExecutor({ stateDir: base, binary: "no-such-runtime", networkMode: "" }, quietScope),
  ).rejects.toThrow("failed to find no-such-runtime binary");
});
