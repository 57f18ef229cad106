import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { makeRoomForLimits } from "./nested-cgroup.ts";

/** Plain files in the place of the kernel's: they keep what is written last. */
let root = "";
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "cooper-cgroup-"));
  put("cgroup.controllers", "cpuset cpu io memory pids\n");
  put("cgroup.subtree_control", "");
  put("cgroup.procs", "1\n42\n");
});
afterEach(() => rmSync(root, { recursive: true }));

const put = (name: string, text: string) => writeFileSync(join(root, name), text);
const get = (name: string) => readFileSync(join(root, name), "utf8");

test("a container's processes move to a group below, and the controllers are handed down", () => {
  put("cgroup.type", "domain\n");
  expect(makeRoomForLimits(root)).toBeUndefined();
  expect(get("init/cgroup.procs")).toBe("42");
  expect(get("cgroup.subtree_control")).toBe("+io");
});

test("nothing is done at the machine's root, nor twice; what cannot be done has a reason", () => {
  expect(makeRoomForLimits(root)).toBeUndefined();
  put("cgroup.type", "domain\n");
  put("cgroup.subtree_control", "memory pids\n");
  expect(makeRoomForLimits(root)).toBeUndefined();
  expect(existsSync(join(root, "init"))).toBe(false);
  rmSync(join(root, "cgroup.subtree_control"));
  mkdirSync(join(root, "cgroup.subtree_control"));
  expect(makeRoomForLimits(root)).toMatch(/^control groups cannot be handed down: EISDIR/);
});
