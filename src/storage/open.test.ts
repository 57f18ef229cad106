import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { describe, expect, it } from "vitest";
import { bytesOf, quietScope, sha256, withChildScope } from "../kit/index.ts";
import type { Descriptor } from "../oci/index.ts";
import { listMounts, MountFlag, mount, mountOverlay, umount } from "../sys/index.ts";
import type { LayerRecord, SnapshotId } from "./contract.ts";
import { openStorage } from "./open.ts";
import { temporaryRoots } from "./testing/temporary-root.ts";

const newRoot = temporaryRoots();
const open = (root: string, log: (line: string) => void = () => {}) =>
  openStorage({ root, snapshotter: "auto" }, { ...quietScope, log });

describe("openStorage()", () => {
  it("clears away what a dead process left: mounts, folders, half blobs, unfinished snapshots", async () => {
    const root = newRoot();
    await (await open(root))[Symbol.asyncDispose]();
    // As a kill leaves it: a run folder whose lock nobody holds, with an overlay mounted in it.
    const dead = join(root, "run/4711-dead");
    for (const name of ["mounts/0", "tmp/x-0/deep"]) mkdirSync(join(dead, name), { recursive: true });
    writeFileSync(join(dead, "lock"), "");
    for (const name of ["lower", "fs", "work"]) mkdirSync(join(root, "snapshots/abc", name), { recursive: true });
    writeFileSync(join(root, "snapshots/abc/lower/kept"), "");
    const part = (name: string) => join(root, "snapshots/abc", name);
    mountOverlay({ lower: [part("lower")], upper: part("fs"), work: part("work") }, join(dead, "mounts/0"));
    writeFileSync(join(root, "content/ingest/4711-dead.3"), "half");
    const database = new DatabaseSync(join(root, "cooper.db"));
    database.exec(
      "INSERT INTO snapshot (id, driver, owner, created, used) VALUES ('abc', 'overlay', '4711-dead', 0, 0)",
    );
    database.close();

    const complaints: string[] = [];
    await using storage = await open(root, (line) => complaints.push(line));
    expect(complaints).toEqual([]);
    expect(listMounts().filter(({ target }) => target.startsWith(root))).toEqual([]);
    expect(readdirSync(join(root, "run"))).not.toContain("4711-dead");
    expect(readdirSync(join(root, "content/ingest"))).toEqual([]);
    expect(readdirSync(join(root, "snapshots"))).toEqual([]);
    expect(storage.root).toBe(root);
  });

  it("clears away the mount that somebody left by deleting the root below it", async () => {
    const root = newRoot();
    await (await open(root))[Symbol.asyncDispose]();
    // `rm -rf` after a kill: the lock file is gone, the mount point is busy.
    const mountPoint = join(root, "run/4711-dead/mounts/0");
    mkdirSync(mountPoint, { recursive: true });
    mount("tmpfs", mountPoint, "tmpfs", 0, "");
    await using storage = await open(root);
    expect(listMounts().filter(({ target }) => target.startsWith(storage.root))).toEqual([]);
    expect(readdirSync(join(root, "run"))).not.toContain("4711-dead");
  });

  it("forgets a snapshot whose files were deleted by hand, and all on top of it", async () => {
    const root = newRoot();
    const commit = async (storage: Awaited<ReturnType<typeof open>>, parent?: SnapshotId, name?: string) =>
      (await (await storage.snapshots.prepare(parent)).commit(name === undefined ? {} : { name })).id;
    const first = await open(root);
    const base = await commit(first, undefined, "base");
    const [top, other] = [await commit(first, base), await commit(first)];
    await first[Symbol.asyncDispose]();
    rmSync(join(root, "snapshots", base), { recursive: true });

    const second = await open(root);
    expect(second.snapshots.get(top)).toBeUndefined();
    expect(second.snapshots.byName("base")).toBeUndefined();
    expect(second.snapshots.get(other)?.id).toBe(other);
    const again = await commit(second, undefined, "base");
    expect(second.snapshots.byName("base")?.id).toBe(again);
    await second[Symbol.asyncDispose]();
    expect(readdirSync(join(root, "snapshots")).sort()).toEqual([other, again].sort());
  });

  it("looks for a snapshot's files again after each rest: what it has seen does not gather", async () => {
    const root = newRoot();
    await using storage = await open(root);
    const { id } = await (await storage.snapshots.prepare(undefined)).commit();
    expect(storage.snapshots.get(id)?.id).toBe(id);
    rmSync(join(root, "snapshots", id), { recursive: true });
    storage.reclaim.rest();
    expect(storage.snapshots.get(id)).toBeUndefined();
  });

  it("makes folders again that were deleted by hand, and takes a damaged document for none", async () => {
    const root = newRoot();
    const first = await open(root);
    const stored = await first.blobs.put(bytesOf("hello"), quietScope);
    const path = await first.blobs.path(stored.digest);
    await first[Symbol.asyncDispose]();
    writeFileSync(path, "HELLO");
    for (const name of ["run", "locks", "trash", "snapshots"]) rmSync(join(root, name), { recursive: true });

    await using second = await open(root);
    await expect(second.blobs.readAll(stored, quietScope)).rejects.toMatchObject({ code: "storage/blob-digest" });
    await second.blobs.put(bytesOf("hello"), quietScope, stored);
    expect((await second.blobs.readAll(stored, quietScope)).toString()).toBe("hello");
  });

  it("leaves alone what a living one owns", async () => {
    const root = newRoot();
    await using one = await open(root);
    const active = await one.snapshots.prepare(undefined);
    writeFileSync(join(active.changes.folder, "f"), "");
    await using temporary = await one.temporaryFolder("x");
    await using writer = await one.blobs.writer(quietScope);
    await using _two = await open(root);
    await writer.write(Buffer.from("hello"));
    expect((await writer.commit()).digest).toBe(sha256("hello"));
    expect(existsSync(temporary.path)).toBe(true);
    const info = await active.commit();
    expect(existsSync(join(one.snapshots.changes(info.id).folder, "f"))).toBe(true);
  });

  it("puts away what was left open when it is closed", async () => {
    const root = newRoot();
    const storage = await open(root);
    const base = await storage.snapshots.prepare(undefined);
    const { id } = await base.commit();
    const active = await storage.snapshots.prepare(id);
    await storage.mount(active.mount);
    await storage.temporaryFolder("x");
    await storage[Symbol.asyncDispose]();
    expect(listMounts().filter(({ target }) => target.startsWith(root))).toEqual([]);
    expect(readdirSync(join(root, "snapshots"))).toEqual([id]);
    expect(readdirSync(join(root, "run"))).toEqual([]);
    expect(readdirSync(join(root, "trash"))).toEqual([]);
  });

  it("refuses a root that a newer version made, or whose database is damaged", async () => {
    const root = newRoot();
    await (await open(root))[Symbol.asyncDispose]();
    const database = new DatabaseSync(join(root, "cooper.db"));
    database.exec("PRAGMA user_version = 99");
    database.close();
    await expect(open(root)).rejects.toMatchObject({ code: "storage/newer-root" });
    writeFileSync(join(root, "cooper.db"), "no database at all, but long enough to be looked at".repeat(100));
    await expect(open(root)).rejects.toMatchObject({
      code: "storage/corrupt",
      hint: expect.stringContaining("--root"),
    });
    expect(readdirSync(join(root, "run"))).toEqual([]);
  });

  it("tells of a read-only root, and of a full one", async () => {
    const root = newRoot();
    mkdirSync(root, { recursive: true });
    mount("tmpfs", root, "tmpfs", 0, "size=2m");
    try {
      const storage = await open(root);
      const endless = (async function* () {
        for (let i = 0; i < 100; i++) yield Buffer.alloc(1_000_000, i);
      })();
      await expect(storage.blobs.put(endless, quietScope)).rejects.toMatchObject({ code: "storage/no-space" });
      expect(readdirSync(join(root, "content/ingest"))).toEqual([]);
      await storage[Symbol.asyncDispose]();
      mount("", root, "", MountFlag.remount | MountFlag.readonly);
      await expect(open(root)).rejects.toMatchObject({ code: "storage/read-only" });
    } finally {
      umount(root);
    }
  });

  it("a forced overlayfs that cannot work fails at once, and auto takes native", async () => {
    const root = newRoot();
    // An overlay's upper folder cannot itself be on an overlay.
    for (const name of ["l", "u", "w", "m"]) mkdirSync(join(root, name), { recursive: true });
    const at = (name: string) => join(root, name);
    mountOverlay({ lower: [at("l")], upper: at("u"), work: at("w") }, at("m"));
    try {
      const opening = openStorage({ root: join(root, "m/root"), snapshotter: "overlayfs" }, quietScope);
      await expect(opening).rejects.toMatchObject({
        code: "storage/no-overlay",
        hint: expect.stringContaining("put the root on a volume"),
      });
      await using storage = await open(join(root, "m/root"));
      expect(storage.snapshots.driver).toBe("native");
    } finally {
      umount(at("m"), { detach: true });
    }
  });
});

