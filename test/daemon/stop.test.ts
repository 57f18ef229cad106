/** How buildkitd starts and stops: readiness, SIGTERM with running builds, sockets from a service manager. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { type AddressInfo, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { bundled } from "../support/bundle.ts";
import { Datagrams } from "../support/datagrams.ts";
import { dials as dialsAt } from "../support/dials.ts";

let folder = "";
const children: ChildProcess[] = [];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "cooper-stop-"));
  mkdirSync(join(folder, "context"));
  cpSync("/usr/bin/busybox", join(folder, "context/busybox"));
  steps(600);
});
afterEach(async () => {
  for (const child of children.splice(0)) {
    if (child.exitCode !== null || child.signalCode !== null) continue;
    const ended = once(child, "exit");
    child.kill("SIGKILL");
    await ended;
  }
  rmSync(folder, { recursive: true, force: true });
});

/** A build whose step takes so many tenths of a second. */
function steps(count: number): void {
  const loop = `i=0; while [ $i -lt ${count} ]; do busybox sleep 0.1; i=$((i+1)); done`;
  const lines = ["FROM scratch", "COPY busybox /bin/sh", "COPY busybox /bin/busybox", `RUN echo step runs; ${loop}`];
  writeFileSync(join(folder, "context/Dockerfile"), `${lines.join("\n")}\n`);
}

/** What the step says, and its name in the progress does not. */
const stepRuns = " step runs\n";

interface Program {
  readonly child: ChildProcess;
  readonly exit: Promise<number | null>;
  log(): string;
  /** Until the text was said. */
  says(text: string): Promise<void>;
}

function program(
  name: "buildctl" | "buildkitd",
  args: readonly string[],
  more: NodeJS.ProcessEnv = {},
  fd?: number,
): Program {
  const env = { PATH: process.env.PATH, HOME: folder, ...more };
  const stdio: ("ignore" | "pipe" | number)[] = ["ignore", "pipe", "pipe", ...(fd === undefined ? [] : [fd])];
  const child = spawn(process.execPath, [bundled(name), ...args], { env, stdio, cwd: folder });
  children.push(child);
  let log = "";
  const waiting = new Set<() => void>();
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding("utf8").on("data", (text: string) => {
      log += text;
      for (const look of waiting) look();
    });
  }
  const exit = new Promise<number | null>((done) => child.once("close", done));
  const says = (text: string) =>
    new Promise<void>((done, fail) => {
      const look = () => {
        if (!log.includes(text)) return;
        waiting.delete(look);
        done();
      };
      waiting.add(look);
      look();
      void exit.then(() => fail(new Error(`${name} ended without saying ${JSON.stringify(text)}: ${log}`)));
    });
  return { child, exit, log: () => log, says };
}

const daemonArgs = (...more: string[]) => [
  "--root",
  join(folder, "root"),
  "--config",
  join(folder, "none"),
  ...(more.some((word) => word === "--addr") ? [] : ["--addr", `unix://${folder}/sock`]),
  ...more,
];
const build = (...more: string[]) =>
  program(
    "buildctl",
    [
      "build",
      "--progress=plain",
      "--frontend=dockerfile.v0",
      "--local=context=context",
      "--local=dockerfile=context",
      ...more,
    ],
    { BUILDKIT_HOST: `unix://${folder}/sock` },
  );
const dials = () => dialsAt(join(folder, "sock"));
/** What a stopped daemon leaves in its root: no temporary files, no running steps. */
const leftovers = () => ["run", "trash"].flatMap((name) => readdirSync(join(folder, "root", name)));
const mounts = () =>
  readFileSync("/proc/self/mountinfo")
    .toString("latin1")
    .split("\n")
    .filter((line) => line.includes(folder));

test("SIGTERM lets a running build end within its grace, and takes no new one", async () => {
  steps(15);
  const daemon = program("buildkitd", daemonArgs(), { BUILDKITD_SHUTDOWN_GRACE_PERIOD: "5m" });
  await daemon.says("running server on");
  const running = build("--output", "type=oci,dest=image.tar");
  await running.says(stepRuns);
  daemon.child.kill("SIGTERM");
  await daemon.says("stopping server");
  while (await dials()) await new Promise((resume) => setTimeout(resume, 20));
  expect(await running.exit, running.log()).toBe(0);
  expect(existsSync(join(folder, "image.tar"))).toBe(true);
  expect(await daemon.exit).toBe(0);
  expect([leftovers(), mounts()]).toEqual([[], []]);
});

