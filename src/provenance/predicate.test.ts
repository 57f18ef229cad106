import { expect, it } from "vitest";
import { isCooperError, sha256 } from "../kit/index.ts";
import { buildDefinition, image, local } from "../llb/index.ts";
import { askedProvenance } from "./asked-options.ts";
import type { Capture, Invocation, PredicateOptions } from "./contract.ts";
import { outputName, provenancePredicate } from "./predicate.ts";

const platform = { os: "linux", architecture: "amd64" };
const capture: Capture = {
  sources: { images: [], blobs: [], git: [], http: [], locals: [] },
  secrets: [],
  ssh: [],
  network: false,
  incomplete: false,
};
const invocation: Invocation = {
  id: "i",
  started: Date.UTC(2026, 0, 2, 3, 4, 5),
  finished: Date.UTC(2026, 0, 2, 3, 4, 5) + 20.5,
  builderPlatform: platform,
  compatibilityVersion: 30,
  dockerfileVersion: "1.0",
};
const options = (attrs: Readonly<Record<string, string>>): PredicateOptions =>
  askedProvenance(new Map(Object.entries(attrs)));
const predicate = (
  record: Parameters<typeof provenancePredicate>[0],
  attrs: Readonly<Record<string, string>> = {},
  more: Partial<Invocation> = {},
  layers: Parameters<typeof provenancePredicate>[3] = new Map(),
) =>
  JSON.parse(Buffer.from(provenancePredicate(record, options(attrs), { ...invocation, ...more }, layers)).toString());

it("a build that used nothing but what it names, without the network, is hermetic", () => {
  const { runDetails, buildDefinition: definition } = predicate({ capture }, { mode: "min" });
  expect(runDetails.metadata).toEqual({
    invocationId: "i",
    startedOn: "2026-01-02T03:04:05Z",
    finishedOn: "2026-01-02T03:04:05.0205Z",
    buildkit_metadata: {},
    buildkit_hermetic: true,
    buildkit_completeness: { request: false, resolvedDependencies: true },
  });
  expect(definition.externalParameters).toEqual({ configSource: {}, request: { compatibilityVersion: 30 } });
  const open = predicate({ capture: { ...capture, network: true } }, { mode: "min" });
  expect(open.runDetails.metadata.buildkit_hermetic).toBeUndefined();
});

it("what the operator adds stands beside our own parameters, in both versions", () => {
  const environment = { zone: "x", numbers: [1, 2] };
  const v1 = predicate({ capture }, { mode: "min" }, { environment });
  expect(v1.buildDefinition.internalParameters).toEqual({ builderPlatform: "linux/amd64", ...environment });
  const v02 = predicate({ capture }, { mode: "min", version: "v0.2" }, { environment });
  expect(v02.invocation.environment).toEqual({ platform: "linux/amd64", ...environment });
});

it("mode=max has the steps by number, where they stand in their file, and the layers of their outputs", () => {
  const source = { filename: "Dockerfile", language: "Dockerfile", data: Buffer.from("FROM x") };
  const ranges = [{ start: { line: 1, character: 0 }, end: { line: 1, character: 0 } }];
  const base = image("docker.io/library/busybox:latest", { platform });
  const state = base.run({ args: ["true"], location: { source, ranges } });
  const { bytes, head } = buildDefinition(state, { platform });
  if (head === undefined) throw new Error("scratch");
  const blob = { mediaType: "m", digest: sha256("layer"), size: 3 };
  const layers = new Map([
    [outputName(head.digest, 0), [[blob]]],
    [outputName(sha256("of another build"), 0), [[blob]]],
  ]);
  const { buildDefinition: definition, runDetails } = predicate({ capture, definition: bytes }, {}, {}, layers);
  const { buildConfig } = definition.internalParameters;
  expect(buildConfig.llbDefinition.map(({ id, inputs }: { id: string; inputs?: string[] }) => [id, inputs])).toEqual([
    ["step0", undefined],
    ["step1", ["step0:0"]],
    ["step2", ["step1:0"]],
  ]);
  expect(buildConfig.digestMapping[head.digest]).toBe("step1");
  const { buildkit_metadata: metadata } = runDetails.metadata;
  expect(metadata.layers).toEqual({ "step1:0": [[blob]] });
  expect(metadata.source.infos).toEqual([
    { filename: "Dockerfile", language: "Dockerfile", data: Buffer.from("FROM x").toString("base64") },
  ]);
  expect(metadata.source.locations.step1.locations).toEqual([{ ranges: [{ start: { line: 1 }, end: { line: 1 } }] }]);
});

it("a session's id, which is another one in each build, is not told", () => {
  const { bytes } = buildDefinition(local("context", { sessionId: "secret-session" }), { platform });
  expect(JSON.stringify(predicate({ capture, definition: bytes }))).not.toContain("secret-session");
});

it("complete materials cannot be had with a directory of the caller's", () => {
  const used = { ...capture, sources: { ...capture.sources, locals: ["context"] } };
  let failure: unknown;
  try {
    predicate({ capture: used }, { "complete-materials": "true" });
  } catch (error) {
    failure = error;
  }
  expect(isCooperError(failure, "provenance/incomplete")).toBe(true);
  expect(String(failure)).toContain("Uncaptured local sources:\n  - context\n    reason: local_source");
});

it("what steps got through the builder's proxy is told, and so is what that could not tell", () => {
  const gap = { op: "sha256:1", name: "sh -c x", method: "POST", uri: "https://host.example/", reason: "method" };
  const through = (gaps: readonly (typeof gap)[]) => ({ ...capture, proxy: { gaps }, incomplete: gaps.length > 0 });
  const networkOf = (gaps: readonly (typeof gap)[]) =>
    predicate({ capture: through(gaps) }, { mode: "min" }).runDetails.metadata.buildkit_metadata.network;
  expect(networkOf([])).toEqual({ mode: "proxy" });
  expect(networkOf([gap])).toEqual({ mode: "proxy", proxy: { incomplete: [gap] } });
  expect(() => predicate({ capture: through([gap]) }, { "complete-materials": "true" })).toThrow(
    "Uncaptured requests:\n  - sh -c x\n    method: POST\n    url: https://host.example/\n    reason: method",
  );
});

it.each([
  [{ version: "v2" }, "invalid provenance SLSA version: v2"],
  [{ mode: "some" }, 'invalid mode "some"'],
  [{ reproducible: "maybe" }, 'failed to parse reproducible flag "maybe"'],
])("refuses %o", (attrs, sentence) => {
  expect(() => options(attrs)).toThrow(sentence);
});
