import { execFileSync } from "node:child_process";
import {
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { describe, expect, test } from "vitest";
import { bytesOf, quietScope, sha256 } from "../../kit/index.ts";
import { lgetxattr, splitDevice } from "../../sys/index.ts";
import type { TarSource } from "../contract.ts";
import { file, headerOf, inPieces, tarOf, testFolder, upstreamLayers } from "../testing/index.ts";
import { applyLayer } from "./apply-layer.ts";
import { unpackBlob } from "./unpack-blob.ts";

const at = testFolder();
let count = 0;
const fresh = () => {
  const path = at(`${count++}`);
  mkdirSync(path);
  return path;
};
const apply = async (folder: string, form: "overlay" | "whole", ...entries: TarSource[]) =>
  applyLayer(inPieces(await tarOf(...entries), 700), folder, { form }, quietScope);
const folder = (name: string, more: object = {}): TarSource => ({
  header: headerOf({ name, type: "directory", mode: 0o755, ...more }),
});
const link = (name: string, linkName: string): TarSource => ({ header: headerOf({ name, linkName, type: "symlink" }) });
const hard = (name: string, linkName: string): TarSource => ({
  header: headerOf({ name, linkName, type: "hardlink" }),
});
const isWhiteout = (path: string) => lstatSync(path).isCharacterDevice() && lstatSync(path).rdev === 0;

describe("applyLayer()", () => {
  test("makes everything that a layer can hold, and tells the tar's digest", async () => {
    const root = fresh();
    const layer = upstreamLayers.find(({ entries }) => entries.some((entry) => entry.header.type === "fifo"));
    const { diffId } = await apply(root, "overlay", ...(layer?.entries ?? []));
    expect(diffId).toBe(layer?.diffId);
    const stat = (name: string) => lstatSync(`${root}/work/${name}`);
    expect(stat("f").mode & 0o7777).toBe(0o4711);
    expect([stat("f").ino, stat("f").nlink]).toEqual([stat("hard").ino, 2]);
    expect(splitDevice(stat("chr").rdev)).toEqual({ major: 1, minor: 3 });
    expect(stat("fifo").isFIFO()).toBe(true);
    expect([stat("d").uid, stat("d").gid]).toEqual([12, 34]);
    expect(stat("sticky").mode & 0o7777).toBe(0o1777);
    expect(readlinkSync(`${root}/work/sym`)).toBe("f");
    for (const name of ["f", "d", "d/e", "sym", "fifo", "."]) expect(stat(name).mtimeMs).toBe(1_700_000_000_000);
  });

  test("keeps nanoseconds, attributes and capabilities, but no trusted attributes", async () => {
    const root = fresh();
    const capability = Buffer.from("0100000202040000000000000000000000000000", "hex");
    const xattrs = new Map([
      ["user.a", Buffer.from([0, 1])],
      ["security.capability", capability],
      ["trusted.overlay.opaque", Buffer.from("y")],
    ]);
    await apply(root, "overlay", file("f", "x", { xattrs, uid: 5, mode: 0o755 }));
    expect(lgetxattr(`${root}/f`, "user.a")).toEqual(Buffer.from([0, 1]));
    expect(lgetxattr(`${root}/f`, "security.capability")).toEqual(capability);
    expect(lgetxattr(`${root}/f`, "trusted.overlay.opaque")).toBeUndefined();
    const tar = execFileSync("tar", ["--format=pax", "-cf", "-", "--mtime=@1.123456789", "-C", root, "f"]);
    await applyLayer(bytesOf(tar), root, { form: "overlay" }, quietScope);
    expect(lstatSync(`${root}/f`, { bigint: true }).mtimeNs).toBe(1_123_456_789n);
  });

  test("makes parents that are not named, as they look in the layers below", async () => {
    const [below, root] = [fresh(), fresh()];
    execFileSync("sh", ["-c", "mkdir -p a/b && chmod 2750 a/b && chown 3:4 a/b && touch -d @5 a a/b"], { cwd: below });
    const tar = await tarOf(file("a/b/c/f", "x"));
    await applyLayer(bytesOf(tar), root, { form: "overlay", parents: [fresh(), below] }, quietScope);
    const stat = lstatSync(`${root}/a/b`);
    expect([stat.mode & 0o7777, stat.uid, stat.gid, stat.mtimeMs]).toEqual([0o2750, 3, 4, 5000]);
    expect(lstatSync(`${root}/a/b/c`).mode & 0o7777).toBe(0o755);
    expect(lstatSync(`${root}/a/b/c/f`).gid).toBe(0);
  });

  test("unpacks large files, in pieces that do and do not end with them", async () => {
    const content = "0123456789abcdef".repeat(200_000);
    const tar = await tarOf(file("a", content), file("b", "b"), file("c", content.slice(0, 1_048_576)));
    for (const size of [1000, 262_144, 1 << 20, 1 << 24]) {
      const root = fresh();
      const { diffId } = await unpackBlob(inPieces(tar, size), root, { form: "overlay" }, quietScope);
      expect(diffId).toBe(sha256(tar));
      expect(readFileSync(`${root}/a`, "latin1") === content).toBe(true);
      expect(readFileSync(`${root}/c`, "latin1") === content.slice(0, 1_048_576)).toBe(true);
      expect(readFileSync(`${root}/b`, "latin1")).toBe("b");
    }
  });

  test("says what failed, and stops with its scope", async () => {
    const bad = apply(fresh(), "overlay", hard("h", "nowhere"));
    await expect(bad).rejects.toMatchObject({ code: "archive/unpack", message: expect.stringContaining("ENOENT") });
    await expect(apply(fresh(), "overlay", file("a", ""), file("a/b", ""))).rejects.toMatchObject({
      code: "archive/bad-layer",
    });
    const signal = AbortSignal.abort(new Error("enough"));
    const tar = await tarOf(file("a", "x"));
    await expect(applyLayer(bytesOf(tar), fresh(), { form: "overlay" }, { ...quietScope, signal })).rejects.toThrow(
      "enough",
    );
  });
});

describe("whiteouts", () => {
  test("become overlayfs' marks in a folder of changes", async () => {
    const root = fresh();
    await apply(
      root,
      "overlay",
      folder("d"),
      file("d/.wh.old", ""),
      folder("o"),
      file("o/.wh..wh..opq", ""),
      file("o/new", "x"),
    );
    expect(isWhiteout(`${root}/d/old`)).toBe(true);
    expect(lgetxattr(`${root}/o`, "trusted.overlay.opaque")?.toString()).toBe("y");
    expect(readdirSync(`${root}/o`)).toEqual(["new"]);
  });

  test("remove from a whole tree what lower layers put there, not what this layer does", async () => {
    const root = fresh();
    execFileSync("sh", ["-c", "mkdir -p d/old o/deep && touch d/keep o/one o/deep/two o/mine"], { cwd: root });
    await apply(
      root,
      "whole",
      file("d/.wh.old", ""),
      folder("o"),
      file("o/mine", "new"),
      file("o/.wh..wh..opq", ""),
      file("d/n", ""),
      file("d/.wh.n", ""),
    );
    expect(readdirSync(`${root}/d`)).toEqual(["keep", "n"]);
    expect(readdirSync(`${root}/o`)).toEqual(["mine"]);
  });

  test("followed by a new directory of that name hide the old content", async () => {
    for (const entries of [
      [file(".wh.d", ""), folder("d")],
      [folder("d"), file(".wh.d", "")],
    ]) {
      const root = fresh();
      await apply(root, "overlay", ...entries);
      expect(lstatSync(`${root}/d`).isDirectory()).toBe(true);
      expect(lgetxattr(`${root}/d`, "trusted.overlay.opaque")?.toString()).toBe("y");
    }
  });

  test.each([".wh.", ".wh..", ".wh...", "d/.wh..."])("%s is refused", async (name) => {
    await expect(apply(fresh(), "overlay", file(name, ""))).rejects.toMatchObject({ code: "archive/bad-layer" });
  });
});

describe("a hostile layer", () => {
  const outside = at("outside");
  mkdirSync(outside);
  writeFileSync(`${outside}/secret`, "untouched");
  const untouched = () =>
    readFileSync(`${outside}/secret`, "utf8") === "untouched" && readdirSync(outside).length === 1;

  test.each<[string, TarSource[]]>([
    ["dots", [file("../../x/evil", "1"), file("a/../../evil", "2"), file("/../evil2", "3")]],
    [
      "dots and slashes in encodings that are none",
      [file("\udcc0\udcae\udcc0\udcae/outside/secret", "1"), file("..\udcc0\udcaf..\udcc0\udcafevil", "2")],
    ],
    ["absolute names", [file(`${outside}/evil`, "1")]],
    ["a link to outside", [link("l", outside), file("l/secret", "evil"), file("l/evil", "evil")]],
    ["a relative link to outside", [link("l", "../outside"), file("l/secret", "evil")]],
    ["a chain of links", [link("a", ".."), link("b", "a/outside"), file("b/secret", "evil")]],
    ["a link in the last part", [link("secret", `${outside}/secret`), file("secret", "evil")]],
    ["a directory over a link", [link("l", outside), folder("l", { mode: 0o700 }), file("l/evil", "1")]],
    ["a hard link to outside", [link("l", outside), hard("h", "l/secret")]],
    ["a whiteout of outside", [link("l", outside), file("l/.wh.secret", "")]],
    ["an opaque outside", [link("l", outside), file("l/.wh..wh..opq", "")]],
    ["a folder replaced by a link", [file("d/x", "1"), link("d", outside), file("d/secret", "evil")]],
    [
      "a folder removed and put back as a link",
      [file("d/x", "1"), file(".wh.d", ""), link("d", outside), file("d/evil", "1")],
    ],
  ])("stays inside: %s", async (_, entries) => {
    for (const form of ["overlay", "whole"] as const) {
      await apply(fresh(), form, ...entries).catch((error: unknown) =>
        expect(error).toMatchObject({ code: expect.stringMatching(/^archive\//) }),
      );
      expect(untouched()).toBe(true);
      expect(existsSync(at("evil"))).toBe(false);
    }
  });

  test("is not helped by links that a lower layer left in a whole tree", async () => {
    const root = fresh();
    symlinkSync(outside, `${root}/l`);
    await apply(root, "whole", file("l/secret", "evil"), file("l/.wh.secret", ""));
    expect(untouched()).toBe(true);
  });

  test("cannot loop in links", async () => {
    await expect(apply(fresh(), "overlay", link("a", "b"), link("b", "a"), file("a/x", ""))).rejects.toThrow(
      "too many links",
    );
  });
});