describe("exclusive()", () => {
  it("runs one at a time, over openings, and frees the lock when work fails", async () => {
    const root = newRoot();
    await using one = await open(root);
    await using two = await open(root);
    let [running, most] = [0, 0];
    const work = async () => {
      most = Math.max(most, ++running);
      await new Promise((resolve) => setTimeout(resolve, 2));
      running--;
    };
    const failing = one.exclusive("name", quietScope, () => Promise.reject(new Error("failed")));
    await expect(failing).rejects.toThrow("failed");
    await Promise.all([one, two, one, two, one].map((storage) => storage.exclusive("name", quietScope, work)));
    expect(most).toBe(1);
    expect(readdirSync(join(root, "locks"))).toEqual([]);
  });
  it("stops waiting when its scope ends", async () => {
    const root = newRoot();
    await using one = await open(root);
    await using two = await open(root);
    await one.exclusive("name", quietScope, async () => {
      const waiting = withChildScope(quietScope, (scope, abort) => {
        setTimeout(() => abort(new Error("cancelled")), 10);
        return two.exclusive("name", scope, async () => {});
      });
      await expect(waiting).rejects.toThrow("cancelled");
    });
  });
});

describe("records", () => {
  it("keep strings per space, over openings", async () => {
    const root = newRoot();
    await using one = await open(root);
    one.records.set("a", "key", "1");
    one.records.set("b", "key", "2");
    one.records.set("a", "key", "3");
    await using two = await open(root);
    expect([two.records.get("a", "key"), two.records.get("b", "key"), two.records.get("c", "key")]).toEqual([
      "3",
      "2",
      undefined,
    ]);
    two.records.delete("a", "key");
    expect(one.records.get("a", "key")).toBeUndefined();
  });
  it("of layers are added or replaced by digest, in the order of adding", async () => {
    await using storage = await open(newRoot());
    const { id } = await (await storage.snapshots.prepare(undefined)).commit();
    const record = (text: string, from: string[]): LayerRecord => ({
      descriptor: { mediaType: "m", digest: sha256(text), size: 1 } as Descriptor,
      diffId: sha256("tar"),
      compression: "gzip",
      from,
    });
    for (const entry of [record("1", []), record("2", []), record("1", ["r"])]) storage.layers.add(id, entry);
    expect(storage.layers.list(id)).toEqual([record("1", ["r"]), record("2", [])]);
  });
});

