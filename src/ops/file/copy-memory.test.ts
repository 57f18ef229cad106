import {
  chmodSync,
  linkSync,
  lstatSync,
  mkdirSync,
  renameSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { sleep } from "../../kit/index.ts";
import type { FileStep } from "../../llb/index.ts";
import type { Ref } from "../contract.ts";
import { copy, mkfile, openWorkbench, runActions, type Workbench } from "../testing/index.ts";
import { fileOp } from "./file-op.ts";

describe.each(["overlayfs", "native", "recorded"] as const)(
  "a file op that was done before, on %s snapshots",
  (snapshotter) => {
    let bench: Workbench;
    beforeAll(async () => {
      bench = await openWorkbench(snapshotter);
    });
    afterAll(() => bench[Symbol.asyncDispose]());

    test("a copy that is done again takes over what has not changed, and only that", async () => {
      const context = bench.context({
        "s/same": "1111",
        "s/changed": "1111",
        "s/d/moved": "1111",
        "s/gone": "1",
        "s/touched": "1",
      });
      for (const name of ["s/same", "s/changed", "s/d/moved"]) utimesSync(join(context.path, name), 500, 500);
      await sleep(150);
      const before = await runActions(bench, [{ kind: "scratch" }, context], copy("/s", "/to/"));
      // Same sizes and times, other bytes: rewritten in place, and below a directory that was put in the place of another.
      writeFileSync(join(context.path, "s/changed"), "2222");
      renameSync(join(context.path, "s/d"), join(context.path, "old"));
      mkdirSync(join(context.path, "s/d"));
      writeFileSync(join(context.path, "s/d/moved"), "2222");
      for (const name of ["s/changed", "s/d/moved"]) utimesSync(join(context.path, name), 500, 500);
      rmSync(join(context.path, "s/gone"));
      chmodSync(join(context.path, "s/touched"), 0o600);
      const after = await runActions(bench, [{ kind: "scratch" }, context], copy("/s", "/to/"));
      expect(await bench.show(after)).toEqual({
        "to/": "755 0:0",
        "to/same": "644 0:0 1111",
        "to/changed": "644 0:0 2222",
        "to/d/": "755 0:0",
        "to/d/moved": "644 0:0 2222",
        "to/touched": "600 0:0 1",
      });
      const inode = (ref: Ref | undefined) => bench.look(ref, (path) => lstatSync(`${path}/to/same`).ino);
      expect(await inode(after)).toBe(await inode(before));
      expect(await bench.show(before)).toMatchObject({ "to/changed": "644 0:0 1111", "to/gone": "644 0:0 1" });
      const changed = await runActions(bench, [after as Ref], mkfile("/to/same", "mine"));
      expect(await bench.show(changed)).toMatchObject({ "to/same": "644 0:0 mine" });
      expect(await bench.show(before)).toMatchObject({ "to/same": "644 0:0 1111" });
    });

    /** Hashes what a copy reads and copies it, as a build does; `between` happens in between. */
    const hashAndRun = async (context: Ref, between: () => void = () => {}) => {
      const steps: FileStep[] = [{ action: copy("/s", "/to/"), input: 0, secondaryInput: 1, output: 0 }];
      const op = fileOp({ kind: "file", actions: steps }, 2, bench.storage);
      const recipe = await op.recipe(bench.scope());
      await recipe.content[1]?.(context, bench.scope());
      between();
      const [result] = await op.execute([{ kind: "scratch" }, context], bench.scope());
      return result;
    };
    const inodes = (ref: Ref | undefined, ...names: string[]) =>
      bench.look(ref, (path) => names.map((name) => lstatSync(`${path}/to/${name}`).ino));

    test("a copy right after hashing takes over directories in which nothing has changed", async () => {
      const context = bench.context({ "s/top": "1", "s/d/one": "1111", "s/d/two": "22", "s/e/three": "3" });
      symlinkSync("one", join(context.path, "s/d/link"));
      linkSync(join(context.path, "s/e/three"), join(context.path, "s/e/again"));
      utimesSync(join(context.path, "s/d/one"), 500, 500);
      await sleep(150);
      const files = ["top", "d/one", "d/two", "e/three", "e/again"];
      const first = await hashAndRun(context);
      const second = await hashAndRun(context);
      expect(await inodes(second, ...files)).toEqual(await inodes(first, ...files));
      expect(await bench.show(second)).toEqual(await bench.show(first));
      // Same size and time, other bytes.
      writeFileSync(join(context.path, "s/d/one"), "2222");
      utimesSync(join(context.path, "s/d/one"), 500, 500);
      rmSync(join(context.path, "s/e/again"));
      writeFileSync(join(context.path, "s/new"), "new");
      const third = await hashAndRun(context);
      expect(await bench.show(third)).toEqual({
        "to/": "755 0:0",
        "to/top": "644 0:0 1",
        "to/new": "644 0:0 new",
        "to/d/": "755 0:0",
        "to/d/one": "644 0:0 2222",
        "to/d/two": "644 0:0 22",
        "to/d/link": "-> one",
        "to/e/": "755 0:0",
        "to/e/three": "644 0:0 3",
      });
      expect(await inodes(third, "top", "d/two")).toEqual(await inodes(first, "top", "d/two"));
      expect(await bench.show(first)).toMatchObject({ "to/d/one": "644 0:0 1111" });
    });

    test("what changes between hashing and copying is in that copy or in the next one", async () => {
      const context = bench.context({ "s/gone": "1", "s/kept": "1", "s/d/rewritten": "1111" });
      await sleep(150);
      await hashAndRun(context);
      const second = await hashAndRun(context, () => {
        rmSync(join(context.path, "s/gone"));
        writeFileSync(join(context.path, "s/new"), "new");
        writeFileSync(join(context.path, "s/d/rewritten"), "2222");
      });
      expect(await bench.show(second)).toMatchObject({ "to/new": "644 0:0 new", "to/kept": "644 0:0 1" });
      expect(await bench.show(second)).not.toHaveProperty(["to/gone"]);
      expect(await bench.show(await hashAndRun(context))).toMatchObject({ "to/d/rewritten": "644 0:0 2222" });
    });
  },
);
