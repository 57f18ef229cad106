/** Pods that are odder than the four kinds: a build does what it still can, or says in one sentence why not. */
import { execFileSync } from "node:child_process";
import { afterAll, beforeAll, expect, test } from "vitest";
import { PodLab } from "../support/pod-lab.ts";
import { startRegistry, type TestRegistry } from "../support/registry.ts";
import type { AmendableSpec, Rights, Surroundings } from "../support/rights.ts";

let registry: TestRegistry;
beforeAll(async () => {
  registry = await startRegistry();
});
afterAll(() => registry[Symbol.asyncDispose]());

/** This run's own: others may be at the same. */
const idle = `sleep ${9_800_000 + process.pid}`;
const runs = `FROM busybox\nRUN id -u > /id; echo noise > /dev/null; (${idle} &); true\n`;

/** Builds twice; the second build finds everything, and nothing stays of either. */
async function build(rights: Rights, options: Surroundings, text = runs, flags = "") {
  using lab = new PodLab(rights, registry, options).write({ Dockerfile: text });
  const first = await lab.build([], flags);
  const second = await lab.build([], flags);
  expect(lab.leftovers()).toBe("");
  expect(execFileSync("ps", ["-eo", "args"], { encoding: "utf8" })).not.toContain(idle);
  return { code: first.code, log: first.log, again: second.code };
}

const mask = (path: string) => (spec: AmendableSpec) => void spec.linux.maskedPaths.push(path);
const without = (path: string) => (spec: AmendableSpec) => {
  spec.mounts = spec.mounts.filter(({ destination }) => destination !== path);
};

/** What a `Localhost` profile must let pass besides containerd's default for steps in a user namespace. */
const forNamespaces = "unshare mount umount2 clone clone3 setns pivot_root move_mount open_tree sethostname".split(" ");

test.each([
  ["privileged", "oci"],
  ["rootless", "rootless"],
  ["baseline", "chroot"],
] as const)("masked /proc/sys, %s: builds as ever", async (rights, rung) => {
  const { code, log, again } = await build(rights, { amend: mask("/proc/sys") });
  expect({ code, again }, log).toEqual({ code: 0, again: 0 });
  if (rung !== "oci") expect(log).toContain(`isolation: ${rung}\n`);
});

test("Pod Security restricted with a Localhost profile that allows namespaces: steps run, with one id", async () => {
  const { code, log, again } = await build("restricted", { allow: forNamespaces });
  expect({ code, again }, log).toEqual({ code: 0, again: 0 });
  expect(log).toContain("isolation: rootless\n");
  expect(log).toContain("one user id only:");
});

test("crun, where steps have no processes of their own: what one leaves running does not change how it ended", async () => {
  const { code, log, again } = await build("rootless", {}, runs, "--oci-worker-binary=/usr/bin/crun");
  expect({ code, again }, log).toEqual({ code: 0, again: 0 });
});

test.each([
  ["rootless", "rootless"],
  ["baseline", "chroot"],
] as const)("a path without anything in it, %s: programs are found where they usually lie", async (rights, rung) => {
  const { code, log, again } = await build(rights, { env: { PATH: "/nonexistent", HOME: "", TMPDIR: "/nonexistent" } });
  expect({ code, again }, log).toEqual({ code: 0, again: 0 });
  expect(log).toContain(`isolation: ${rung}\n`);
});

test("no control groups: chroot for root, no steps for others, with the reason", async () => {
  const none = { amend: without("/sys/fs/cgroup") };
  const root = await build("privileged", none);
  expect({ code: root.code, again: root.again }, root.log).toEqual({ code: 0, again: 0 });
  expect(root.log).toMatch(/isolation: chroot\n(.*\n)*.*not rootless: no control groups are mounted/);
  const user = await build("rootless", none);
  expect(user.code).toBe(1);
  expect(user.log).toMatch(/isolation: no-exec\n(.*\n)*.*not rootless: no control groups are mounted/);
});

