import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { pathInside } from "./inside-root.ts";

const root = mkdtempSync(join(tmpdir(), "cooper-inside-"));
mkdirSync(join(root, "a/b"), { recursive: true });
writeFileSync(join(root, "a/file"), "");
symlinkSync("/a", join(root, "abs"));
symlinkSync("../../../../a/b", join(root, "a/b/up"));
symlinkSync("/etc/passwd", join(root, "out"));
symlinkSync("loop", join(root, "loop"));
afterAll(() => rmSync(root, { recursive: true }));

test.each([
  ["/", ""],
  ["", ""],
  ["a/b", "/a/b"],
  ["/a/../a/./b/", "/a/b"],
  ["../../../etc", "/etc"],
  ["abs/b", "/a/b"],
  ["a/b/up", "/a/b"],
  ["abs/b/up/up/x/y", "/a/b/x/y"],
  ["out", "/etc/passwd"],
  ["a/file/below", "/a/file/below"],
  ["no/such/../thing", "/no/thing"],
])("pathInside() leads %s to %s below the root", (path, expected) => {
  expect(pathInside(root, path)).toBe(`${root}${expected}`);
});

test("pathInside() leaves a link in the last part alone when told", () => {
  expect(pathInside(root, "abs", { followLast: false })).toBe(`${root}/abs`);
  expect(pathInside(root, "abs/b", { followLast: false })).toBe(`${root}/a/b`);
});

test("pathInside() refuses a cycle of links", () => {
  expect(() => pathInside(root, "loop")).toThrow("too many links");
});
