import { fstatSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { ArrivingFile } from "./arriving-file.ts";

const folder = mkdtempSync(join(tmpdir(), "cooper-arriving-"));
afterAll(() => rmSync(folder, { recursive: true }));

test("pieces of all sizes stand in the file in their order; the dressing sees all of them", async () => {
  const path = join(folder, "large");
  const file = new ArrivingFile(path, 0o640);
  const pieces = [1, 70_000, 3, 900_000, 200_000, 5, 2_000_000, 1].map((size, at) => Buffer.alloc(size, at + 1));
  for (const piece of pieces) {
    file.add(piece);
    if (file.waiting > 1_000_000) await file.written();
  }
  let seen = -1;
  await file.end((descriptor) => {
    seen = fstatSync(descriptor).size;
  });
  expect(readFileSync(path)).toEqual(Buffer.concat(pieces));
  expect(seen).toBe(Buffer.concat(pieces).byteLength);
  expect(statSync(path).mode & 0o7777).toBe(0o640 & ~process.umask());
});

test("a small file is there at once", () => {
  const path = join(folder, "small");
  const file = new ArrivingFile(path, 0o600);
  file.add(Buffer.from("ab"));
  file.add(Buffer.from("c"));
  expect(file.end(() => {})).toBeUndefined();
  expect(readFileSync(path, "utf8")).toBe("abc");
});

test("a file in the way is an error, at the latest in the end", async () => {
  const path = join(folder, "taken");
  writeFileSync(path, "old");
  expect(() => new ArrivingFile(path, 0o600).end(() => {})).toThrow("EEXIST");
  const large = new ArrivingFile(path, 0o600);
  large.add(Buffer.alloc(3_000_000));
  await expect(Promise.resolve(large.end(() => {}))).rejects.toThrow("EEXIST");
  expect(readFileSync(path, "utf8")).toBe("old");
});