test("a filter that refuses chroot: no steps, with the reason", async () => {
  const { code, log } = await build("baseline", { refuse: { chroot: 1 } }, "FROM busybox\nENV A=b\n");
  expect(code, log).toBe(0);
  expect(log).toMatch(/isolation: no-exec\n(.*\n)*.*not chroot: .*not permitted/);
});

test("a filter that refuses device files and pipes: steps run without them", async () => {
  const { code, log, again } = await build("baseline", { refuse: { mknod: 1, mknodat: 1 } });
  expect({ code, again }, log).toEqual({ code: 0, again: 0 });
});

test("a filter that refuses copying in the kernel, or making files there: steps run", async () => {
  const { code, log, again } = await build("baseline", { refuse: { copy_file_range: 1, mknod: 38, mknodat: 38 } });
  expect({ code, again }, log).toEqual({ code: 0, again: 0 });
});

test.each([
  [
    "prlimit64",
    1,
    /cannot start the step with chroot: mark the process: EPERM/,
    /hint: a seccomp filter .*RuntimeDefault/,
  ],
  [
    "flock",
    38,
    /cannot open storage root .*ENOSYS.*flock/,
    /hint: the root's volume has no file locks.*--root.*Runtime/,
  ],
] as const)("a filter that refuses %s: the error says what, and the pod's setting", async (call, errno, what, hint) => {
  const { code, log } = await build("baseline", { refuse: { [call]: errno } });
  expect(code).toBe(1);
  expect(log).toMatch(what);
  expect(log).toMatch(hint);
});

test("root without one of the capabilities: it is named, and how to get it", async () => {
  const amend = (spec: AmendableSpec) => {
    for (const set of Object.values(spec.process.capabilities)) set.splice(set.indexOf("CAP_SETUID"), 1);
  };
  const { code, log } = await build("baseline", { amend });
  expect(code).toBe(1);
  expect(log).toMatch(/not chroot: this process has no CAP_SETUID\n/);
  expect(log).toContain(
    "hint: RUN needs the capability SETUID, which this container lacks: securityContext.capabilities.add: [SETUID], or do not drop it",
  );
});

test("a volume that a step fills: the hint says so though the program does not; a file as root, and a name without address, say what to do", async () => {
  const amend = (spec: AmendableSpec) =>
    void spec.mounts.push({ destination: "/vol", type: "tmpfs", source: "tmpfs", options: ["mode=777", "size=12m"] });
  using lab = new PodLab("baseline", registry, { amend }).write({
    Dockerfile: "FROM busybox\nRUN dd if=/dev/zero of=/big bs=1M count=16 2> /dev/null\n",
    Nameless: "FROM registry.nowhere.invalid/a:1\n",
  });
  const full = await lab.build([], "--root /vol/root");
  expect(full.log).toMatch(/exit code: 1\nhint: the volume of the storage root is full: .*sizeLimit of the emptyDir/);
  const file = await lab.build([], "--root /etc/passwd");
  expect(file.log).toMatch(/ENOTDIR.*\nhint: a part of that path is a file/);
  const nameless = await lab.build(["--opt", "filename=Nameless"]);
  expect(nameless.log).toMatch(/hint: (check the name|no name server answers); name servers are those of .*dnsPolicy/);
});

test("a pod without any right tells in the end, too, why nothing stronger was taken", async () => {
  const { log } = await build("restricted", {});
  expect(log).toMatch(
    /hint: RUN needs.*; here not rootless: unshare: .*; here not chroot: this process has no CAP_SYS_CHROOT/,
  );
});

test("a root on a volume mounted noexec: the step fails, and the hint says why", async () => {
  const amend = (spec: AmendableSpec) => {
    for (const { destination, options } of spec.mounts) if (destination.includes("cooper-room")) options.push("noexec");
  };
  const { code, log } = await build("baseline", { amend });
  expect(code).toBe(1);
  expect(log).toMatch(/^hint: \S+cooper-room-\S+ is mounted noexec, so no program of a step can be started there/m);
});
