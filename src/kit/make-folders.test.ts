import { mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { makeFolders } from "./make-folders.ts";

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "cooper-folders-"));
});
afterEach(() => rmSync(root, { recursive: true }));

test("makeFolders() makes all that is missing, with the mode", () => {
  makeFolders(join(root, "a/b/c"), 0o700);
  expect(statSync(join(root, "a/b/c")).mode & 0o777).toBe(0o700);
  expect(statSync(join(root, "a")).mode & 0o777).toBe(0o700);
});

test("makeFolders() is content with what is there, a link to a folder too", () => {
  makeFolders(join(root, "a"));
  makeFolders(join(root, "a"));
  makeFolders("/proc/self/cwd");
});

test("makeFolders() throws the kernel's reason, also where Node's own never ends", () => {
  writeFileSync(join(root, "file"), "");
  expect(() => makeFolders(join(root, "file/a"))).toThrow("ENOTDIR");
  expect(() => makeFolders(join(root, "file"))).toThrow("EEXIST");
  expect(() => makeFolders("/proc/a/b")).toThrow("ENOENT");
});
