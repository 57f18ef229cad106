import {
  chmodSync,
  chownSync,
  linkSync,
  mkdirSync,
  readdirSync,
  renameSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { queryObjects } from "node:v8";
import { describe, expect, it } from "vitest";
import * as raw from "../../kit/index.ts";
import { type Digest, quietScope } from "../../kit/index.ts";
import { lsetxattr } from "../../sys/index.ts";
import type { SnapshotInfo, Storage } from "../contract.ts";
import { openStorage } from "../open.ts";
import { temporaryRoots } from "../testing/temporary-root.ts";
import type { HashableTree, HashSelector } from "./contract.ts";
import { DigestMemory } from "./digest-memory.ts";

const newRoot = temporaryRoots();
const all: HashSelector = { path: "/", wildcard: false, followLinks: true, include: [], exclude: [] };

/** Writes files by path; a value that starts with "->" is a link. */
function write(folder: string, files: Readonly<Record<string, string>>): string {
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    if (content.startsWith("->")) symlinkSync(content.slice(2), join(folder, name));
    else writeFileSync(join(folder, name), content);
  }
  return folder;
}

async function open(): Promise<Storage & { readonly context: (files: Record<string, string>) => string }> {
  const storage = await openStorage({ root: newRoot(), snapshotter: "auto" }, quietScope);
  let count = 0;
  return { ...storage, context: (files) => write(join(dirname(storage.root), `context${count++}`), files) };
}

const folderOf = (path: string, filter: Partial<HashableTree & { kind: "folder" }> = {}): HashableTree => ({
  kind: "folder",
  path,
  include: [],
  exclude: [],
  follow: [],
  ...filter,
});

