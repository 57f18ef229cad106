import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { collect } from "../../kit/index.ts";
import { lsetxattr } from "../../sys/index.ts";
import type { WalkFilter } from "../contract.ts";
import { tarStream } from "../tar/tar-stream.ts";
import { entriesOf, never, testFolder } from "../testing/index.ts";
import { followLinks } from "./follow-links.ts";
import { treeEntries } from "./tree-tar.ts";
import { walkTree } from "./walk-tree.ts";

const at = testFolder();
let count = 0;
const tree = (script: string) => {
  const path = at(`${count++}`);
  mkdirSync(path);
  execFileSync("sh", ["-ec", `umask 022; ${script}`], { cwd: path });
  return path;
};
const walk = (root: string, filter?: WalkFilter) => [...walkTree(root, filter)].map((entry) => entry.path);

describe("walkTree()", () => {
  const root = tree(
    "mkdir -p a/b/c d .git node_modules/x; touch a.txt a/f a/b/g a/b/c/h d/i .git/config node_modules/x/j B; ln -s a/b link; ln -s /d/i abs; ln -s ../../d a/b/up",
  );

  test("comes by names in byte order, directories first of what they hold, links as they are", () => {
    expect(walk(tree("mkdir -p a/b B; touch a/z a-b a.b ab 'a b' ü"))).toEqual([
      "B",
      "a",
      "a/b",
      "a/z",
      "a b",
      "a-b",
      "a.b",
      "ab",
      "ü",
    ]);
    const link = [...walkTree(root)].find((entry) => entry.path === "link");
    expect(link).toMatchObject({ kind: "symlink", linkTarget: "a/b" });
  });

  test("tells the stat of each file", () => {
    const folder = tree("echo hi > f; chmod 4640 f; chown 1:2 f; touch -d @1.123456789 f; mkfifo p; ln f g");
    const [f, , p] = [...walkTree(folder)];
    expect(f?.stat).toMatchObject({ mode: 0o640, uid: 1, gid: 2, size: 3, links: 2, mtime: 1_123_456_789n });
    expect(p?.kind).toBe("fifo");
  });

  test.each<[WalkFilter, string[]]>([
    [{ include: ["a.txt"] }, ["a.txt"]],
    [{ include: ["a/b/g"] }, ["a", "a/b", "a/b/g"]],
    [{ include: ["a/b"] }, ["a", "a/b", "a/b/c", "a/b/c/h", "a/b/g", "a/b/up"]],
    [{ include: ["**/h", "d"] }, ["a", "a/b", "a/b/c", "a/b/c/h", "d", "d/i"]],
    [{ include: ["a/*"], exclude: ["a/b/c"] }, ["a", "a/b", "a/b/g", "a/b/up", "a/f"]],
    [{ include: ["nothing"] }, []],
    [{ include: ["a", "!a/b"] }, ["a", "a/f"]],
    [{ exclude: ["*", "!a"] }, ["a", "a/b", "a/b/c", "a/b/c/h", "a/b/g", "a/b/up", "a/f"]],
    [{ exclude: ["**", "!a/b/g"] }, ["a", "a/b", "a/b/g"]],
    [{ exclude: [".git", "node_modules", "a", "B", "link", "abs"] }, ["a.txt", "d", "d/i"]],
    [{ exclude: ["**", "!**/h"] }, ["a", "a/b", "a/b/c", "a/b/c/h"]],
    [{ follow: ["link/g"] }, ["a", "a/b", "a/b/g", "link"]],
    [{ follow: ["abs"] }, ["abs", "d", "d/i"]],
    [{ follow: ["a/b/up/i"] }, ["a", "a/b", "a/b/up", "d", "d/i"]],
    [{ follow: ["l*"], include: ["d"] }, ["a", "a/b", "a/b/c", "a/b/c/h", "a/b/g", "a/b/up", "d", "d/i", "link"]],
    [{ follow: ["."], include: ["d"] }, ["d", "d/i"]],
  ])("with %o picks what fsutil picks", (filter, paths) => {
    expect(walk(root, filter)).toEqual(paths);
  });

  test("ends in the face of links that go round", () => {
    const loop = tree("ln -s b a; ln -s a b; ln -s . c; ln -s .. d; ln -s ../../.. e");
    expect(followLinks(loop, ["a", "c/c/a", "d/a"])).toEqual(["a", "b", "c", "d"]);
    // A link to the root means everything.
    expect(followLinks(loop, ["*"])).toBeUndefined();
    expect(followLinks(loop, ["../../a"])).toEqual(["a", "b"]);
    expect(followLinks(loop, ["e/etc/passwd"])).toEqual(["e", "etc/passwd"]);
  });

  test("keeps names that are no UTF-8, in the order of their bytes", () => {
    const folder = tree(
      "touch $(printf 'a\\377b') $(printf 'a\\376b') '\ufffd'; ln -s $(printf 't\\300') $(printf '\\200')",
    );
    expect(walk(folder)).toEqual(["a\udcfeb", "a\udcffb", "\udc80", "\ufffd"]);
    expect([...walkTree(folder, { exclude: ["a?b"] })]).toMatchObject([
      { path: "\udc80", linkTarget: "t\udcc0" },
      { path: "\ufffd", kind: "file" },
    ]);
    expect(followLinks(folder, ["\udc80"])).toEqual(["t\udcc0", "\udc80"]);
  });

  test("says what is wrong with a pattern or a folder", () => {
    expect(() => walkTree(root, { include: ["["] })).toThrow("invalid includepatterns: [[]: syntax error in pattern");
    expect(() => walkTree(`${root}/a.txt`)).toThrow("not a directory");
    expect(() => walkTree(`${root}/none`)).toThrow(expect.objectContaining({ code: "archive/not-a-folder" }));
  });
});

describe("treeEntries()", () => {
  const root = tree("mkdir -p d; echo x > d/f; ln d/f d/g; ln -s f d/l; mknod d/n c 5 1; touch -d @1700000000.6 d/f");
  lsetxattr(`${root}/d/f`, "user.golden", Buffer.from("val"));

  test("has attributes, links and devices, times to the nearest second", async () => {
    const entries = (await entriesOf(tarStream(treeEntries(root), never))).map((entry) => entry.header);
    expect(entries.map((header) => [header.name, header.type, header.linkName])).toEqual([
      ["d/", "directory", undefined],
      ["d/f", "file", undefined],
      ["d/g", "hardlink", "d/f"],
      ["d/l", "symlink", "f"],
      ["d/n", "character", undefined],
    ]);
    expect(entries[1]?.mtime).toBe(1_700_000_001_000_000_000n);
    expect(entries[1]?.xattrs?.get("user.golden")?.toString()).toBe("val");
    expect(entries[4]?.device).toEqual({ major: 5, minor: 1 });
  });

  test("can be put below a prefix, with one time for all, and GNU tar unpacks it", async () => {
    const tar = await collect(tarStream(treeEntries(root, { prefix: "linux_amd64", mtime: 5 }), never), 1e8);
    const target = tree("");
    execFileSync("tar", ["-xf", "-", "-C", target], { input: tar });
    expect(readFileSync(`${target}/linux_amd64/d/g`, "utf8")).toBe("x\n");
    expect([...walkTree(target)].find((entry) => entry.path.endsWith("/f"))?.stat.mtime).toBe(5_000_000_000n);
  });
});
