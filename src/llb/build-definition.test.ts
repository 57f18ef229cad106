import { describe, expect, it } from "vitest";
import {
  buildDefinition,
  diff,
  git,
  image,
  local,
  merge,
  type Op,
  parseOwner,
  State,
  scratch,
  stateFromDefinition,
  unmarshalDefinition,
} from "./index.ts";

const platform = { os: "linux", architecture: "amd64" };
const build = (state: State) => unmarshalDefinition(buildDefinition(state, { platform }).bytes);
const headOp = (state: State): Op => {
  const { head, byDigest } = build(state);
  const vertex = head && byDigest.get(head.digest);
  if (vertex === undefined) throw new Error("scratch");
  return vertex.op;
};
const base = image("docker.io/library/busybox:latest", { platform });
const mkdir = (path: string) =>
  ({ kind: "mkdir", path, mode: 0o755, makeParents: false, timestamp: undefined }) as const;

describe("State", () => {
  it("is immutable: a step on one leaves it as it was", () => {
    const changed = base.addEnv("A", "1").withDir("/x").withUser("u");
    expect(base.env.keys()).toEqual([]);
    expect([changed.env.get("A"), changed.dir, changed.user]).toEqual(["1", "/x", "u"]);
  });

  it("takes a relative directory from the current one", () => {
    expect(base.withDir("/a").withDir("../b/./c").dir).toBe("/b/c");
  });

  it("moves a variable to the end when it is set again, as upstream orders them", () => {
    expect(base.addEnv("A", "1").addEnv("B", "2").addEnv("A", "3").env.toArray()).toEqual(["B=2", "A=3"]);
  });

  it("gives an exec the environment, and mounts in the order of their targets", () => {
    const cache = { target: "/a", source: undefined, cache: { id: "c", sharing: "locked" } } as const;
    const bind = { target: "/b", source: base.output, noOutput: true };
    const { body, inputs } = headOp(base.addEnv("A", "1").run({ args: ["x"], mounts: [bind, cache] }));
    expect(inputs).toHaveLength(1);
    expect(body).toMatchObject({ kind: "exec", meta: { env: ["A=1"], cwd: "/" }, network: "sandbox" });
    const mounts = body.kind === "exec" ? body.mounts.map(({ dest, input, output }) => [dest, input, output]) : [];
    expect(mounts).toEqual([
      ["/", 0, 0],
      ["/a", undefined, undefined],
      ["/b", 0, undefined],
    ]);
  });

  it("makes one file op of several actions, each on the tree of the one before", () => {
    const { body } = headOp(base.withDir("/w").file([mkdir("a"), mkdir("/b/../c")]));
    expect(body).toMatchObject({
      actions: [
        { input: 0, output: undefined, action: { path: "/w/a" } },
        { input: 1, output: 0, action: { path: "/c" } },
      ],
    });
  });
});

describe("merge() and diff()", () => {
  it("leave scratch out", () => {
    expect(merge([scratch(), base]).output).toBe(base.output);
    expect(merge([]).output).toBeUndefined();
    expect(diff(scratch(), base).output).toBe(base.output);
  });

  it("name their inputs", () => {
    const other = base.run({ args: ["x"] });
    expect(headOp(merge([base, other])).body).toEqual({ kind: "merge", inputs: [0, 1] });
    expect(headOp(diff(base, scratch())).body).toEqual({ kind: "diff", lower: 0, upper: undefined });
  });
});

describe("parseOwner()", () => {
  it.each([
    ["1:2", { user: 1, group: 2 }],
    ["root:staff", { user: 0, group: "staff" }],
    ["me", { user: "me" }],
    [":5", { user: 0, group: 5 }],
    ["99999999999", { user: "99999999999" }],
  ])("%s", (text, owner) => {
    expect(parseOwner(text)).toEqual(owner);
  });
});

describe("buildDefinition()", () => {
  it("asks for a deferred output only when the graph is marshalled", () => {
    let wanted: string[] = [];
    const resolve = () => local("context", { sessionId: "s", followPaths: wanted }).output;
    const state = new State({ kind: "deferred", resolve }).file([mkdir("/a")]);
    wanted = ["b"];
    const [context] = build(state).vertices;
    expect(context?.op.body).toMatchObject({ identifier: "local://context" });
    expect(context?.op.body.kind === "source" && context.op.body.attrs.get("local.followpaths")).toBe('["b"]');
  });

  it("writes a vertex that two steps share once", () => {
    const [left, right] = [base.run({ args: ["l"] }), base.run({ args: ["r"] })];
    expect(build(merge([left, right])).vertices).toHaveLength(4);
  });

  it("keeps names, locations and capabilities beside the op", () => {
    const source = { filename: "F", language: "L", data: Buffer.from("x") };
    const ranges = [{ start: { line: 1, character: 0 }, end: { line: 2, character: 0 } }];
    const parsed = build(base.run({ args: ["x"], customName: "n", ignoreCache: true, location: { source, ranges } }));
    const vertex = parsed.vertices.at(-1);
    expect(vertex?.metadata).toMatchObject({ ignoreCache: true, description: new Map([["llb.customname", "n"]]) });
    expect(vertex?.metadata.caps.has("exec.meta.base")).toBe(true);
    expect(vertex && parsed.source.locations.get(vertex.digest)).toEqual([{ file: 0, ranges }]);
    expect(parsed.source.files[0]?.filename).toBe("F");
  });

  it("builds on a received definition without touching its bytes", () => {
    const received = buildDefinition(base.run({ args: ["x"] }), { platform: { os: "linux", architecture: "arm64" } });
    const parsed = build(stateFromDefinition(received.bytes).run({ args: ["y"] }));
    expect(parsed.vertices.map(({ digest }) => digest)).toContain(received.head?.digest);
  });

  it("names a file once that also came in with a received definition", () => {
    const made = (args: readonly string[], under: State) => {
      const source = { filename: "F", language: "L", data: Buffer.from("x") };
      const ranges = [{ start: { line: 1, character: 0 }, end: { line: 1, character: 0 } }];
      return under.run({ args, location: { source, ranges } });
    };
    const received = buildDefinition(made(["x"], base), { platform });
    const parsed = build(made(["y"], stateFromDefinition(received.bytes)));
    expect(parsed.source.files).toHaveLength(1);
  });

  it("refuses a received definition that says nothing", () => {
    expect(() => stateFromDefinition(new Uint8Array(0))).toThrow("invalid nil input definition to definition op");
  });

  it("marshals ten thousand steps", () => {
    let state = base;
    for (let step = 0; step < 10_000; step++) state = state.run({ args: [String(step)] });
    expect(build(state).vertices).toHaveLength(10_001);
  });
});

describe("git()", () => {
  it.each([
    ["https://user@example.com/a/b.git", "git://example.com/a/b.git", "https://user@example.com/a/b.git"],
    ["git@example.com:a/b.git", "git://example.com/a/b.git", "git@example.com:a/b.git"],
    ["example.com/a.git", "git://example.com/a.git", "https://example.com/a.git"],
  ])("%s", (url, identifier, fullUrl) => {
    const { body } = headOp(git(url));
    expect(body).toMatchObject({ identifier });
    expect(body.kind === "source" && body.attrs.get("git.fullurl")).toBe(fullUrl);
  });

  it("names ref and directory", () => {
    expect(headOp(git("https://e.com/a.git", { ref: "v1", subdir: "d" })).body).toMatchObject({
      identifier: "git://e.com/a.git#v1:d",
    });
  });
});