describe("content hash of a folder", () => {
  it("depends on names, bytes, modes, links and attributes, not on times, owners or where it is", async () => {
    await using storage = await open();
    const files = { "a/b": "1", "a/c": "2", link: "->a/b" };
    const hash = (path: string) => storage.contentHashes.hash(folderOf(path), all, quietScope);
    const base = await hash(storage.context(files));
    const changed = async (change: (path: string) => void): Promise<Digest> => {
      const path = storage.context(files);
      change(path);
      return await hash(path);
    };
    expect(await changed((path) => utimesSync(join(path, "a/b"), 1, 1))).toBe(base);
    expect(await changed((path) => chownSync(join(path, "a/b"), 5, 5))).toBe(base);
    expect(await changed((path) => chmodSync(path, 0o700))).toBe(base);
    const others = await Promise.all([
      changed((path) => writeFileSync(join(path, "a/b"), "3")),
      changed((path) => chmodSync(join(path, "a/b"), 0o600)),
      changed((path) => chmodSync(join(path, "a"), 0o700)),
      changed((path) => renameSync(join(path, "a/b"), join(path, "a/d"))),
      changed((path) => lsetxattr(join(path, "a/b"), "user.x", Buffer.from("1"))),
      changed((path) => lsetxattr(join(path, "a"), "user.x", Buffer.from("1"))),
      changed((path) => mkdirSync(join(path, "empty"))),
      changed((path) => {
        rmSync(join(path, "link"));
        symlinkSync("a/c", join(path, "link"));
      }),
    ]);
    expect(new Set([base, ...others]).size).toBe(others.length + 1);
  });

  it("tells names, link targets and attributes apart that are no UTF-8", async () => {
    await using storage = await open();
    const trees = ["\udcff", "\udcfe", "\ufffd"].flatMap((name) => [
      (path: string) => raw.writeFileSync(join(path, `f${name}`), ""),
      (path: string) => raw.mkdirSync(join(path, `f${name}`)),
      (path: string) => raw.symlinkSync(`t${name}`, join(path, "link")),
      (path: string) => {
        writeFileSync(join(path, "f"), "");
        lsetxattr(join(path, "f"), `user.${name}`, Buffer.from("1"));
      },
    ]);
    for (const form of ["hash", "portable"] as const) {
      const digests = new Set<Digest>();
      for (const make of trees) {
        const path = storage.context({ a: "a" });
        make(path);
        digests.add(await storage.contentHashes[form](folderOf(path), all, quietScope));
        await using active = await storage.snapshots.prepare(undefined);
        make(active.changes.folder);
        writeFileSync(join(active.changes.folder, "a"), "a");
        const { id } = await active.commit();
        const known = await storage.contentHashes[form]({ kind: "snapshot", id }, { ...all, path: "/a" }, quietScope);
        expect(await storage.contentHashes[form](folderOf(path), { ...all, path: "/a" }, quietScope)).toBe(known);
      }
      expect(digests.size).toBe(trees.length);
    }
  });

  it("remembers the digest of a file by its name, whatever its encoding", async () => {
    const { DigestMemory } = await import("./digest-memory.ts");
    const root = newRoot();
    const own = join(root, "own");
    const memory = new DigestMemory(join(root, "hashes", "memory"), own);
    // What is written passes by the folder that goes with its process.
    memory.folder("").remember("file", { size: 1n, mtimeNs: 2n, ctimeNs: 3n, ino: 4n }, Buffer.alloc(32));
    expect(() => memory.save()).toThrow(/ENOENT.*own/);
    mkdirSync(own);
    const file = { size: 1n, mtimeNs: 2n, ctimeNs: 3n, ino: 4n };
    const names = ["a\udcff", "a\udcfe", "a\ufffd"];
    for (const [at, name] of names.entries()) memory.folder(name).remember(name, file, Buffer.alloc(32, at));
    memory.save();
    memory.folder("late").remember("file", file, Buffer.alloc(32));
    for (const [at, name] of names.entries())
      expect(memory.folder(name).find(name, file)).toEqual(Buffer.alloc(32, at));
  });

  it("sees a change even of a file that it has just hashed, with size and mtime put back", async () => {
    await using storage = await open();
    const path = storage.context({ f: "aaaa" });
    const seen = new Set<Digest>();
    for (const text of ["aaaa", "bbbb", "cccc", "dddd"]) {
      writeFileSync(join(path, "f"), text);
      utimesSync(join(path, "f"), 1000, 1000);
      seen.add(await storage.contentHashes.hash(folderOf(path), all, quietScope));
    }
    expect(seen.size).toBe(4);
  });

  it("remembers old files' digests for the next process, and not those that were just written", async () => {
    await using storage = await open();
    const path = storage.context({ "old/f": "1" });
    await new Promise((resolve) => setTimeout(resolve, 150));
    const { lstatSync } = await import("node:fs");
    const stat = (name: string) => lstatSync(join(path, name), { bigint: true });
    // Written just now: until that was hashed in less time than it takes to be old.
    let before: Digest;
    do {
      writeFileSync(join(path, "new"), "2");
      before = await storage.contentHashes.hash(folderOf(path), all, quietScope);
    } while (Date.now() - Number(stat("new").ctimeMs) > 90);
    const memory = join(storage.root, "hashes", readdirSync(join(storage.root, "hashes"))[0] ?? "");
    const { DigestMemory } = await import("./digest-memory.ts");
    expect(new DigestMemory(memory, storage.root).folder("old").find("f", stat("old/f"))).toHaveLength(32);
    expect(new DigestMemory(memory, storage.root).folder("").find("new", stat("new"))).toBeUndefined();
    writeFileSync(memory, Buffer.from("damaged"));
    await using other = await openStorage({ root: storage.root, snapshotter: "auto" }, quietScope);
    expect(await other.contentHashes.hash(folderOf(path), all, quietScope)).toBe(before);
  });

  it("hashes only what the context's filter lets through", async () => {
    await using storage = await open();
    const one = storage.context({ "src/a": "1", "src/b.log": "x", "docs/c": "2", "target/d": "->../src/a" });
    const two = storage.context({ "src/a": "1", "target/d": "->../src/a" });
    const hash = (tree: HashableTree, selector = all) => storage.contentHashes.hash(tree, selector, quietScope);
    const plain = await hash(folderOf(two));
    expect(await hash(folderOf(one, { exclude: ["**/*.log", "docs"] }))).toBe(plain);
    expect(await hash(folderOf(one, { include: ["src/a", "target"] }))).toBe(plain);
    expect(await hash(folderOf(one, { follow: ["target/d"] }))).toBe(plain);
    expect(await hash(folderOf(one, { exclude: ["*", "!src/a", "!target/*"] }))).toBe(plain);
    await expect(hash(folderOf(one, { exclude: ["docs"] }), { ...all, path: "/docs" })).rejects.toMatchObject({
      code: "storage/path-not-found",
    });
    await expect(hash(folderOf(one, { include: ["nothing/x"] }), { ...all, path: "/src" })).rejects.toThrow(
      "not found",
    );
  });
});

