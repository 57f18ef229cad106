import { expect, test } from "vitest";
import type { Step } from "../contract.ts";
import { plainStep } from "../testing/index.ts";
import { buildSpec, specJson } from "./build-spec.ts";
import { capabilityNames, defaultCapabilities } from "./capabilities.ts";
import type { HostFacts } from "./host-facts.ts";

const host: HostFacts = {
  arch: "amd64",
  kernel: [6, 1],
  capabilities: ["CAP_CHOWN", "CAP_SYS_ADMIN"],
  seccomp: true,
  cgroupNamespace: false,
};
const plain: Step = { ...plainStep("/rootfs", ["/bin/true"]), env: ["A=b"], cwd: "/work" };
const spec = (step: Partial<Step> = {}, more: { host?: Partial<HostFacts>; ownNetwork?: boolean } = {}) =>
  buildSpec({
    id: "c1",
    step: { ...plain, ...step },
    user: { uid: 7, gid: 8, additionalGids: [8, 9] },
    files: { resolvConf: "/s/resolv.conf", hosts: "/s/hosts" },
    host: { ...host, ...more.host },
    ownNetwork: more.ownNetwork ?? false,
  });

test("a plain step gets upstream's default capabilities, host name, paths and cgroup", () => {
  const made = spec();
  expect(made.process.capabilities.bounding).toEqual(defaultCapabilities);
  expect(made.process.capabilities.effective).toHaveLength(14);
  expect(made.process.capabilities.ambient).toEqual([]);
  expect(made.hostname).toBe("buildkitsandbox");
  expect(made.process.user).toEqual({ uid: 7, gid: 8, additionalGids: [8, 9] });
  expect(made.process.noNewPrivileges).toBe(false);
  expect(made.process.rlimits).toBeUndefined();
  expect(made.linux.maskedPaths).toContain("/proc/kcore");
  expect(made.linux.readonlyPaths).toContain("/proc/sys");
  expect(made.linux.cgroupsPath).toBe("/buildkit/c1");
  expect(made.linux.resources.devices).toEqual([{ allow: false, access: "rwm" }]);
});

test("the host's network is shared unless the step has its own", () => {
  const types = (made: ReturnType<typeof spec>) => made.linux.namespaces.map((namespace) => namespace.type);
  expect(types(spec())).toEqual(["pid", "ipc", "uts", "mount"]);
  expect(types(spec({}, { ownNetwork: true }))).toContain("network");
  expect(types(spec({}, { host: { cgroupNamespace: true } }))).toContain("cgroup");
});

test("an insecure step gets all capabilities of this process, devices, writable kernel trees and no seccomp", () => {
  const made = spec({ security: "insecure" });
  expect(made.process.capabilities.ambient).toEqual(host.capabilities);
  expect(made.linux.seccomp).toBeUndefined();
  expect(made.linux.maskedPaths).toEqual([]);
  expect(made.linux.devices?.map((device) => device.path)).toContain("/dev/fuse");
  expect(made.mounts.find((mount) => mount.destination === "/sys")?.options).toContain("rw");
});

test("mounts come parents first, and one on a default place replaces it", () => {
  const made = spec({
    mounts: [
      { kind: "tmpfs", target: "/x/y" },
      { kind: "bind", source: "/src", target: "/x", readonly: true },
      { kind: "tmpfs", target: "/dev/shm", sizeBytes: 1000 },
      { kind: "bind", source: "/cfg", target: "rel", readonly: false },
    ],
  });
  const destinations = made.mounts.map((mount) => mount.destination);
  expect(destinations.slice(-3)).toEqual(["/rel", "/x", "/x/y"]);
  expect(destinations).not.toContain("/run");
  const shm = made.mounts.filter((mount) => mount.destination === "/dev/shm");
  expect(shm).toEqual([{ destination: "/dev/shm", type: "tmpfs", source: "tmpfs", options: ["nosuid", "size=1000"] }]);
  expect(made.mounts.find((mount) => mount.destination === "/x")?.options).toEqual(["rbind", "ro"]);
});

test("limits reach the spec, and no limit is the largest number", () => {
  const made = spec({
    ulimits: [{ name: "nofile", soft: 10, hard: -1 }],
    limits: { memoryBytes: 1024, cpuQuota: 5, cpuPeriod: 10, pids: 3 },
    cgroupParent: "mine",
  });
  expect(specJson(made)).toContain('"rlimits":[{"type":"RLIMIT_NOFILE","soft":10,"hard":18446744073709551615}]');
  expect(made.linux.resources).toMatchObject({
    memory: { limit: 1024 },
    cpu: { quota: 5, period: 10 },
    pids: { limit: 3 },
  });
  expect(made.linux.cgroupsPath).toBe("/mine/buildkit/c1");
  expect(spec({ cgroupParent: "a.slice:p:" }).linux.cgroupsPath).toBe("a.slice:p:c1");
});

test("the seccomp profile depends on architecture, kernel and capabilities", () => {
  const names = (made: ReturnType<typeof spec>) => made.linux.seccomp?.syscalls.flatMap((rule) => rule.names) ?? [];
  const usual = names(spec());
  expect(usual).toEqual(expect.arrayContaining(["openat2", "arch_prctl", "ptrace", "chroot", "clone3"]));
  expect(usual).not.toContain("mount");
  expect(usual).not.toContain("set_tls");
  expect(new Set(usual).size).toBeGreaterThan(360);
  const arm = spec({}, { host: { arch: "arm64", kernel: [4, 7] } });
  expect(names(arm)).toContain("set_tls");
  expect(names(arm)).not.toContain("ptrace");
  expect(arm.linux.seccomp?.architectures).toEqual(["SCMP_ARCH_AARCH64", "SCMP_ARCH_ARM"]);
  expect(spec({}, { host: { seccomp: false } }).linux.seccomp).toBeUndefined();
});

test("capabilityNames() names the bits of a mask", () => {
  expect(capabilityNames("0000000000200001")).toEqual(["CAP_CHOWN", "CAP_SYS_ADMIN"]);
  expect(capabilityNames("000001ffffffffff")).toHaveLength(41);
});

test("rights of a security context replace those of the step's security, each where it is stated", () => {
  const unconfined = spec({
    rights: {
      capabilities: ["CAP_CHOWN"],
      seccomp: "unconfined",
      noNewPrivileges: true,
      unmasked: true,
      additionalGids: [5, 9],
    },
  });
  expect(unconfined.process.noNewPrivileges).toBe(true);
  expect(unconfined.process.user.additionalGids).toEqual([8, 9, 5]);
  // The user is not root: capabilities are what it could get, not what it has.
  expect(unconfined.process.capabilities).toMatchObject({ bounding: ["CAP_CHOWN"], effective: [], ambient: [] });
  expect(unconfined.linux.seccomp).toBeUndefined();
  expect(unconfined.linux.maskedPaths).toEqual([]);
  const profile = { defaultAction: "SCMP_ACT_ALLOW" };
  expect(spec({ rights: { seccomp: profile } }).linux.seccomp).toEqual(profile);
  expect(spec({ security: "insecure", rights: { seccomp: "default" } }).linux.seccomp).toBeDefined();
});

test("a step may join a network namespace", () => {
  const made = spec({ network: "none", networkNamespace: "/proc/7/ns/net" }, { ownNetwork: true });
  expect(made.linux.namespaces.filter(({ type }) => type === "network")).toEqual([
    { type: "network", path: "/proc/7/ns/net" },
  ]);
});
