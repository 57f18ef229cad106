import { describe, expect, it } from "vitest";
import type { AskedRequest, Sources } from "./contract.ts";
import { scrubbed, takeVcs, toldRequest, toldRoot } from "./request.ts";

const nothing: Sources = { images: [], blobs: [], git: [], http: [], locals: [] };
const asked = (options: AskedRequest["options"], frontend = "dockerfile.v0"): AskedRequest => ({
  frontend,
  options,
  inputs: new Map(),
});

describe("toldRequest", () => {
  it("leaves out what says something of the machine only, and hides credentials of contexts", () => {
    const { request } = toldRequest(
      asked({
        platform: "linux/amd64",
        "cache-imports": "[]",
        "attest:provenance": "mode=max",
        "build-arg:B": "2",
        "build-arg:A": "1",
        "context:other": "https://user:secret@host.example/a.tar",
      }),
      nothing,
    );
    expect([...(request.args ?? [])]).toEqual([
      ["build-arg:A", "1"],
      ["build-arg:B", "2"],
      ["context:other", "https://xxxxx:xxxxx@host.example/a.tar"],
    ]);
  });

  it("tells context and file name as the source of the configuration, with the commit that was built", () => {
    const commit = "b".repeat(40);
    const git = [{ url: "https://xxxxx:xxxxx@host.example/a.git#main", commit }];
    const options = { context: "https://me:secret@host.example/a.git#main:src", filename: "My.Dockerfile" };
    expect(toldRequest(asked(options), { ...nothing, git })).toEqual({
      configSource: {
        uri: "https://xxxxx:xxxxx@host.example/a.git#main:src",
        digest: { sha1: commit },
        path: "My.Dockerfile",
      },
      request: { frontend: "dockerfile.v0" },
    });
  });

  it("tells of an input only when all who made it were asked the same", () => {
    const maker = (text: string) => asked({ "build-arg:T": text });
    const user = (makers: readonly AskedRequest[]) => ({ ...asked({}), inputs: new Map([["base", makers]]) });
    const one = toldRequest(user([maker("x"), maker("x")]), nothing).request.inputs;
    expect(one?.get("base")?.request.args).toEqual(new Map([["build-arg:T", "x"]]));
    expect(toldRequest(user([maker("x"), maker("y")]), nothing).request.inputs).toBeUndefined();
    expect(toldRequest(user([]), nothing).request.inputs).toBeUndefined();
  });
});

describe("toldRoot", () => {
  const made = toldRequest(asked({ target: "a" }), nothing);

  it("says nothing when the build was asked for the very same, or for nothing", () => {
    expect(toldRoot(asked({ target: "a" }), made, nothing)).toBeUndefined();
    expect(toldRoot(asked({ "attest:provenance": "" }, ""), made, nothing)).toBeUndefined();
  });

  it("tells a request that differs", () => {
    expect(toldRoot(asked({ target: "a" }, ""), made, nothing)?.request).toEqual({ args: new Map([["target", "a"]]) });
  });
});

it("vcs: options become metadata, without credentials and empty ones", () => {
  const told = toldRequest(
    asked({ "vcs:source": "https://u:p@host.example/r.git", "vcs:revision": "1", "vcs:x": "", target: "t" }),
    nothing,
  );
  const { told: rest, vcs } = takeVcs(told);
  expect(rest.request.args).toEqual(new Map([["target", "t"]]));
  expect(vcs).toEqual(
    new Map([
      ["revision", "1"],
      ["source", "https://xxxxx:xxxxx@host.example/r.git"],
    ]),
  );
});

it("mode=min keeps build arguments, labels and names of secrets to itself, all the way down, and says that it did", () => {
  const inner = toldRequest(asked({ "build-arg:A": "1", target: "t" }), nothing);
  const { request, complete } = scrubbed({
    frontend: "dockerfile.v0",
    args: new Map([["target", "x"]]),
    secrets: [{ id: "s" }],
    inputs: new Map([["base", inner]]),
  });
  expect(complete).toBe(false);
  expect(request.secrets).toBeUndefined();
  expect(request.inputs?.get("base")?.request.args).toEqual(new Map([["target", "t"]]));
  expect(scrubbed({ args: new Map([["target", "x"]]) }).complete).toBe(true);
});
