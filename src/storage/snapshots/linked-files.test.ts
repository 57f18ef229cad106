import { chmodSync, chownSync, lstatSync, mkdtempSync, readFileSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { lgetxattr, lsetxattr } from "../../sys/index.ts";
import type { Storage, TreeMount } from "../contract.ts";
import { openStorage } from "../open.ts";

let folder = "";
let storage: Storage;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "cooper-linked-"));
  const scope = { signal: new AbortController().signal, log: () => {} };
  storage = await openStorage({ root: folder, snapshotter: "native" }, scope);
});
afterAll(async () => {
  await storage[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true });
});

const pathOf = (tree: TreeMount) => (tree.kind === "folder" ? tree.path : "");

test("a tree that only Cooper writes shares its parent's files; unshare() makes one its own, with all that it was; a step's tree shares none", async () => {
  await using below = await storage.snapshots.prepare(undefined);
  const first = join(pathOf(below.mount), "file");
  writeFileSync(first, "old");
  chownSync(first, 5, 6);
  chmodSync(first, 0o4751);
  lsetxattr(first, "user.mark", Buffer.from("x"));
  utimesSync(first, 1, 2);
  const { id } = await below.commit();
  await using shared = await storage.snapshots.prepare(id, { shared: true });
  const file = join(pathOf(shared.mount), "file");
  expect(lstatSync(file).ino).toBe(lstatSync(first).ino);
  shared.changes.files.unshare(file);
  expect(lgetxattr(file, "user.mark")?.toString()).toBe("x");
  const { uid, gid, mode, mtimeMs } = lstatSync(file);
  expect({ uid, gid, mode: mode & 0o7777, mtimeMs }).toEqual({ uid: 5, gid: 6, mode: 0o4751, mtimeMs: 2000 });
  writeFileSync(file, "new");
  expect(readFileSync(first, "utf8")).toBe("old");
  await using own = await storage.snapshots.prepare(id);
  expect(lstatSync(join(pathOf(own.mount), "file")).ino).not.toBe(lstatSync(first).ino);
});
