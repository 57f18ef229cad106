import { existsSync, readdirSync, watch, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { bytesOf, quietScope, sha256 } from "../../kit/index.ts";
import type { SnapshotId, Storage } from "../contract.ts";
import { openStorage } from "../open.ts";
import { temporaryRoots } from "../testing/temporary-root.ts";

const newRoot = temporaryRoots();
const open = (root: string) => openStorage({ root, snapshotter: "auto" }, quietScope);
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

async function snapshot(storage: Storage, parent: SnapshotId | undefined, size: number): Promise<SnapshotId> {
  await using active = await storage.snapshots.prepare(parent);
  writeFileSync(join(active.changes.folder, "file"), Buffer.alloc(size, 1));
  return (await active.commit({ description: `${size} bytes` })).id;
}

/** A root with a chain of two snapshots, a named blob, a free blob and a cache mount, that nobody has open. */
async function filled() {
  const root = newRoot();
  const storage = await open(root);
  const base = await snapshot(storage, undefined, 100_000);
  const top = await snapshot(storage, base, 50_000);
  await storage.blobs.put(bytesOf("free"), quietScope);
  const named = await storage.blobs.put(bytesOf("named"), quietScope);
  const descriptor = { mediaType: "application/octet-stream", ...named };
  storage.layers.add(top, { descriptor, diffId: sha256("tar"), compression: "gzip", from: [] });
  writeFileSync(join(await storage.keptFolder("cache", "/c"), "f"), "1");
  storage.records.set("solver", "key", top);
  await storage[Symbol.asyncDispose]();
  await pause(20);
  return { root, base, top, named };
}

describe("reclaim", () => {
  it("tells sizes, and what is in use", async () => {
    const { root, base, top, named } = await filled();
    await using storage = await open(root);
    const usage = await storage.reclaim.usage(quietScope);
    const of = (id: string) => usage.find((one) => one.id === id);
    expect(of(base)).toMatchObject({ kind: "snapshot", inUse: false, needed: true, description: "100000 bytes" });
    expect(of(base)?.size).toBeGreaterThanOrEqual(100_000);
    expect(of(top)).toMatchObject({ parent: base, inUse: false, needed: false, uses: 1 });
    expect(of(named.digest)).toMatchObject({ kind: "blob", size: 5, inUse: false, needed: true });
    storage.snapshots.changes(top);
    await storage.keptFolder("cache", "/c", "a cache");
    const later = await storage.reclaim.usage(quietScope);
    expect(later.find(({ id }) => id === top)).toMatchObject({ uses: 2 });
    expect(later.find(({ kind }) => kind === "kept")).toMatchObject({ uses: 2, description: "a cache" });
    const used = (await storage.reclaim.usage(quietScope)).filter(({ inUse }) => inUse).map(({ id }) => id);
    const cache = later.find(({ kind }) => kind === "kept")?.id;
    expect(used.filter((id) => id !== cache).sort()).toEqual([base, top, named.digest].sort());
    expect(usage.map(({ kind }) => kind).sort()).toEqual(["blob", "blob", "kept", "snapshot", "snapshot"]);
  });

  it("prune with `all` leaves an empty root", async () => {
    const { root } = await filled();
    const storage = await open(root);
    expect(await storage.reclaim.prune({ all: true }, quietScope)).toHaveLength(5);
    expect(await storage.reclaim.usage(quietScope)).toEqual([]);
    expect(storage.records.get("solver", "key")).toBeUndefined();
    await storage[Symbol.asyncDispose]();
    for (const folder of ["snapshots", "content/blobs/sha256", "kept", "hashes", "trash"]) {
      expect(readdirSync(join(root, folder)), folder).toEqual([]);
    }
  });

  it("prune leaves alone what another opening has looked at, until that rests", async () => {
    const { root, base, top, named } = await filled();
    await using user = await open(root);
    const view = user.snapshots.changes(top);
    await user.blobs.path(named.digest);
    const cache = await user.keptFolder("cache", "/c");
    await using pruner = await open(root);
    const pruned = await pruner.reclaim.prune({ all: true }, quietScope);
    expect(pruned.map(({ kind }) => kind)).toEqual(["blob"]);
    expect(existsSync(join(view.folder, "file"))).toBe(true);
    expect(existsSync(join(cache, "f"))).toBe(true);
    await pause(20);
    user.reclaim.rest();
    pruner.reclaim.rest();
    const second = await pruner.reclaim.prune({}, quietScope);
    expect(second.map(({ kind }) => kind).sort()).toEqual(["blob", "kept", "snapshot", "snapshot"]);
    expect(second.filter(({ kind }) => kind !== "kept").map(({ id }) => id)).toEqual([top, base, named.digest]);
    expect(user.snapshots.get(top)).toBeUndefined();
  });

  it("a blob that comes into use while prune measures is not taken away for a moment even", async () => {
    const { root } = await filled();
    await using user = await open(root);
    await using pruner = await open(root);
    const free = sha256("free");
    const moved: (string | null)[] = [];
    const watcher = watch(join(root, "content/blobs/sha256"), (event, name) => {
      if (event === "rename") moved.push(name);
    });
    try {
      const used: Promise<string>[] = [];
      const filter = ({ id }: { readonly id: string }) => {
        if (id === free && used.length === 0) used.push(user.blobs.path(free));
        return id === free;
      };
      expect(await pruner.reclaim.prune({ filter }, quietScope)).toEqual([]);
      expect(used).toHaveLength(1);
      await pause(50);
      expect(moved).toEqual([]);
    } finally {
      watcher.close();
    }
  });

  it("prune with `all` and a limit leaves the records of what stays", async () => {
    const { root } = await filled();
    await using storage = await open(root);
    await storage.reclaim.prune({ all: true, keepBytes: 10_000_000 }, quietScope);
    expect(storage.records.get("solver", "key")).toBeDefined();
  });

  it("prune stops when little enough is left, and keeps what is young or not asked for", async () => {
    const { root, top } = await filled();
    await using storage = await open(root);
    const prune = (options: Parameters<Storage["reclaim"]["prune"]>[0]) => storage.reclaim.prune(options, quietScope);
    expect(await prune({ keepBytes: 10_000_000 })).toEqual([]);
    expect(await prune({ keepDuration: 60_000 })).toEqual([]);
    expect((await prune({ filter: ({ id }) => id === top })).map(({ id }) => id)).toEqual([top]);
  });
});
