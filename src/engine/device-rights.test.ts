import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { ParsedDefinition } from "../llb/index.ts";
import { DeviceRegistry } from "../ops/index.ts";
import { devicesOf } from "./device-rights.ts";

const folder = mkdtempSync(join(tmpdir(), "cooper-cdi-"));
const registry = new DeviceRegistry({ folders: [folder], autoAllowed: ["acme.example/free"] }, () => {});
beforeAll(() => {
  for (const kind of ["free", "gpu"]) {
    const devices = [{ name: "one" }, { name: "two" }];
    const file = { cdiVersion: "0.6.0", kind: `acme.example/${kind}`, devices };
    writeFileSync(join(folder, `${kind}.json`), JSON.stringify(file));
  }
});
afterAll(() => rmSync(folder, { recursive: true }));

/** Names of the devices that a step which asks for these gets. */
async function given(names: readonly string[], granted: readonly string[], optional = false, devices = registry) {
  const body = { kind: "exec", devices: names.map((name) => ({ name, optional })) };
  const definition = { vertices: [{ digest: "sha256:x", op: { body } }] } as unknown as ParsedDefinition;
  const [vertex] = (await devicesOf(definition, granted, devices)).values();
  return vertex?.op.body.kind === "exec" ? vertex.op.body.devices.map(({ name }) => name) : undefined;
}

test("a device must be granted, by name, by kind or all of them, unless it allows everybody", async () => {
  expect(await given(["acme.example/free=one"], [])).toEqual(["acme.example/free=one"]);
  expect(await given(["acme.example/gpu=one"], ["device=acme.example/gpu=one"])).toEqual(["acme.example/gpu=one"]);
  expect(await given(["acme.example/gpu=*"], ["device"])).toEqual(["acme.example/gpu=one", "acme.example/gpu=two"]);
  await expect(given(["acme.example/gpu=one"], [])).rejects.toThrow(
    "device acme.example/gpu=one is requested by the build but not allowed",
  );
  await expect(given(["acme.example/gpu=*"], ["network.host"])).rejects.toThrow(
    "devices acme.example/gpu=one, acme.example/gpu=two are requested by the build but not allowed",
  );
  await expect(given(["acme.example/gpu=two"], ["device=acme.example/gpu=one"])).rejects.toThrow("not allowed");
});

test("a device may be granted under the name that the step uses", async () => {
  const granted = ["device=acme.example/gpu=two,alias=my/gpu"];
  expect(await given(["my/gpu"], granted)).toEqual(["acme.example/gpu=two"]);
});

test("a device file must be granted, too; an optional one that is not there is nobody's business", async () => {
  expect(await given(["/dev/null"], ["device=/dev/null"])).toEqual(["/dev/null"]);
  await expect(given(["/dev/null"], [])).rejects.toThrow("device /dev/null is requested by the build but not allowed");
  expect(await given(["/dev/no-such-device"], [], true)).toEqual([]);
});
