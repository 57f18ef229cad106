import { mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { quietScope, sha256 } from "../kit/index.ts";
import { buildDefinition, type State, scratch } from "../llb/index.ts";
import { hostPlatform } from "../oci/index.ts";
import { createLocalSession } from "../session/index.ts";
import { decode, encode, pb } from "../wire/index.ts";
import type { Engine, SolveStatus } from "./contract.ts";
import { openEngine } from "./engine.ts";

let folder: string;
let engine: Engine;
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "cooper-nested-"));
  mkdirSync(join(folder, "out"));
  const options = {
    ...{ root: join(folder, "root"), debug: false, snapshotter: "auto", ociWorkerBinary: "", registries: {} },
    ...{ insecureEntitlements: [], networkMode: "auto", maxParallelism: 0 },
  };
  engine = await openEngine(options, quietScope);
});
afterEach(async () => {
  await engine[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true });
});

const definitionOf = (state: State) => buildDefinition(state, { platform: hostPlatform() }).bytes;
const file = (path: string, data: Uint8Array): State =>
  scratch().file([{ kind: "mkfile", path, mode: 0o644, data, timestamp: undefined }]);

/** The definition of a `BuildOp` on the state, which holds the definition to be built in a file. */
function nested(state: State, more: Parameters<typeof encode<pb.BuildOp>>[1] = {}): Uint8Array {
  const outer = decode(pb.Definition, definitionOf(state));
  const head = outer.def.at(-1) ?? new Uint8Array();
  const inputs = decode(pb.Op, head).inputs;
  const value = { builder: -1n, inputs: new Map([["buildkit.llb.definition", { input: 0n }]]), ...more };
  const op = encode(pb.Op, { inputs, op: { case: "build", value } });
  const last = encode(pb.Op, { inputs: [{ digest: sha256(op), index: 0n }] });
  return encode(pb.Definition, { ...outer, def: [...outer.def.slice(0, -1), op, last] });
}

async function build(definition: Uint8Array): Promise<string[]> {
  const names = new Set<string>();
  await using session = await createLocalSession({
    ...{ id: "session", locals: {}, secrets: [], ssh: [], ociLayouts: {}, env: {} },
    outputs: [{ kind: "directory", path: join(folder, "out") }],
    stdout: () => process.stdout,
    warn: () => {},
  });
  const request = {
    ...{ ref: "test", frontend: "", frontendOptions: {}, definition, exporters: [{ type: "local", attrs: {} }] },
    ...{ cacheImports: [], cacheExports: [], entitlements: [], noCache: false },
  };
  const onStatus = ({ vertexes }: SolveStatus) => {
    for (const { name, completed, cached } of vertexes ?? [])
      if (completed) names.add(cached ? `${name} CACHED` : name);
  };
  await engine.build(request, session, onStatus, quietScope);
  return [...names];
}

test("builds the definition that a file of an input holds; its steps show in the progress, and the second time it is known", async () => {
  const inner = definitionOf(file("/made", Buffer.from("inside")));
  const definition = nested(file("/buildkit.llb.definition", inner));
  const names = await build(definition);
  expect(readFileSync(join(folder, "out/made"), "utf8")).toBe("inside");
  expect(names).toContain("mkfile /made");
  expect((await build(definition)).filter((name) => name.includes("mkfile /made"))).toEqual([]);
});

test("finds the definition by another name, and a build in a build in a build", async () => {
  const innermost = nested(file("/buildkit.llb.definition", definitionOf(file("/deep", Buffer.from("down")))));
  await build(nested(file("/other", innermost), { attrs: new Map([["llbbuild.filename", "other"]]) }));
  expect(readFileSync(join(folder, "out/deep"), "utf8")).toBe("down");
});

test.each([
  ["only LLB builder is currently allowed", { builder: 0n }],
  ["no llb definition input buildkit.llb.definition found", { inputs: new Map() }],
  ["failed to open none: no such file or directory", { attrs: new Map([["llbbuild.filename", "none"]]) }],
  ["/ is not a regular file", { attrs: new Map([["llbbuild.filename", "/"]]) }],
  ["failed to load LLB", {}],
])("says what is wrong: %s", async (sentence, more) => {
  await expect(build(nested(file("/buildkit.llb.definition", Buffer.from("\x0a\xff")), more))).rejects.toThrow(
    sentence,
  );
});
