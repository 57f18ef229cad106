import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { KeptSizes } from "./kept-sizes.ts";

let folder = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "cooper-sizes-"));
});
afterEach(() => rmSync(folder, { recursive: true }));
const { signal } = new AbortController();
const grow = () => writeFileSync(join(folder, "f"), Buffer.alloc(100_000, 1));

test("a folder that nobody uses is measured once, until it is used again or somebody wants to know exactly", async () => {
  const sizes = new KeptSizes();
  const empty = await sizes.of(folder, 1, false, true, signal);
  grow();
  expect(await sizes.of(folder, 1, false, true, signal)).toBe(empty);
  expect(await sizes.of(folder, 2, false, true, signal)).toBeGreaterThan(empty);
  rmSync(join(folder, "f"));
  expect(await sizes.of(folder, 2, false, false, signal)).toBe(empty);
});

test("what is forgotten is measured again", async () => {
  const sizes = new KeptSizes();
  const empty = await sizes.of(folder, 1, false, true, signal);
  grow();
  sizes.keepOnly(new Set([folder]));
  expect(await sizes.of(folder, 1, false, true, signal)).toBe(empty);
  sizes.keepOnly(new Set());
  expect(await sizes.of(folder, 1, false, true, signal)).toBeGreaterThan(empty);
});
