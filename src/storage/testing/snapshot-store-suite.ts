import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { TreeFiles } from "../../archive/index.ts";
import type { ActiveSnapshot, SnapshotInfo, Storage } from "../contract.ts";

type Work = (path: string, files: TreeFiles) => void;

/** What snapshots promise, whatever the driver. `make` gives an open storage with an empty root. */
export function describeSnapshots(name: string, make: () => Promise<Storage>): void {
  const change = async (storage: Storage, active: ActiveSnapshot, work: Work) => {
    await using mounted = await storage.mount(active.mount);
    work(mounted.path, mounted.files);
  };
  const layer = async (storage: Storage, parent: SnapshotInfo | undefined, work: Work) => {
    await using active = await storage.snapshots.prepare(parent?.id);
    await change(storage, active, work);
    return await active.commit();
  };
  const look = async <T>(
    storage: Storage,
    info: SnapshotInfo,
    work: (path: string, files: TreeFiles) => T,
  ): Promise<T> => {
    await using mounted = await storage.mount(storage.snapshots.view(info.id));
    return work(mounted.path, mounted.files);
  };

  describe(`snapshots: ${name}`, () => {
    it("shows what was written, on top of the parent, and leaves the parent as it was", async () => {
      await using storage = await make();
      const base = await layer(storage, undefined, (path) => {
        mkdirSync(join(path, "etc"));
        writeFileSync(join(path, "etc/old"), "old");
        writeFileSync(join(path, "etc/kept"), "1");
      });
      const top = await layer(storage, base, (path) => {
        rmSync(join(path, "etc/old"));
        writeFileSync(join(path, "etc/new"), "new");
        writeFileSync(join(path, "etc/kept"), "2");
      });
      expect(await look(storage, top, (path) => readdirSync(join(path, "etc")))).toEqual(["kept", "new"]);
      expect(await look(storage, top, (path) => readFileSync(join(path, "etc/kept"), "utf8"))).toBe("2");
      expect(await look(storage, base, (path) => readdirSync(join(path, "etc")))).toEqual(["kept", "old"]);
      expect(storage.snapshots.chain(top.id).map((info) => info.id)).toEqual([base.id, top.id]);
      expect(storage.snapshots.get(top.id)).toMatchObject({ id: top.id, parent: base.id, name: undefined });
    });
    it("remembers when a tree was complete, or what it was told about that", async () => {
      await using storage = await make();
      const before = Date.now();
      await using active = await storage.snapshots.prepare(undefined);
      const { id, created } = await active.commit();
      expect(created.getTime()).toBeGreaterThanOrEqual(before);
      expect(storage.snapshots.get(id)?.created).toEqual(created);
      await using older = await storage.snapshots.prepare(id);
      const info = await older.commit({ created: new Date(1000) });
      expect(storage.snapshots.chain(info.id).map((one) => one.created)).toEqual([created, new Date(1000)]);
    });
    it("replaces a directory, and a deleted one stays deleted", async () => {
      await using storage = await make();
      const base = await layer(storage, undefined, (path) => {
        mkdirSync(join(path, "d/e"), { recursive: true });
        writeFileSync(join(path, "d/e/f"), "");
      });
      const top = await layer(storage, base, (path) => {
        rmSync(join(path, "d"), { recursive: true });
        mkdirSync(join(path, "d"));
        symlinkSync("nowhere", join(path, "d/link"));
      });
      const third = await layer(storage, top, () => {});
      expect(await look(storage, third, (path) => readdirSync(join(path, "d")))).toEqual(["link"]);
    });
    it("gives the root folder of a tree the mode and owner of its parent's", async () => {
      await using storage = await make();
      const base = await layer(storage, undefined, (path, files) => {
        files.chown(path, 7, 8);
        files.chmod(path, 0o1770);
      });
      const top = await layer(storage, base, (path) => writeFileSync(join(path, "f"), ""));
      const stat = await look(storage, top, (path, files) => files.lstat(path));
      expect([Number(stat?.mode) & 0o7777, stat?.uid, stat?.gid]).toEqual([0o1770, 7n, 8n]);
    });
    it("the second commit of a name joins the first", async () => {
      await using storage = await make();
      const [one, two] = [await storage.snapshots.prepare(undefined), await storage.snapshots.prepare(undefined)];
      writeFileSync(join(one.changes.folder, "one"), "");
      writeFileSync(join(two.changes.folder, "two"), "");
      const first = await one.commit({ name: "same" });
      const second = await two.commit({ name: "same" });
      expect(second).toEqual(first);
      expect(storage.snapshots.byName("same")).toEqual(first);
      expect(await look(storage, second, (path) => readdirSync(path))).toEqual(["one"]);
      expect(existsSync(two.changes.folder)).toBe(false);
    });
    it("nothing is visible before the commit, and nothing is left without one", async () => {
      await using storage = await make();
      const active = await storage.snapshots.prepare(undefined);
      expect(storage.snapshots.byName("x")).toBeUndefined();
      await active[Symbol.asyncDispose]();
      expect(existsSync(active.changes.folder)).toBe(false);
      expect(readdirSync(join(storage.root, "snapshots"))).toEqual([]);
      await expect(active.commit()).rejects.toMatchObject({ code: "storage/not-active" });
    });
    it("knows no snapshot that was not committed", async () => {
      await using storage = await make();
      const none = "nothing" as SnapshotInfo["id"];
      expect(storage.snapshots.get(none)).toBeUndefined();
      expect(() => storage.snapshots.chain(none)).toThrow(expect.objectContaining({ code: "storage/no-snapshot" }));
      await expect(storage.snapshots.prepare(none)).rejects.toMatchObject({ code: "storage/no-snapshot" });
    });
    it("an active tree can be mounted again, with what was written before", async () => {
      await using storage = await make();
      const base = await layer(storage, undefined, (path) => writeFileSync(join(path, "a"), ""));
      await using active = await storage.snapshots.prepare(base.id);
      await change(storage, active, (path) => writeFileSync(join(path, "b"), ""));
      await change(storage, active, (path) => writeFileSync(join(path, "c"), ""));
      const info = await active.commit();
      expect(await look(storage, info, (path) => readdirSync(path))).toEqual(["a", "b", "c"]);
    });
    it("shows 150 layers", async () => {
      await using storage = await make();
      let info: SnapshotInfo | undefined;
      for (let i = 0; i < 150; i++) {
        await using active = await storage.snapshots.prepare(info?.id);
        writeFileSync(join(active.changes.folder, `${i}`), "");
        info = await active.commit();
      }
      expect(await look(storage, info as SnapshotInfo, (path) => readdirSync(path).length)).toBe(150);
    });
  });
}