test("a build that is not done in time is cancelled cleanly", async () => {
  const daemon = program("buildkitd", daemonArgs(), { BUILDKITD_SHUTDOWN_GRACE_PERIOD: "100ms" });
  await daemon.says("running server on");
  const running = build();
  await running.says(stepRuns);
  daemon.child.kill("SIGTERM");
  expect(await running.exit).toBe(1);
  expect(running.log()).toContain("context canceled");
  expect(await daemon.exit).toBe(0);
  expect([leftovers(), mounts(), existsSync(join(folder, "sock"))]).toEqual([[], [], false]);
});

test("a second SIGTERM ends the grace", async () => {
  const daemon = program("buildkitd", daemonArgs(), { BUILDKITD_SHUTDOWN_GRACE_PERIOD: "1h" });
  await daemon.says("running server on");
  const running = build();
  await running.says(stepRuns);
  daemon.child.kill("SIGTERM");
  await daemon.says("stopping server");
  daemon.child.kill("SIGTERM");
  expect(await running.exit).toBe(1);
  expect(await daemon.exit).toBe(0);
  expect([leftovers(), mounts()]).toEqual([[], []]);
});

test("several addresses are served, and metrics beside them", async () => {
  const addresses = ["--addr", `unix://${folder}/sock`, "--addr", `unix://${folder}/other`];
  const daemon = program("buildkitd", daemonArgs(...addresses, "--debugaddr", "127.0.0.1:0", "--debug"));
  await daemon.says("debug handlers listening at");
  const address = /debug handlers listening at (\S+?)"/.exec(daemon.log())?.[1] ?? "";
  expect(await dials()).toBe(true);
  const workers = program("buildctl", ["--addr", `unix://${folder}/other`, "debug", "workers"]);
  expect(await workers.exit).toBe(0);
  const text = await (await fetch(`${address}/metrics`)).text();
  expect(text).toMatch(/^process_resident_memory_bytes \d+$/m);
  expect(text).toContain('rpc_method="moby.buildkit.v1.Control/ListWorkers",rpc_response_status_code="OK"');
  expect(JSON.parse(await (await fetch(`${address}/debug/pprof/profile?seconds=0.05`)).text())).toHaveProperty("nodes");
  expect((await fetch(`${address}/debug/nothing`)).status).toBe(404);
});

test("a socket that was opened for it is served, and the service manager hears that it is ready and that it stops", async () => {
  using manager = new Datagrams(join(folder, "notify"));
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const { fd } = (server as unknown as { readonly _handle: { readonly fd: number } })._handle;
  // LISTEN_PID is known only after the fork: a shell becomes the daemon.
  const command = 'LISTEN_FDS=1 LISTEN_PID=$$ exec "$0" "$@"';
  const args = ["-c", command, process.execPath, bundled("buildkitd"), ...daemonArgs("--addr", "fd://")];
  const env = { PATH: process.env.PATH, HOME: folder, NOTIFY_SOCKET: join(folder, "notify") };
  const child = spawn("/bin/sh", args, { env, stdio: ["ignore", "ignore", "inherit", fd] });
  children.push(child);
  server.close();
  expect(await manager.hears("READY=1\n")).toBe("READY=1\n");
  const workers = program("buildctl", ["--addr", `tcp://127.0.0.1:${port}`, "debug", "workers"]);
  expect(await workers.exit, workers.log()).toBe(0);
  const exit = once(child, "exit");
  child.kill("SIGTERM");
  expect((await exit)[0]).toBe(0);
  expect(await manager.hears("READY=1\nSTOPPING=1\n")).toBe("READY=1\nSTOPPING=1\n");
});

test("fd:// without a service manager says so", async () => {
  const daemon = program("buildkitd", daemonArgs("--addr", "fd://"));
  expect(await daemon.exit).toBe(1);
  expect(daemon.log()).toContain("no sockets found via socket activation");
});
