import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { plainStep } from "../../../executor/testing/index.ts";
import { DeviceRegistry } from "./device-registry.ts";
import { withDevices } from "./with-devices.ts";

let folder = "";
const warnings: string[] = [];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "cooper-cdi-"));
  for (const name of ["low", "high"]) mkdirSync(join(folder, name));
  warnings.splice(0);
});
afterEach(() => rmSync(folder, { recursive: true }));

const registry = (...autoAllowed: string[]) => {
  const folders = ["none", "low", "high"].map((name) => join(folder, name));
  return new DeviceRegistry({ folders, autoAllowed }, (message) => warnings.push(message));
};
const write = (path: string, text: string) => writeFileSync(join(folder, path), text);
const gpus = `
cdiVersion: "0.6.0"
kind: "acme.example/gpu"
annotations:
  org.mobyproject.buildkit.device.autoallow: true
containerEdits:
  env: ["DRIVER=1"]
devices:
- name: zero
  annotations: { org.mobyproject.buildkit.device.class: fast }
  containerEdits:
    env: ["GPU=0"]
    deviceNodes: [{ path: /dev/gpu, hostPath: /dev/null, permissions: r }]
- name: one
  containerEdits:
    env: ["GPU=1"]
    mounts: [{ hostPath: /opt/lib, containerPath: /lib/gpu, options: [ro, nosuid, bind] }]
    hooks: [{ hookName: createContainer, path: /bin/hook, args: [hook] }]
    additionalGids: [44]
`;
const names = async (name: string, optional = false) =>
  (await registry().find(name, optional)).map((device) => device.name);

test("devices are those of the files, those of a later folder in place of earlier ones", async () => {
  write("low/gpu.yaml", gpus);
  write(
    "high/other.json",
    JSON.stringify({ cdiVersion: "0.6.0", kind: "acme.example/gpu", devices: [{ name: "one" }] }),
  );
  const [one, zero] = await registry().list();
  expect([one?.name, one?.autoAllow, one?.edits.flatMap(({ env }) => env)]).toEqual([
    "acme.example/gpu=one",
    false,
    [],
  ]);
  expect([zero?.name, zero?.autoAllow]).toEqual(["acme.example/gpu=zero", true]);
  expect((await registry("acme.example/gpu").list()).every(({ autoAllow }) => autoAllow)).toBe(true);
});

test("a device that two files of one folder register is nobody's", async () => {
  write("low/a.yaml", gpus);
  write("low/b.yml", gpus.replace("name: zero", "name: two"));
  expect((await registry().list()).map(({ name }) => name)).toEqual(["acme.example/gpu=two", "acme.example/gpu=zero"]);
});

test("a name means one device, the first of its kind, all of it, or a class", async () => {
  write("low/gpu.yaml", gpus);
  expect(await names("acme.example/gpu=zero")).toEqual(["acme.example/gpu=zero"]);
  expect(await names("acme.example/gpu")).toEqual(["acme.example/gpu=one"]);
  expect(await names("acme.example/gpu=*")).toEqual(["acme.example/gpu=one", "acme.example/gpu=zero"]);
  expect(await names("fast")).toEqual(["acme.example/gpu=zero"]);
  expect(await names("acme.example/gpu=nine", true)).toEqual([]);
  await expect(names("acme.example/gpu=nine")).rejects.toThrow(
    'required device "acme.example/gpu=nine" is not registered',
  );
});

test("a file that changes counts as it is now; one that makes no sense is told of and left out", async () => {
  const devices = registry();
  write("low/gpu.yaml", "kind: [");
  expect(await devices.list()).toEqual([]);
  write("low/gpu.yaml", "kind: nonsense\ncdiVersion: 1\n");
  expect(await devices.list()).toEqual([]);
  expect(warnings).toHaveLength(2);
  write("low/gpu.yaml", gpus);
  expect(await devices.list()).toHaveLength(2);
});

test("a step gets what its devices bring, and their environment counts more than its own", async () => {
  write("low/gpu.yaml", gpus);
  const step = { ...plainStep("/rootfs", ["true"]), env: ["GPU=none", "A=b"] };
  const zero = await withDevices(step, [{ name: "acme.example/gpu=zero", optional: false }], registry());
  expect(zero.env).toEqual(["A=b", "DRIVER=1", "GPU=0"]);
  expect(zero.devices).toEqual([{ path: "/dev/gpu", source: "/dev/null", access: "r" }]);
  const one = await withDevices(step, [{ name: "acme.example/gpu=one", optional: false }], registry());
  expect(one.mounts.at(-1)).toEqual({
    kind: "bind",
    source: "/opt/lib",
    target: "/lib/gpu",
    readonly: true,
    options: ["nosuid"],
  });
  expect(one.hooks?.map(({ name, path }) => [name, path])).toEqual([["createContainer", "/bin/hook"]]);
  expect(one.rights?.additionalGids).toEqual([44]);
});
