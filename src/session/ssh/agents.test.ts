import { execFile, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";
import { openSshAgents } from "./agents.ts";

const run = promisify(execFile);
let folder = "";
let agent: ReturnType<typeof spawn>;
const agentSocket = () => join(folder, "agent.sock");

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "cooper-agent-"));
  agent = spawn("ssh-agent", ["-D", "-a", agentSocket()], { stdio: "ignore" });
  while (!existsSync(agentSocket())) await new Promise((done) => setTimeout(done, 20));
  await run("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-C", "a test key", "-f", join(folder, "key")]);
  await run("ssh-add", ["-q", join(folder, "key")], { env: { ...process.env, SSH_AUTH_SOCK: agentSocket() } });
});
afterAll(async () => {
  agent.kill();
  await rm(folder, { recursive: true, force: true });
});

const sshAdd = (socket: string, ...args: string[]) =>
  run("ssh-add", args, { env: { ...process.env, SSH_AUTH_SOCK: socket } });

test("a step can list the agent's keys and sign with them, and change nothing", async () => {
  await using agents = await openSshAgents([{ id: "", paths: [], raw: false }], { SSH_AUTH_SOCK: agentSocket() });
  const socket = await agents.socket("default");
  if (socket === undefined) throw new Error("no socket");
  expect((await sshAdd(socket, "-l")).stdout).toContain("a test key");
  await sshAdd(socket, "-T", join(folder, "key.pub"));
  await expect(sshAdd(socket, "-D")).rejects.toThrow("Failed to remove all identities");
  expect((await sshAdd(agentSocket(), "-l")).stdout).toContain("a test key");
});

test("the socket is gone when the session is", async () => {
  const agents = await openSshAgents([{ id: "x", paths: [agentSocket()], raw: false }], {});
  const socket = (await agents.socket("x")) ?? "";
  expect(existsSync(socket)).toBe(true);
  expect(await agents.socket("other")).toBeUndefined();
  await agents[Symbol.asyncDispose]();
  expect(existsSync(join(socket, ".."))).toBe(false);
});

test("a raw socket is handed out as it is", async () => {
  const path = join(folder, "raw.sock");
  const server = createServer().listen(path);
  await using agents = await openSshAgents([{ id: "r", paths: [path], raw: true }], {});
  expect(await agents.socket("r")).toBe(path);
  server.close();
});

test.each([
  ["ed25519", []],
  ["rsa", ["-b", "2048"]],
  ["rsa in PEM", ["-b", "2048", "-m", "PEM"]],
  ["ecdsa", ["-b", "256"]],
  ["ecdsa", ["-b", "384"]],
  ["ecdsa", ["-b", "521"]],
])("a key file is served as an agent that signs with it: %s %j", async (name, options) => {
  const path = join(folder, `${name.replaceAll(" ", "-")}${options.join("")}`);
  const type = name.split(" ")[0] ?? "";
  await run("ssh-keygen", ["-q", "-t", type, ...options, "-N", "", "-C", "mine", "-f", path]);
  await using agents = await openSshAgents([{ id: "k", paths: [path], raw: false }], {});
  const socket = (await agents.socket("k")) ?? "";
  expect((await sshAdd(socket, "-L")).stdout.split(" ")[1]).toBe((await readFile(`${path}.pub`, "utf8")).split(" ")[1]);
  await sshAdd(socket, "-T", `${path}.pub`);
  await expect(sshAdd(socket, path)).rejects.toThrow("Could not add identity");
});

test("a key that needs a passphrase is refused", async () => {
  for (const format of ["RFC4716", "PEM"]) {
    const path = join(folder, `locked-${format}`);
    await run("ssh-keygen", ["-q", "-t", "rsa", "-b", "2048", "-m", format, "-N", "secret", "-f", path]);
    await expect(openSshAgents([{ id: "k", paths: [path], raw: false }], {})).rejects.toThrow(
      `failed to parse ${path}: ssh: this private key is passphrase protected`,
    );
  }
});

test("bad sources are refused with upstream's words", async () => {
  const open = (id: string, ...paths: string[]) => openSshAgents([{ id, paths, raw: false }], {});
  await writeFile(join(folder, "text"), "no key here");
  const text = join(folder, "text");
  await expect(open("default")).rejects.toThrow(
    "failed to convert agent config {default [] false}: invalid empty ssh agent socket: make sure SSH_AUTH_SOCK is set",
  );
  await expect(open("default", text)).rejects.toThrow(
    `failed to convert agent config {default [${text}] false}: failed to convert agent config for ID: "default": failed to parse ${text}: ssh: no key found`,
  );
  await expect(open("default", folder)).rejects.toThrow(`failed to read ${folder}: read ${folder}: is a directory`);
  await expect(open("default", "/nonexistent")).rejects.toThrow("stat /nonexistent: no such file or directory");
  const both = openSshAgents([{ id: "x", paths: [join(folder, "key"), agentSocket()], raw: false }], {});
  await expect(both).rejects.toThrow("invalid combination of keys and sockets");
  const raw = openSshAgents([{ id: "x", paths: [join(folder, "key")], raw: true }], {});
  await expect(raw).rejects.toThrow("raw mode only supported with socket paths");
  const twice = [1, 2].map(() => ({ id: "", paths: [agentSocket()], raw: false }));
  await expect(openSshAgents(twice, {})).rejects.toThrow('duplicate agent ID "default"');
});
