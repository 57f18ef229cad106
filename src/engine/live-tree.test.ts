import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import * as raw from "../kit/index.ts";
import type { FileInfo } from "./contract.ts";
import { LiveTree } from "./live-tree.ts";
import { readTreeFolder, treeFileInfo } from "./tree-info.ts";

const folder = mkdtempSync(join(tmpdir(), "cooper-live-"));
const root = join(folder, "root");
mkdirSync(join(root, "dir"), { recursive: true });
writeFileSync(join(folder, "secret"), "outside");
writeFileSync(join(root, "dir/file"), "text of the file");
symlinkSync("/dir/file", join(root, "absolute"));
symlinkSync("../../../secret", join(root, "outside"));
execFileSync("mkfifo", [join(root, "pipe")]);
afterAll(() => rmSync(folder, { recursive: true }));
const tree = new LiveTree(root);

test("a file is read whole, or its beginning, also through links that stay inside", () => {
  expect(Buffer.from(tree.readFile("/dir/file")).toString()).toBe("text of the file");
  expect(Buffer.from(tree.readFile("/absolute", 4)).toString()).toBe("text");
});

test("no link leads out, and what is no file is not opened", () => {
  for (const path of ["/outside", "/../secret", "/none", "/dir/file/x"]) {
    expect(() => tree.readFile(path)).toThrow(expect.objectContaining({ code: "frontend/not-found" }));
  }
  for (const path of ["/pipe", "/dir"]) {
    expect(() => tree.readFile(path)).toThrow(expect.objectContaining({ code: "frontend/not-a-file" }));
  }
});

test("folders are listed by name, with what each entry is", () => {
  expect(tree.readDir("/", "").map(({ name, kind, linkTarget }) => [name, kind, linkTarget])).toEqual([
    ["absolute", "symlink", "/dir/file"],
    ["dir", "directory", undefined],
    ["outside", "symlink", "../../../secret"],
    ["pipe", "fifo", undefined],
  ]);
  expect(tree.readDir("/dir", "f*").map(({ name }) => name)).toEqual(["file"]);
  expect(tree.fileInfo("/absolute")).toMatchObject({ name: "absolute", kind: "file", size: 16 });
});

test("names that are no UTF-8 are listed, in the order of their bytes, and read", () => {
  raw.mkdirSync(join(root, "raw"));
  for (const name of ["b\udcff", "b\udcfe", "b\ufffd"]) raw.writeFileSync(join(root, "raw", name), name.slice(0, 1));
  raw.symlinkSync("b\udcff", join(root, "raw/link"));
  const wanted = [
    ["b\ufffd", undefined],
    ["b\udcfe", undefined],
    ["b\udcff", undefined],
    ["link", "b\udcff"],
  ];
  const shown = (entries: readonly FileInfo[]) => entries.map(({ name, linkTarget }) => [name, linkTarget]);
  expect(shown(tree.readDir("/raw", ""))).toEqual(wanted);
  expect(shown(readTreeFolder(root, "/raw", ""))).toEqual(wanted);
  expect(Buffer.from(tree.readFile("/raw/b\udcff")).toString()).toBe("b");
  expect(tree.fileInfo("/raw/b\udcfe").size).toBe(1);
  expect(treeFileInfo(root, "/raw/link").linkTarget).toBe("b\udcff");
});
