import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import * as raw from "../kit/index.ts";
import { readTreeFile, statTreeFile } from "./tree-files.ts";

const root = mkdtempSync(join(tmpdir(), "cooper-tree-"));
mkdirSync(join(root, "dir"));
writeFileSync(join(root, "dir/file"), "text of the file");
symlinkSync("/dir/file", join(root, "absolute"));
symlinkSync("../../../../../../etc/hostname", join(root, "outside"));
afterAll(() => rmSync(root, { recursive: true }));

test("a file is read whole, or its beginning", async () => {
  expect((await readTreeFile(root, "/dir/file")).toString()).toBe("text of the file");
  expect((await readTreeFile(root, "dir/file", 4)).toString()).toBe("text");
});

test("links are followed inside the tree, and never lead out of it", async () => {
  expect((await readTreeFile(root, "absolute")).toString()).toBe("text of the file");
  await expect(readTreeFile(root, "outside")).rejects.toMatchObject({ code: "frontend/not-found" });
  await expect(readTreeFile(root, "../../etc/hostname")).rejects.toMatchObject({ code: "frontend/not-found" });
});

test("what is not there is told in upstream's words", async () => {
  const words = "open Dockerfile: no such file or directory";
  await expect(readTreeFile(root, "Dockerfile")).rejects.toMatchObject({ code: "frontend/not-found", message: words });
  await expect(readTreeFile(undefined, "Dockerfile")).rejects.toMatchObject({ message: words });
});

test("a stat tells files from directories", async () => {
  expect(await statTreeFile(root, "dir")).toMatchObject({ type: "directory" });
  expect(await statTreeFile(root, "absolute")).toEqual({ type: "file", size: 16 });
});

test("a file whose name is no UTF-8 is read, by its name and through a link", async () => {
  raw.writeFileSync(join(root, "raw\udcff"), "raw");
  raw.symlinkSync("raw\udcff", join(root, "to-raw"));
  expect((await readTreeFile(root, "raw\udcff")).toString()).toBe("raw");
  expect((await readTreeFile(root, "to-raw")).toString()).toBe("raw");
  expect(await statTreeFile(root, "to-raw")).toEqual({ type: "file", size: 3 });
  await expect(readTreeFile(root, "raw\udcfe")).rejects.toMatchObject({ code: "frontend/not-found" });
});