describe("folders", () => {
  it("kept ones stay, one per space and key, whatever the key", async () => {
    const root = newRoot();
    await using storage = await open(root);
    const paths = [
      await storage.keptFolder("cache", "../../etc"),
      await storage.keptFolder("cache", "/etc"),
      await storage.keptFolder("x/../y", "/etc"),
    ];
    expect(new Set(paths).size).toBe(3);
    for (const path of paths) expect(join(path, "..")).toBe(join(root, "kept"));
    writeFileSync(join(paths[0] as string, "f"), "1");
    await using again = await open(root);
    expect(readFileSync(join(await again.keptFolder("cache", "../../etc"), "f"), "utf8")).toBe("1");
  });
  it("lent ones are one user's each, between openings too, and keep what was in them", async () => {
    const root = newRoot();
    await using storage = await open(root);
    await using other = await open(root);
    const first = await storage.lendFolder("filesync", "../context");
    using second = await other.lendFolder("filesync", "../context");
    using third = await storage.lendFolder("filesync", "../context");
    expect(new Set([first.path, second.path, third.path]).size).toBe(3);
    writeFileSync(join(first.path, "f"), "1");
    first[Symbol.dispose]();
    using again = await other.lendFolder("filesync", "../context");
    expect(readFileSync(join(again.path, "f"), "utf8")).toBe("1");
  });
  it("temporary ones go with their content", async () => {
    await using storage = await open(newRoot());
    const folder = await storage.temporaryFolder("../x");
    expect(folder.path.startsWith(`${storage.root}/run/`)).toBe(true);
    mkdirSync(join(folder.path, "a/b"), { recursive: true });
    await storage.blobs.put(bytesOf("x"), quietScope);
    await folder[Symbol.asyncDispose]();
    expect(existsSync(folder.path)).toBe(false);
  });
});
