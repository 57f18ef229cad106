import { expect, test } from "vitest";
import { sha256 } from "../kit/index.ts";
import type { ImageLayer, Ref } from "../ops/index.ts";
import type { SnapshotId, SnapshotStore } from "../storage/index.ts";
import { decodeRefs, encodeRefs } from "./ref-codec.ts";

const id = (text: string) => text as SnapshotId;
/** A store that knows these snapshots, by id and by name. */
const knowing = (...names: string[]) => {
  const find = (name: string) => (names.includes(name) ? { id: id(name), parent: undefined, name } : undefined);
  return { get: find, byName: find } as unknown as SnapshotStore;
};
const layer: ImageLayer = {
  descriptor: { mediaType: "x", digest: sha256("blob"), size: 1 },
  diffId: sha256("diff"),
  chainId: sha256("chain"),
  from: ["registry.example/a:1"],
};

test.each<[string, Ref, Ref | undefined, readonly string[]]>([
  ["nothing", { kind: "scratch" }, { kind: "scratch" }, []],
  ["a snapshot", { kind: "snapshot", id: id("s") }, { kind: "snapshot", id: id("s") }, ["s"]],
  ["a snapshot that is gone", { kind: "snapshot", id: id("s") }, undefined, []],
  [
    "layers that are here",
    { kind: "layers", layers: [layer] },
    { kind: "snapshot", id: id(layer.chainId) },
    [layer.chainId],
  ],
  ["layers that are elsewhere, perhaps no more where they were", { kind: "layers", layers: [layer] }, undefined, []],
])("%s", (_, stored, loaded, here) => {
  expect(decodeRefs(encodeRefs([stored]) ?? "", knowing(...here))).toEqual(loaded && [loaded]);
});

test("a caller's folder is never stored", () => {
  expect(encodeRefs([{ kind: "folder", path: "/x", include: [], exclude: [], follow: [] }])).toBeUndefined();
});

test.each(["", "{}", "[1]", '[{"kind":"layers","layers":[{}]}]', '[{"kind":"other"}]'])(
  "a torn record (%s) is a miss",
  (text) => {
    expect(decodeRefs(text, knowing())).toBeUndefined();
  },
);
