import { expect, test } from "vitest";
import { sha256 } from "../kit/index.ts";
import { type DefinitionVertex, noMetadata, type OpBody } from "../llb/index.ts";
import { opName } from "./op-name.ts";

const vertex = (body: OpBody, inputs = 0, description: [string, string][] = []): DefinitionVertex => ({
  digest: sha256("x"),
  bytes: new Uint8Array(),
  op: { inputs: Array.from({ length: inputs }, () => ({ digest: sha256("i"), index: 0 })), workerFilters: [], body },
  metadata: { ...noMetadata, description: new Map(description) },
});
const source: OpBody = { kind: "source", identifier: "local://context", attrs: new Map() };

test("a custom name wins", () => {
  expect(opName(vertex(source, 0, [["llb.customname", "[internal] load build context"]]), () => "")).toBe(
    "[internal] load build context",
  );
});

test.each<[string, DefinitionVertex]>([
  ["local://context", vertex(source)],
  ["merge (in0, in1)", vertex({ kind: "merge", inputs: [0, 1] }, 2)],
  ["diff scratch -> (in0)", vertex({ kind: "diff", lower: undefined, upper: 0 }, 1)],
  ["mkdir /a, rm /b", fileVertex()],
])("%s", (name, named) => {
  expect(opName(named, (input) => `in${input}`)).toBe(name);
});

test("names made of names do not grow without end", () => {
  expect(opName(vertex({ kind: "merge", inputs: [0, 1] }, 2), () => "x".repeat(5000)).length).toBeLessThan(5000);
});

function fileVertex(): DefinitionVertex {
  const step = { input: undefined, secondaryInput: undefined, output: undefined };
  return vertex({
    kind: "file",
    actions: [
      { ...step, action: { kind: "mkdir", path: "/a", mode: 0o755, makeParents: false, timestamp: undefined } },
      { ...step, action: { kind: "rm", path: "/b", allowNotFound: false, allowWildcard: false } },
    ],
  });
}
