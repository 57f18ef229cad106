/** The programs themselves: `buildkitd` on a socket, `buildctl` against it, SIGTERM. */
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { dials } from "../support/dials.ts";

const entry = (name: string) => resolve(import.meta.dirname, "../../src/cli/entry", `${name}.ts`);
let folder = "";
let daemon: ChildProcess;
let log = "";
const socket = () => join(folder, "run/sock");

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "cooper-buildkitd-"));
  mkdirSync(join(folder, "context"));
  const args = ["--root", join(folder, "root"), "--addr", `unix://${socket()}`, "--config", join(folder, "none")];
  const env = { PATH: process.env.PATH, HOME: folder };
  daemon = spawn(process.execPath, [entry("buildkitd"), ...args], { env, stdio: ["ignore", "ignore", "pipe"] });
  daemon.stderr?.on("data", (chunk) => {
    log += chunk;
  });
  while (!(await dials(socket()))) {
    if (daemon.exitCode !== null) throw new Error(`buildkitd does not listen: ${log}`);
    await new Promise((resume) => setTimeout(resume, 50));
  }
});
afterAll(() => {
  daemon.kill("SIGKILL");
  rmSync(folder, { recursive: true, force: true });
});

function buildctl(...args: string[]) {
  const env = { PATH: process.env.PATH, HOME: folder, BUILDKIT_HOST: `unix://${socket()}` };
  return spawnSync(process.execPath, [entry("buildctl"), ...args], { encoding: "utf8", env, cwd: folder });
}
const build = (...args: string[]) => {
  const locals = ["--local", "context=context", "--local", "dockerfile=context"];
  return buildctl("build", "--progress=plain", "--frontend=dockerfile.v0", ...locals, ...args);
};

test("the socket is for its owner and group", () => {
  expect(statSync(socket()).mode & 0o777).toBe(0o660);
});

test("buildctl build writes the image here and tells the progress", () => {
  writeFileSync(join(folder, "context/a.txt"), "alpha");
  writeFileSync(join(folder, "context/Dockerfile"), "FROM scratch AS base\nCOPY a.txt /\nFROM base\nENV A=b\n");
  const { status, stderr } = build("--output", "type=oci,dest=image.tar", "--metadata-file", "meta.json");
  expect(stderr).toContain("[base 1/1] COPY a.txt /");
  expect(stderr).toMatch(/transferring context: \d+B/);
  expect(status).toBe(0);
  expect(existsSync(join(folder, "image.tar"))).toBe(true);
  expect(JSON.parse(readFileSync(join(folder, "meta.json"), "utf8"))["containerimage.digest"]).toMatch(/^sha256:/);
});

test("a failed build shows the Dockerfile's lines and exits 1", () => {
  writeFileSync(join(folder, "context/Dockerfile"), "FROM scratch\nCOPY missing /\n");
  const { status, stderr } = build();
  expect(status).toBe(1);
  expect(stderr).toContain("   2 | >>> COPY missing /");
  expect(stderr).toMatch(/error: failed to solve: .*"\/missing": not found\n/);
});

test("du, prune, workers and info answer; after prune --all nothing is left", () => {
  expect(buildctl("du").stdout).toMatch(/^ID\t.*\n(.*\n)*Total:\t\t[\d.]+.?B\n$/);
  expect(buildctl("prune", "--all").stdout).toMatch(/Total:\t[\d.]+.?B\n$/);
  expect(buildctl("du").stdout).toBe("ID\tRECLAIMABLE\tSIZE\tLAST ACCESSED\nReclaimable:\t0B\nTotal:\t\t0B\n");
  expect(buildctl("debug", "workers").stdout).toMatch(
    /^ID\t\t\t\tPLATFORMS\n[a-z0-9]{25}\tlinux\/\w+(,linux\/\w+(\/\w+)?)*\n$/,
  );
  expect(buildctl("debug", "info").stdout).toMatch(/^BuildKit: {3}github.com\/moby\/buildkit/);
});

test("a filter that is none is the daemon's error", () => {
  const { status, stderr } = buildctl("du", "--filter", "type=~[");
  expect([status, stderr]).toEqual([1, expect.stringContaining("error: failed to call diskusage: ")]);
});

test("an address where nobody listens is an error that says so", () => {
  const { status, stderr } = buildctl("--addr", `unix://${folder}/none`, "du");
  expect(status).toBe(1);
  expect(stderr).toContain(`dial unix ${folder}/none: connect: no such file or directory"`);
  expect(stderr).toContain("hint: is a buildkitd listening");
});

test("SIGTERM ends it cleanly and leaves no socket", async () => {
  const ended = new Promise((resume) => daemon.once("close", resume));
  daemon.kill("SIGTERM");
  expect(await ended).toBe(0);
  expect(existsSync(socket())).toBe(false);
  expect(log).toContain("running server on");
});
