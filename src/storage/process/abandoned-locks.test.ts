import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { quietScope } from "../../kit/index.ts";
import { Exclusive } from "../exclusive.ts";
import { removeAbandonedLocks } from "./abandoned-locks.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "cooper-locks-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

test("a lock's file that nobody holds goes, one that is held stays", async () => {
  writeFileSync(join(folder, "abandoned"), "");
  await new Exclusive(folder).run("held", quietScope, async () => {
    removeAbandonedLocks(folder);
    const left = readdirSync(folder);
    expect(left).toHaveLength(1);
    expect(left).not.toContain("abandoned");
  });
  expect(readdirSync(folder)).toEqual([]);
});
