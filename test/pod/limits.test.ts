/** Limits of steps: a kill for want of memory is called one, whatever the rung, and whoever runs the build. */
import { spawn } from "node:child_process";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { bundled } from "../support/bundle.ts";
import { untilDials } from "../support/dials.ts";
import { Lab } from "../support/lab.ts";
import { PodLab } from "../support/pod-lab.ts";
import { startRegistry, type TestRegistry } from "../support/registry.ts";

let registry: TestRegistry;
beforeAll(async () => {
  registry = await startRegistry();
});
afterAll(() => registry[Symbol.asyncDispose]());

const hungry = { Dockerfile: "FROM busybox\nRUN echo hungry; tail /dev/zero\n" };
const killed =
  'process "/bin/sh -c echo hungry; tail /dev/zero" did not complete successfully: exit code: 137: OOM-killed at 48 MiB: cannot allocate memory';

test("by control groups: the step, its line, the limit, and the command's exit code 137", async () => {
  using lab = new Lab(registry);
  lab.write(hungry);
  const { code, log } = await lab.run(["--step-memory=48m", "--step-cpus=1.5", "--step-pids=50"]);
  expect(log).toContain(`error: failed to solve: ${killed}\nhint: give steps more memory: --step-memory`);
  expect(log).toContain(">>> RUN echo hungry");
  expect(code).toBe(137);
  // The daemon's flags, and upstream's option, which a step's own limit is.
  const byFlags = await lab.run([], "--step-memory=48m");
  expect(byFlags.log).toContain(killed);
  const byOption = await lab.run(["--opt", `memory=${48 * 1024 * 1024}`, "--step-memory", "1g"]);
  expect(byOption.log).toContain(killed);
  expect((await lab.run(["--step-memory=some"])).log).toContain('invalid value "some" for --step-memory');
  lab.write({ Dockerfile: "FROM busybox\nRUN for i in $(seq 30); do sleep 60 & done\n" });
  const forks = await lab.run(["--step-pids=10"]);
  expect(forks.log).toMatch(/can't fork/);
  expect(forks.code).toBe(1);
});

test.each(["rootless", "baseline"] as const)("watched where there are no control groups: %s", async (rights) => {
  using lab = new PodLab(rights, registry);
  lab.write(hungry);
  const { code, log } = await lab.build(["--step-memory=48m", "--step-pids=9"]);
  expect(log).toContain("WARNING: the memory limit is watched, not enforced by the kernel");
  expect(log).toContain("WARNING: the limit of 9 processes is not enforced");
  expect(log).toContain(killed);
  expect(code).toBe(137);
});

test("at a daemon: by its own flags, and by the client's", async () => {
  using lab = new Lab(registry);
  lab.write(hungry);
  const socket = join(lab.folder, "sock");
  const flags = ["--root", lab.root, "--addr", `unix://${socket}`, "--config", join(lab.folder, "buildkitd.toml")];
  const daemon = spawn(process.execPath, [bundled("buildkitd"), ...flags], { stdio: "ignore" });
  try {
    await untilDials(socket);
    const build = (...words: string[]) =>
      new Promise<{ code: number | null; log: string }>((resolve) => {
        const locals = ["--local", `context=${lab.context}`, "--local", `dockerfile=${lab.context}`];
        const command = ["--addr", `unix://${socket}`, "build", "--frontend", "dockerfile.v0", "--progress=plain"];
        const child = spawn(process.execPath, [bundled("buildctl"), ...command, ...locals, ...words]);
        let log = "";
        child.stderr.setEncoding("utf8").on("data", (text: string) => {
          log += text;
        });
        child.once("close", (code) => resolve({ code, log }));
      });
    const limited = await build("--step-memory=48m");
    expect(limited.log).toContain(killed);
    expect(limited.code).toBe(137);
    expect((await build("--step-pids=5")).log).toContain("cannot use --step-pids with a daemon");
  } finally {
    daemon.kill("SIGTERM");
    await new Promise((resolve) => daemon.once("close", resolve));
  }
  expect(lab.leftovers()).toEqual([]);
});