describe("selectors", () => {
  const files = {
    "d/x.js": "1",
    "d/y.js": "2",
    "d/z.md": "3",
    "d/sub/x.js": "4",
    abs: "->/d",
    rel: "->d/x.js",
    dangling: "->no",
  };
  const hashes = async (storage: Awaited<ReturnType<typeof open>>, change: Record<string, string> = {}) => {
    const tree = folderOf(storage.context({ ...files, ...change }));
    return (selector: Partial<HashSelector>) => storage.contentHashes.hash(tree, { ...all, ...selector }, quietScope);
  };

  it("follow links in parents inside the tree, and the last one when told", async () => {
    await using storage = await open();
    const hash = await hashes(storage);
    expect(await hash({ path: "/abs/x.js" })).toBe(await hash({ path: "/d/x.js" }));
    expect(await hash({ path: "/abs/../abs/./sub" })).toBe(await hash({ path: "d/sub" }));
    expect(await hash({ path: "/../../rel" })).toBe(await hash({ path: "/d/x.js" }));
    expect(await hash({ path: "/rel", followLinks: false })).not.toBe(await hash({ path: "/d/x.js" }));
    expect(await hash({ path: "/dangling" })).toBe(await hash({ path: "/dangling", followLinks: false }));
    await expect(hash({ path: "/d/x.js/y" })).rejects.toMatchObject({ code: "storage/path-not-found" });
    await expect(hash({ path: "/rel", wildcard: false, followLinks: true })).resolves.toMatch(/^sha256:/);
  });
  it("take links in a circle for an error, unless they are on the way of a wildcard", async () => {
    await using storage = await open();
    const hash = await hashes(storage, { loop: "->loop", "d/around": "->../d/around" });
    const glob = { path: "/*/*.js", wildcard: true };
    expect(await hash(glob)).toBe(await (await hashes(storage))(glob));
    expect(await hash({ path: "/loop", followLinks: false })).toMatch(/^sha256:/);
    for (const path of ["/loop", "/loop/x", "/d/around"])
      await expect(hash({ path })).rejects.toMatchObject({ code: "kit/too-many-links" });
    for (const path of ["/l*", "/loop/*", "/d/a*"])
      await expect(hash({ path, wildcard: true })).rejects.toMatchObject({ code: "kit/too-many-links" });
  });
  it("with wildcards count what matches, with its names; nothing matched is no error", async () => {
    await using storage = await open();
    const hash = await hashes(storage);
    const other = await hashes(storage, { "d/z.md": "changed", "d/sub/x.js": "changed" });
    const glob = { path: "/*/*.js", wildcard: true };
    expect(await hash(glob)).toBe(await other(glob));
    expect(await hash({ path: "/d/*", wildcard: true })).not.toBe(await other({ path: "/d/*", wildcard: true }));
    expect(await hash({ path: "/d/x*", wildcard: true })).not.toBe(await hash({ path: "/d/x.js" }));
    expect(await hash({ path: "/none*", wildcard: true })).toBe(await other({ path: "/nothing*", wildcard: true }));
  });
  it("pick by patterns below the path", async () => {
    await using storage = await open();
    const hash = await hashes(storage);
    const other = await hashes(storage, { "d/z.md": "changed" });
    const without = { path: "/d", exclude: ["*.md"] };
    expect(await hash(without)).toBe(await other(without));
    expect(await hash({ path: "/d" })).not.toBe(await other({ path: "/d" }));
    const only = { path: "/d", include: ["sub/*.js"] };
    expect(await hash(only)).toBe(await other(only));
    expect(await hash(only)).not.toBe(await hash({ path: "/d", include: ["sub"], exclude: ["**/x.js"] }));
  });
});

