/** Builds whose client or daemon goes away in their middle. The middle is a download that never comes. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { sleep } from "../../src/kit/index.ts";
import { bundled } from "../support/bundle.ts";
import { untilDials } from "../support/dials.ts";
import { spawnAsync } from "../support/spawn-async.ts";

let folder = "";
let web: Server;
let daemon: ChildProcess;
/** Answers that are waited for. */
const waiting = new Set<ServerResponse>();

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "cooper-killed-"));
  web = createServer((_, response) => {
    waiting.add(response);
    response.once("close", () => waiting.delete(response));
  });
  web.listen(0, "127.0.0.1");
  await once(web, "listening");
  mkdirSync(join(folder, "context"));
  const { port } = web.address() as AddressInfo;
  writeFileSync(join(folder, "context/Dockerfile"), `FROM scratch\nADD http://127.0.0.1:${port}/never /\n`);
  const args = ["--root", join(folder, "root"), "--addr", address(), "--config", join(folder, "none")];
  const env = { PATH: process.env.PATH, HOME: folder };
  daemon = spawn(process.execPath, [bundled("buildkitd"), ...args], { env, stdio: "ignore" });
  await untilDials(join(folder, "sock"));
});
afterEach(async () => {
  daemon.kill("SIGTERM");
  if (daemon.exitCode === null && daemon.signalCode === null) await once(daemon, "exit");
  web.closeAllConnections();
  web.close();
  rmSync(folder, { recursive: true, force: true });
});

const address = () => `unix://${join(folder, "sock")}`;

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await sleep(20);
}

/** A build that has come to its middle; what it says goes to a file. */
async function halfBuilt() {
  const locals = ["--local", "context=context", "--local", "dockerfile=context"];
  const line = ["--addr", address(), "build", "--progress=plain", "--frontend=dockerfile.v0", ...locals];
  const env = { PATH: process.env.PATH, HOME: folder };
  const script = 'exec "$@" 2>"$0"';
  const words = [join(folder, "said"), process.execPath, bundled("buildctl"), ...line];
  const client = spawn("sh", ["-c", script, ...words], { env, cwd: folder, stdio: "ignore" });
  const ended = once(client, "exit");
  await until(() => waiting.size > 0);
  return { client, ended, said: () => readFileSync(join(folder, "said"), "utf8") };
}

test("a daemon that is killed is told by its client, which ends at once", async () => {
  const { ended, said } = await halfBuilt();
  daemon.kill("SIGKILL");
  expect(await ended).toEqual([1, null]);
  expect(said()).toMatch(/\nerror: failed to solve: Unavailable: error reading from server: .+\n/);
});

test("a client that is killed leaves nothing at work or in use", async () => {
  const { client, ended } = await halfBuilt();
  client.kill("SIGKILL");
  await ended;
  await until(() => waiting.size === 0);
  const ask = (...args: string[]) => spawnAsync(process.execPath, [bundled("buildctl"), "--addr", address(), ...args]);
  // The download is the first to go; what the build has in use follows.
  for (let left = ""; left !== "null\n"; await sleep(20)) {
    await ask("prune", "--all");
    left = (await ask("du", "--format", "json")).stdout;
  }
});

test("one interrupt cancels the build, and the client ends when that is done", async () => {
  const { client, ended, said } = await halfBuilt();
  client.kill("SIGINT");
  expect(await ended).toEqual([1, null]);
  expect(said()).toContain("error: failed to solve: Canceled: context canceled\n");
  await until(() => waiting.size === 0);
});
