import fs from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { pathInside } from "./inside-root.ts";
import {
  chmodSync,
  chownSync,
  copyFileSync,
  existsSync,
  lchownSync,
  linkSync,
  lstatSync,
  lutimesSync,
  mkdirSync,
  openSync,
  readdirSync,
  readEntriesSync,
  readlinkSync,
  renameSync,
  rmdirSync,
  rmSync,
  statSync,
  symlinkSync,
  unlinkSync,
  utimesSync,
  writeFileSync,
} from "./raw-files.ts";
import { decodeRaw } from "./raw-text.ts";

/** `k\xff`, `k\xfe`: no UTF-8, and both `k\ufffd` to who decodes them as such. */
const [one, other] = ["k\udcff", "k\udcfe"];
let folder = "";

beforeAll(() => {
  folder = fs.mkdtempSync(join(tmpdir(), "cooper-raw-"));
});
afterAll(() => fs.rmSync(folder, { recursive: true, force: true }));

/** What the kernel has below the folder, one byte a character. */
const namesOnDisk = (path: string) =>
  fs
    .readdirSync(path, { encoding: "buffer" })
    .map((name) => name.toString("latin1"))
    .sort();

describe("files whose names are no UTF-8", () => {
  test("are made, read, changed and removed by their own names", () => {
    const path = (name: string) => join(folder, one, name);
    mkdirSync(join(folder, one), { mode: 0o755 });
    writeFileSync(path(one), "one");
    writeFileSync(path(other), "other");
    symlinkSync(one, path("link"));
    linkSync(path(one), path("hard\udce9"));
    copyFileSync(path(other), path("copy\udc80"));
    expect(namesOnDisk(Buffer.from(`${folder}/k\xff`, "latin1") as unknown as string)).toEqual(
      ["copy\x80", "hard\xe9", "k\xfe", "k\xff", "link"].sort(),
    );
    expect(readdirSync(path("")).sort()).toEqual(["copy\udc80", "hard\udce9", other, one, "link"].sort());
    expect(readlinkSync(path("link"))).toBe(one);
    expect(lstatSync(path(one)).ino).toBe(statSync(path("link")).ino);
    expect(pathInside(join(folder, one), "link")).toBe(path(one));

    chmodSync(path(one), 0o600);
    chownSync(path(one), 7, 8);
    utimesSync(path(one), 5, 6);
    expect(lstatSync(path("hard\udce9"))).toMatchObject({ uid: 7, gid: 8, mtimeMs: 6000 });
    lchownSync(path("link"), 9, 10);
    lutimesSync(path("link"), 11, 12);
    expect(lstatSync(path("link"))).toMatchObject({ uid: 9, gid: 10, mtimeMs: 12_000 });

    const file = openSync(path(other), "r");
    expect(fs.readFileSync(file, "utf8")).toBe("other");
    fs.closeSync(file);
    renameSync(path(other), path("k\udcfd"));
    expect([existsSync(path(other)), existsSync(path("k\udcfd"))]).toEqual([false, true]);
    unlinkSync(path("k\udcfd"));
    mkdirSync(path(other));
    rmdirSync(path(other));
    rmSync(join(folder, one), { recursive: true });
    expect(namesOnDisk(folder)).toEqual([]);
  });

  test("are listed with their types, beside a name that has U+FFFD itself", () => {
    const place = join(folder, "types");
    mkdirSync(join(place, one), { recursive: true });
    writeFileSync(join(place, "\ufffd"), "");
    const found = readEntriesSync(place).map((entry) => [entry.name, entry.isDirectory()]);
    expect(found.sort()).toEqual(
      [
        [one, true],
        ["\ufffd", false],
      ].sort(),
    );
    rmSync(place, { recursive: true });
  });

  test("are missing where only another one is", () => {
    writeFileSync(join(folder, one), "");
    expect(lstatSync(join(folder, other), { throwIfNoEntry: false })).toBeUndefined();
    expect(() => openSync(join(folder, other), "r")).toThrow(expect.objectContaining({ code: "ENOENT" }));
    expect(decodeRaw(fs.readdirSync(folder, { encoding: "buffer" })[0] ?? Buffer.alloc(0))).toBe(one);
    rmSync(join(folder, one));
  });
});
