import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Ref } from "../contract.ts";
import { openWorkbench, type Workbench } from "../testing/workbench.ts";
import { mergeOp } from "./merge-op.ts";

let bench: Workbench;
beforeAll(async () => {
  bench = await openWorkbench();
});
afterAll(() => bench[Symbol.asyncDispose]());

async function changed(parent: Ref, change: (root: string) => void): Promise<Ref> {
  if (parent.kind !== "snapshot") throw new Error("no snapshot");
  await using active = await bench.storage.snapshots.prepare(parent.id);
  {
    await using mounted = await bench.storage.mount(active.mount);
    change(mounted.path);
  }
  return { kind: "snapshot", id: (await active.commit()).id };
}
const merge = async (...inputs: Ref[]) => (await mergeOp(bench.storage).execute(inputs, bench.scope()))[0];
const paths = async (ref: Ref | undefined) => Object.keys(await bench.show(ref)).sort();

test("a directory that was made anew deletes what it had where it came from, and nothing else of other trees", async () => {
  const base = await bench.tree({ "bar/a": "a", "bar/sub/x": "x", "bar/sub/y": "y", top: "t" });
  const made = await changed(base, (root) => {
    rmSync(join(root, "bar"), { recursive: true });
    mkdirSync(join(root, "bar/sub"), { recursive: true });
    writeFileSync(join(root, "bar/sub/y"), "new");
  });
  const other = await bench.tree({ "bar/a": "other", "bar/e": "e", "bar/sub/x": "other", "bar/sub/z": "z" });
  const merged = await merge(other, made);
  expect(await paths(merged)).toEqual(["bar/", "bar/e", "bar/sub/", "bar/sub/y", "bar/sub/z", "top"]);
});

test("deletions of a tree count for the trees below it", async () => {
  const base = await bench.tree({ a: "a", b: "b" });
  const made = await changed(base, (root) => rmSync(join(root, "a")));
  expect(await paths(await merge(await bench.tree({ a: "1", c: "c" }), made))).toEqual(["b", "c"]);
});
