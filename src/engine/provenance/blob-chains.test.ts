import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { quietScope, sha256 } from "../../kit/index.ts";
import { openStorage, type SnapshotId, type Storage } from "../../storage/index.ts";
import { BlobChains } from "./blob-chains.ts";

let folder = "";
let storage: Storage;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "cooper-chains-"));
  storage = await openStorage({ root: folder, snapshotter: "native" }, quietScope);
});
afterAll(async () => {
  await storage[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true, force: true });
});

async function commit(parent: SnapshotId | undefined): Promise<SnapshotId> {
  await using snapshot = await storage.snapshots.prepare(parent);
  writeFileSync(join(snapshot.changes.folder, "file"), "x");
  return (await snapshot.commit()).id;
}

async function pack(id: SnapshotId, compression: "gzip" | "zstd"): Promise<string> {
  const { digest, size } = await storage.blobs.put(bytesOf(`${id} ${compression}`), quietScope);
  const annotations = { "containerd.io/uncompressed": "x", "org.example": "y" };
  const descriptor = { mediaType: compression, digest, size, annotations };
  storage.layers.add(id, { descriptor, diffId: sha256(id), compression, from: [] });
  return digest;
}

async function* bytesOf(text: string) {
  yield Buffer.from(text);
}

it("names the blobs of a tree, a chain per compression, without what is the store's own", async () => {
  const lower = await commit(undefined);
  const upper = await commit(lower);
  const [base, gzip, zstd] = [await pack(lower, "gzip"), await pack(upper, "gzip"), await pack(upper, "zstd")];
  const chains = await new BlobChains(storage).of({ kind: "snapshot", id: upper });
  expect(chains.map((chain) => chain.map(({ digest }) => digest))).toEqual([
    [base, gzip],
    [base, zstd],
  ]);
  expect(chains[0]?.[0]?.annotations).toEqual({ "org.example": "y" });
});

it("says nothing of a tree of which some layer was never packed", async () => {
  const lower = await commit(undefined);
  const upper = await commit(lower);
  await pack(upper, "gzip");
  const chains = new BlobChains(storage);
  expect(await chains.of({ kind: "snapshot", id: upper })).toEqual([]);
  expect(await chains.of({ kind: "scratch" })).toEqual([]);
});
