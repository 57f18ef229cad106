import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { lookupUser } from "./user.ts";

const root = mkdtempSync(join(tmpdir(), "cooper-user-"));
mkdirSync(join(root, "etc"));
mkdirSync(join(root, "usr"));
writeFileSync(join(root, "usr/passwd"), "root:x:0:0::/:/bin/sh\n\nann:x:1000:1001::/home/ann:\n7:x:70:71::/:\n");
symlinkSync("/usr/passwd", join(root, "etc/passwd"));
writeFileSync(join(root, "etc/group"), "root:x:0:root\nann:x:1001:\naudio:x:29:ann,bob\n");
const empty = mkdtempSync(join(tmpdir(), "cooper-user-"));
afterAll(() => {
  rmSync(root, { recursive: true });
  rmSync(empty, { recursive: true });
});

test.each([
  ["", { uid: 0, gid: 0, additionalGids: [0] }],
  ["ann", { uid: 1000, gid: 1001, additionalGids: [1001, 29] }],
  ["1000", { uid: 1000, gid: 1001, additionalGids: [1001, 29] }],
  ["ann:audio", { uid: 1000, gid: 29, additionalGids: [29] }],
  ["ann:5", { uid: 1000, gid: 5, additionalGids: [5] }],
  ["7", { uid: 7, gid: 0, additionalGids: [0] }],
  ["12:34", { uid: 12, gid: 34, additionalGids: [34] }],
  ["root:root", { uid: 0, gid: 0, additionalGids: [0] }],
])("lookupUser(%j) reads the tree's user database", (spec, expected) => {
  expect(lookupUser(root, spec)).toEqual(expected);
});

test("lookupUser() needs no user database for numbers and for root", () => {
  expect(lookupUser(empty, "")).toEqual({ uid: 0, gid: 0, additionalGids: [0] });
  expect(lookupUser(empty, "33")).toEqual({ uid: 33, gid: 0, additionalGids: [0] });
});

test("lookupUser() says which name is missing, in upstream's words", () => {
  expect(() => lookupUser(root, "eve")).toThrow("unable to find user eve: no matching entries in passwd file");
  expect(() => lookupUser(root, "ann:cats")).toThrow("unable to find group cats: no matching entries in group file");
  expect(() => lookupUser(root, "4294967296")).toThrow("uids and gids must be in range 0-2147483647");
});