describe("content hash of a snapshot", () => {
  const layer = async (storage: Storage, parent: SnapshotInfo | undefined, work: (path: string) => void) => {
    await using active = await storage.snapshots.prepare(parent?.id);
    {
      await using mounted = await storage.mount(active.mount);
      work(mounted.path);
    }
    return await active.commit();
  };

  it("is that of the merged tree: upper files, deletions, replaced directories, hard links", async () => {
    await using storage = await open();
    const base = await layer(storage, undefined, (path) => {
      write(path, { "a/1": "1", "a/2": "2", "b/old": "x", c: "file" });
    });
    const top = await layer(storage, base, (path) => {
      rmSync(join(path, "a/2"));
      rmSync(join(path, "b"), { recursive: true });
      rmSync(join(path, "c"));
      write(path, { "a/3": "3", "b/new": "y", "c/now": "a directory" });
      linkSync(join(path, "a/1"), join(path, "a/hard"));
    });
    const flat = await layer(storage, undefined, (path) => {
      write(path, { "a/1": "1", "a/3": "3", "a/hard": "1", "b/new": "y", "c/now": "a directory" });
    });
    const hash = (info: SnapshotInfo, path = "/") =>
      storage.contentHashes.hash({ kind: "snapshot", id: info.id }, { ...all, path }, quietScope);
    expect(await hash(top)).toBe(await hash(flat));
    expect(await hash(base)).not.toBe(await hash(flat));
    await expect(hash(top, "/a/2")).rejects.toMatchObject({ code: "storage/path-not-found" });
    expect(await hash(top, "/a/1")).toBe(await hash(base, "/a/1"));
    // Once more: now from the database.
    expect(await hash(top)).toBe(await hash(flat));
  });

  it("counts owners, and equals a context's with the same files owned by root", async () => {
    await using storage = await open();
    const files = { "a/1": "1", link: "->a/1" };
    const [mine, theirs] = [
      await layer(storage, undefined, (path) => write(path, files)),
      await layer(storage, undefined, (path) => chownSync(join(write(path, files), "a/1"), 7, 7)),
    ];
    const hash = (tree: HashableTree) => storage.contentHashes.hash(tree, all, quietScope);
    const context = await hash(folderOf(storage.context(files)));
    expect(await hash({ kind: "snapshot", id: mine.id })).toBe(context);
    expect(await hash({ kind: "snapshot", id: theirs.id })).not.toBe(context);
  });

  it("of scratch is that of an empty folder", async () => {
    await using storage = await open();
    const empty = storage.context({});
    mkdirSync(empty);
    const hash = (tree: HashableTree) => storage.contentHashes.hash(tree, all, quietScope);
    expect(await hash({ kind: "scratch" })).toBe(await hash(folderOf(empty)));
  });
});

it("an opening does not hold what it knows of every layer that it has ever looked at", async () => {
  await using storage = await open();
  const before = queryObjects(DigestMemory, { format: "count" });
  for (let layer = 0; layer < 300; layer++) {
    const active = await storage.snapshots.prepare(undefined);
    writeFileSync(join(active.changes.folder, "a"), String(layer));
    const { id } = await active.commit();
    await storage.contentHashes.hash({ kind: "snapshot", id }, { ...all, path: "/a" }, quietScope);
  }
  expect(queryObjects(DigestMemory, { format: "count" }) - before).toBeLessThan(200);
});
