import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { LiveTree } from "./live-tree.ts";

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
