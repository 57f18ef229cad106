import { expect, test } from "vitest";
import { plainStep } from "../testing/index.ts";
import { buildSpec } from "./build-spec.ts";
import { checkIds, forUserNamespace, hasId, type UserNamespaceFacts } from "./user-namespace.ts";

const spec = buildSpec({
  id: "x",
  step: { ...plainStep("/root", ["true"]), limits: { memoryBytes: 5 } },
  user: { uid: 0, gid: 0, additionalGids: [0] },
  files: { resolvConf: "/r", hosts: "/h" },
  host: { arch: "amd64", kernel: [6, 1], capabilities: [], seccomp: true, cgroupNamespace: true },
  ownNetwork: false,
});
const oneId = "         0       1000          1\n";
const manyIds = `${oneId}         1     100000      65536\n`;
const all: UserNamespaceFacts = { proc: true, sysfs: true, mqueue: true, uidMap: manyIds, gidMap: manyIds };
const none: UserNamespaceFacts = { proc: false, sysfs: false, mqueue: false, uidMap: oneId, gidMap: oneId };

const mountAt = (facts: UserNamespaceFacts, place: string) =>
  forUserNamespace(spec, facts).mounts.find(({ destination }) => destination === place);

test("with all that a namespace can have, only the control groups go", () => {
  const { linux, mounts } = forUserNamespace(spec, all);
  expect(linux.cgroupsPath).toBeUndefined();
  expect(linux.resources).toEqual({ devices: [] });
  expect(linux.namespaces.map(({ type }) => type)).toEqual(["pid", "ipc", "uts", "mount"]);
  expect(linux.maskedPaths).not.toEqual([]);
  expect(mounts.map(({ type }) => type)).not.toContain("cgroup");
  expect(mountAt(all, "/dev/pts")?.options).toContain("gid=5");
});

test("what it cannot have of its own is the pod's", () => {
  const { linux } = forUserNamespace(spec, none);
  expect(linux.namespaces.map(({ type }) => type)).toEqual(["ipc", "uts", "mount"]);
  expect(linux).toMatchObject({ maskedPaths: [], readonlyPaths: [] });
  expect(mountAt(none, "/proc")).toMatchObject({
    type: "bind",
    source: "/proc",
    options: expect.arrayContaining(["rw"]),
  });
  expect(mountAt(none, "/sys")).toMatchObject({
    type: "bind",
    source: "/sys",
    options: expect.arrayContaining(["ro"]),
  });
  expect(mountAt(none, "/dev/mqueue")).toBeUndefined();
  expect(mountAt(none, "/dev/pts")?.options).not.toContain("gid=5");
});

test("ids that are in the map and that are not", () => {
  expect([0, 1, 65536, 65537, 1000].map((id) => hasId(manyIds, id))).toEqual([true, true, true, false, true]);
  expect([0, 1].map((id) => hasId(oneId, id))).toEqual([true, false]);
  expect(() => checkIds({ uid: 65536, gid: 5 }, all)).not.toThrow();
  expect(() => checkIds({ uid: 0, gid: 5 }, none)).toThrow('cannot run the step as user 0:5: isolation "rootless"');
});
