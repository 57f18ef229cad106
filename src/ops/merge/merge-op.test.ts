import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { isFoundation } from "../../storage/index.ts";
import type { Ref } from "../contract.ts";
import { diffOp } from "../diff/diff-op.ts";
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
const diff = async (lower: Ref, upper: Ref) =>
  (await diffOp({ kind: "diff", lower: 0, upper: 1 }, bench.storage).execute([lower, upper], bench.scope()))[0] as Ref;
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

test("a difference shows no marks of what is deleted, and what only leads to a change is not in it", async () => {
  const base = await bench.tree({
    "dir/gone": "1",
    "dir/sub/gone": "1",
    "dir/sub/stays": "1",
    "other/x": "x",
    gone: "1",
  });
  const made = await changed(base, (root) => {
    for (const path of ["dir/gone", "dir/sub/gone", "gone"]) rmSync(join(root, path));
    writeFileSync(join(root, "dir/new"), "n");
    // Overlayfs now keeps a folder in which nothing has changed.
    writeFileSync(join(root, "other/y"), "y");
    rmSync(join(root, "other/y"));
  });
  const difference = await diff(base, made);
  expect(await paths(difference)).toEqual(["dir/", "dir/new", "dir/sub/"]);
});

test("a difference, merged with others, deletes from all of them, however often it is merged", async () => {
  const base = await bench.tree({ "dir/gone": "1", keep: "1" });
  const made = await changed(base, (root) => rmSync(join(root, "dir/gone")));
  const difference = await diff(base, made);
  const twice = (await merge(await bench.tree({ a: "a" }), difference)) as Ref;
  expect(await paths(twice)).toEqual(["a", "dir/"]);
  const last = (await merge(await bench.tree({ "dir/gone": "other", "dir/b": "b" }), twice)) as Ref;
  expect(await paths(last)).toEqual(["a", "dir/", "dir/b"]);
});

test("what lies between for overlayfs only is no layer", async () => {
  const base = await bench.tree({ "dir/gone": "1" });
  const made = await changed(base, (root) => rmSync(join(root, "dir/gone")));
  const difference = await diff(base, made);
  if (difference.kind !== "snapshot") throw new Error("no snapshot");
  const chain = bench.storage.snapshots.chain(difference.id).map(isFoundation);
  expect(chain).toEqual([true, false]);
});
