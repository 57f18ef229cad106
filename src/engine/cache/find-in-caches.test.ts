import { describe, expect, test } from "vitest";
import type { CacheRecord } from "../../export/index.ts";
import { type Digest, quietScope, sha256 } from "../../kit/index.ts";
import type { Ref } from "../../ops/index.ts";
import type { EngineScope } from "../engine-scope.ts";
import type { EngineEdge, EngineVertex } from "../graph.ts";
import { CacheFinder } from "./find-in-caches.ts";
import { ImportedCache } from "./imported-cache.ts";
import { contentDigest, recordDigest } from "./record-digest.ts";

/** A vertex of a name; per input whether its content may stand for it. */
function vertex(name: string, inputs: readonly EngineEdge[] = [], byContent: readonly boolean[] = []): EngineVertex {
  return {
    digest: sha256(`vertex ${name}`),
    name,
    inputs,
    ignoreCache: false,
    op: {
      recipe: async () => ({ digest: sha256(name), content: [], storable: true }),
      execute: async () => [],
      portable: async () => ({
        // What is local has no name elsewhere.
        digests: name.startsWith("local") ? [] : [sha256(name)],
        outputs: 2,
        inputs: inputs.map((_, at) => ({
          selector: "part",
          ...(byContent[at] && { content: async (ref: Ref) => sha256(`content of ${JSON.stringify(ref)}`) }),
        })),
      }),
    },
  };
}

const edge = (of: EngineVertex, output = 0): EngineEdge => ({ vertex: of, output });
const record = (digest: Digest, inputs: CacheRecord["inputs"] = [], layer?: string): CacheRecord => ({
  digest,
  inputs,
  results: layer === undefined ? [] : [{ chain: [sha256(layer)], createdAt: "2026-01-02T03:04:05Z" }],
});
const op = (name: string, output = 0) => recordDigest(sha256(name), output);

function finder(records: readonly CacheRecord[]) {
  const made: string[] = [];
  const layerOf = (blob: Digest) => ({ descriptor: { mediaType: "", digest: blob, size: 1 }, diffId: blob, from: [] });
  const find = new CacheFinder({
    entries: new Set(),
    caches: [new ImportedCache(records, layerOf)],
    present: async ({ vertex: { name } }) => {
      made.push(name);
      return { kind: "scratch" };
    },
    scope: () => quietScope as unknown as EngineScope,
  });
  const layersOf = async (of: EngineVertex) =>
    (await find.load(of))?.map((ref) => (ref?.kind === "layers" ? ref.layers.map(({ diffId }) => diffId) : undefined));
  return { find, made, layersOf };
}

const content = contentDigest(sha256('content of {"kind":"scratch"}'));

describe("what a cache from elsewhere knows", () => {
  test("is found by the names of what it rests on, without a look at any content", async () => {
    const base = vertex("base");
    const copy = vertex("copy", [edge(base), edge(base)], [false, true]);
    const links = [[{ selector: "part", link: 0 }], [{ selector: "part", link: 0 }]];
    const { find, made, layersOf } = finder([record(op("base")), record(op("copy"), links, "result")]);
    expect(await find.knows(copy)).toBe(true);
    expect(await layersOf(copy)).toEqual([[sha256("result")], undefined]);
    expect(made).toEqual([]);
  });

  test("is found by content when an input has no name, and what rests on it by name again", async () => {
    const base = vertex("base");
    const copy = vertex("copy", [edge(base), edge(vertex("local"))], [false, true]);
    const run = vertex("run", [edge(copy)]);
    const { find, made, layersOf } = finder([
      record(op("base")),
      record(content),
      record(op("copy"), [[{ selector: "part", link: 0 }], [{ selector: "", link: 1 }]]),
      record(op("run"), [[{ selector: "part", link: 2 }]], "result"),
    ]);
    expect(await find.knows(copy)).toBe(false);
    expect(await layersOf(run)).toEqual([[sha256("result")], undefined]);
    expect(made).toEqual(["local"]);
  });

  test("must have all of the inputs, used alike", async () => {
    const base = vertex("base");
    const links = (selector: string, other: number) => [[{ selector, link: 0 }], [{ selector: "part", link: other }]];
    const both = vertex("both", [edge(base), edge(vertex("other"))]);
    const records = [record(op("base")), record(op("other")), record(op("stranger"))];
    expect(await finder([...records, record(op("both"), links("part", 1), "r")]).layersOf(both)).toBeDefined();
    expect(await finder([...records, record(op("both"), links("", 1), "r")]).layersOf(both)).toBeUndefined();
    expect(await finder([...records, record(op("both"), links("part", 2), "r")]).layersOf(both)).toBeUndefined();
  });

  test("may be some outputs only: nothing is made to look for the others", async () => {
    const copy = vertex("copy", [edge(vertex("base"))], [true]);
    const { made, layersOf } = finder([
      record(op("base")),
      record(op("copy", 1), [[{ selector: "part", link: 0 }]], "second"),
    ]);
    expect(await layersOf(copy)).toEqual([undefined, [sha256("second")]]);
    expect(made).toEqual([]);
  });

  test("does not count for what is to be made anew", async () => {
    const base = { ...vertex("base"), ignoreCache: true };
    const { find } = finder([record(op("base"), [], "result")]);
    expect(await find.load(base)).toBeUndefined();
  });
});
