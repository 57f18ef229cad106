/** Many builds at once whose clients and daemon are killed at moments that nobody chose: nothing of them is left. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { sleep } from "../../src/kit/index.ts";
import { bundled } from "../support/bundle.ts";
import { untilDials } from "../support/dials.ts";
import { spawnAsync } from "../support/spawn-async.ts";

/** How many builds at once; some hundred were tried by hand. */
const builds = 8;
const patience = 240_000;
/** What the steps of this test sleep: seconds that name them among all processes. */
const endless = String(7_000_000 + process.pid);
let folder = "";
let daemon: ChildProcess;
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "cooper-hostile-"));
  mkdirSync(join(folder, "tmp"));
  mkdirSync(join(folder, "context"));
  cpSync("/usr/bin/busybox", join(folder, "context/busybox"));
  writeFileSync(join(folder, "context/big"), Buffer.alloc(3_000_000, 5));
  await startDaemon();
});
afterEach(async () => {
  await end("SIGTERM");
  rmSync(folder, { recursive: true, force: true });
});

const env = () => ({ PATH: process.env.PATH, HOME: folder, TMPDIR: join(folder, "tmp") });
const address = () => `unix://${join(folder, "sock")}`;

async function startDaemon(): Promise<void> {
  rmSync(join(folder, "sock"), { force: true });
  const args = ["--root", join(folder, "root"), "--addr", address(), "--config", join(folder, "none")];
  daemon = spawn(process.execPath, [bundled("buildkitd"), ...args], { env: env(), stdio: "ignore" });
  await untilDials(join(folder, "sock"));
}

async function end(signal: NodeJS.Signals): Promise<void> {
  if (daemon.exitCode !== null || daemon.signalCode !== null) return;
  const ended = once(daemon, "exit");
  daemon.kill(signal);
  await ended;
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await sleep(20);
}

/** What a build does in its step, each of another kind. */
const steps = [
  `RUN busybox sleep ${endless}`,
  `RUN (busybox sleep ${endless} &); busybox sleep 0.2`,
  `RUN --mount=type=cache,target=/c busybox touch /c/file; busybox sleep ${endless}`,
  "COPY big /\nRUN busybox cp /big /bigger",
];

/** Starts one build; numbers go round through what they do and where their results go. */
function startBuild(number: number) {
  const own = join(folder, `own-${number}`);
  mkdirSync(own, { recursive: true });
  const lines = ["FROM scratch", "COPY busybox /bin/busybox", "COPY busybox /bin/sh", `ENV NUMBER=${number}`];
  writeFileSync(join(own, "Dockerfile"), `${[...lines, steps[number % steps.length]].join("\n")}\n`);
  const outputs = [[], ["--output", `type=oci,dest=${own}/oci.tar`], ["--output", `type=local,dest=${own}/out`]];
  const locals = ["--local", `context=${folder}/context`, "--local", `dockerfile=${own}`];
  const args = ["--addr", address(), "build", "--progress=plain", "--frontend=dockerfile.v0", ...locals];
  const line = [bundled("buildctl"), ...args, ...(outputs[number % outputs.length] ?? [])];
  const client = spawn(process.execPath, line, { env: env(), stdio: "ignore" });
  return { client, ended: once(client, "exit") };
}

/** Steps that sleep, of any build. */
function sleepers(): string[] {
  return readdirSync("/proc").filter((name) => {
    try {
      return /^\d+$/.test(name) && readFileSync(`/proc/${name}/cmdline`, "utf8").includes(`sleep\0${endless}`);
    } catch {
      return false;
    }
  });
}

const mounts = () =>
  readFileSync("/proc/self/mountinfo")
    .toString("latin1")
    .split("\n")
    .filter((line) => line.includes(folder));
const entriesOf = (...names: string[]) => {
  const path = join(folder, ...names);
  return existsSync(path) ? readdirSync(path) : [];
};

/** Everything that a daemon with nothing to do has none of. A cancelled build may take a moment to end. */
async function nothingIsLeft(): Promise<void> {
  const ask = (...args: string[]) =>
    spawnAsync(process.execPath, [bundled("buildctl"), "--addr", address(), ...args], { env: env() });
  for (;;) {
    await ask("prune", "--all");
    if ((await ask("du", "--format", "json")).stdout === "null\n") break;
    await sleep(100);
  }
  await until(() => sleepers().length === 0 && mounts().length === 0);
  const places = ["content/blobs/sha256", "content/ingest", "snapshots", "kept", "trash"];
  await until(() => places.every((place) => entriesOf("root", place).length === 0));
  await until(() => entriesOf("tmp").every((name) => name === "node-compile-cache"));
}

test("clients that are killed leave nothing, and do not hurt the builds of others", { timeout: patience }, async () => {
  const others = [103, 107, 111].map((number) => startBuild(number));
  const killed = Array.from({ length: builds }, (_, number) => startBuild(number));
  await until(() => sleepers().length > 0);
  for (const [number, { client, ended }] of killed.entries()) {
    await sleep(Math.random() * 200);
    client.kill(number % 3 === 0 ? "SIGINT" : "SIGKILL");
    await ended;
  }
  for (const { ended } of others) expect(await ended).toEqual([0, null]);
  await nothingIsLeft();
});

test("a daemon that is killed leaves no step at work, its clients end, and the next one clears up", {
  timeout: patience,
}, async () => {
  const clients = Array.from({ length: builds }, (_, number) => startBuild(number));
  await until(() => sleepers().length > 0);
  await sleep(Math.random() * 500);
  await end("SIGKILL");
  await Promise.all(clients.map(({ ended }) => ended));
  await until(() => sleepers().length === 0);
  // Its watchdog removes what it had of its own last: until then it, or a runtime that it started, may make folders.
  await until(() => entriesOf("root", "executor").every((name) => name.endsWith(".json")));
  await startDaemon();
  await nothingIsLeft();
});
