import { execFileSync } from "node:child_process";
import {
  chmodSync,
  chownSync,
  linkSync,
  lstatSync,
  mkdirSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import * as raw from "../../kit/index.ts";
import type { FileAction, FileStep } from "../../llb/index.ts";
import { lsetxattr } from "../../sys/index.ts";
import type { Ref } from "../contract.ts";
import { copy, mkdir, mkfile, openWorkbench, runActions, type Workbench } from "../testing/index.ts";
import { fileOp } from "./file-op.ts";

/** As setcap writes cap_net_bind_service+ep. */
const netBind = Buffer.from("0100000200040000000000000000000000000000", "hex");
const byName = (name: string) => ({ kind: "name", name, input: 0 }) as const;

describe.each(["overlayfs", "native", "recorded"] as const)("a file op on %s snapshots", (snapshotter) => {
  let bench: Workbench;
  let base: Ref;
  beforeAll(async () => {
    bench = await openWorkbench(snapshotter);
    base = await bench.tree({
      "etc/passwd": "root:x:0:0::/:\nann:x:1000:1001::/:\n",
      "etc/group": "root:x:0:\nstaff:x:50:\n",
      "old/file": "old",
      "dir/kept": "kept",
    });
  });
  afterAll(() => bench[Symbol.asyncDispose]());

  const run = (inputs: readonly Ref[], ...actions: FileAction[]) => runActions(bench, inputs, ...actions);
  const shown = async (inputs: readonly Ref[], ...actions: FileAction[]) => bench.show(await run(inputs, ...actions));
  const onScratch = (source: Ref, ...actions: FileAction[]) => shown([{ kind: "scratch" }, source], ...actions);

  test("makes directories, files and links, with owners by name and number", async () => {
    const made = await shown(
      [base],
      mkdir("/a/b", { mode: 0o700, owner: { user: byName("ann"), group: byName("staff") } }),
      mkfile("/a/b/f", "data", { mode: 0o600, owner: { user: { kind: "id", id: 7 } }, timestamp: 5_000_000_000n }),
      { kind: "symlink", oldPath: "b/f", newPath: "/a/link", timestamp: undefined },
      mkfile("/a/unknown", "", { owner: { user: byName("nobody-here") } }),
    );
    expect(made).toMatchObject({
      "a/": "700 1000:50",
      "a/b/": "700 1000:50",
      "a/b/f": "600 7:7 data",
      "a/link": "-> b/f",
      "a/unknown": "644 0:0 ",
      "old/file": "644 0:0 old",
    });
  });

  test("removes, by name and by wildcard", async () => {
    const rm = (path: string, more = {}) =>
      ({ kind: "rm", path, allowNotFound: false, allowWildcard: false, ...more }) as const;
    expect(await shown([base], rm("/old"), rm("/et*/pass*", { allowWildcard: true }))).toEqual({
      "dir/": "755 0:0",
      "dir/kept": "644 0:0 kept",
      "etc/": "755 0:0",
      "etc/group": expect.any(String),
    });
    await expect(run([base], rm("/nope"))).rejects.toThrow("stat /nope: no such file or directory");
    await run([base], rm("/nope", { allowNotFound: true }));
  });

  test("copies a context in place: filtered, owned by root, with modes, times and links kept", async () => {
    const context = bench.context(
      { "src/a.txt": "a", "src/deep/b.txt": "b", "src/skip.log": "x", README: "r" },
      { exclude: ["**/*.log"] },
    );
    chownSync(join(context.path, "src/a.txt"), 12, 13);
    chmodSync(join(context.path, "src/deep"), 0o2750);
    linkSync(join(context.path, "src/a.txt"), join(context.path, "src/hard"));
    symlinkSync("a.txt", join(context.path, "src/soft"));
    utimesSync(join(context.path, "src"), 100, 100);
    const result = await run([{ kind: "scratch" }, context], copy("/src", "/app/"));
    expect(await bench.show(result)).toEqual({
      "app/": "755 0:0",
      "app/a.txt": "644 0:0 a",
      "app/deep/": "2750 0:0",
      "app/deep/b.txt": "644 0:0 b",
      "app/hard": "644 0:0 a",
      "app/soft": "-> a.txt",
    });
    await bench.look(result, (path) => {
      expect(statSync(`${path}/app/hard`).ino).toBe(statSync(`${path}/app/a.txt`).ino);
    });
  });

  test("names that are no UTF-8 are copied, matched by wildcards, copied on from the result, and removed", async () => {
    const context = bench.context({ "d/a": "a" });
    const at = (name: string) => join(context.path, "d", name);
    raw.mkdirSync(at("dir\udcff"));
    raw.writeFileSync(at("dir\udcff/f\udcfe"), "f");
    raw.writeFileSync(at("caf\udce9"), "latin");
    raw.linkSync(at("caf\udce9"), at("hard\udce9"));
    raw.symlinkSync("dir\udcff", at("soft\udce9"));
    const result = await run([{ kind: "scratch" }, context], copy("/d", "/"), copy("/d/caf?", "/more/"));
    const held = async (ref: Ref | undefined) =>
      bench.look(ref, (path) =>
        execFileSync("find", [".", "-mindepth", "1", "-printf", "%P %m %l\\n"], { cwd: path, encoding: "latin1" })
          .split("\n")
          .filter((line) => line !== "")
          .sort(),
      );
    const copied = [
      "a 644 ",
      "caf\xe9 644 ",
      "dir\xff 755 ",
      "dir\xff/f\xfe 644 ",
      "hard\xe9 644 ",
      "soft\xe9 777 dir\xff",
    ];
    expect(await held(result)).toEqual([...copied, "more 755 ", "more/caf\xe9 644 "].sort());
    if (result === undefined) throw new Error("no result");
    const again = await run([{ kind: "scratch" }, result], copy("/", "/"), {
      ...{ kind: "rm", path: "/*\udce9", allowNotFound: false, allowWildcard: true },
    });
    expect(await held(again)).toEqual(
      ["a 644 ", "dir\xff 755 ", "dir\xff/f\xfe 644 ", "more 755 ", "more/caf\xe9 644 "].sort(),
    );
  });

  test("links to one symbolic link become links of their own", async () => {
    const context = bench.context({ a: "a" });
    symlinkSync("a", join(context.path, "soft"));
    linkSync(join(context.path, "soft"), join(context.path, "soft2"));
    const result = await run([{ kind: "scratch" }, context], copy("/", "/"));
    await bench.look(result, (path) => {
      expect(lstatSync(`${path}/soft2`).ino).not.toBe(lstatSync(`${path}/soft`).ino);
    });
  });

  test("a directory that is copied to a new place has the source's time, one with a rule the rule's", async () => {
    const context = bench.context({ "src/a": "a" });
    utimesSync(join(context.path, "src"), 100, 100);
    const result = await run([{ kind: "scratch" }, context], copy("/src", "/new"));
    await bench.look(result, (path) => expect(lstatSync(`${path}/new`).mtimeMs).toBe(100_000));
    const stamped = await run([{ kind: "scratch" }, context], copy("/src", "/x/new", { timestamp: 7_000_000_000n }));
    await bench.look(stamped, (path) => {
      for (const name of ["x", "x/new", "x/new/a"]) expect(lstatSync(`${path}/${name}`).mtimeMs).toBe(7000);
    });
  });

  test("mode and owner of a copy also go for the parents that it makes", async () => {
    const context = bench.context({ f: "f" });
    const made = await onScratch(
      context,
      copy("/f", "/p/q/f", { mode: 0o700, owner: { user: { kind: "id", id: 5 } } }),
    );
    expect(made).toEqual({ "p/": "700 5:5", "p/q/": "700 5:5", "p/q/f": "700 5:5 f" });
    const symbolic = await onScratch(context, copy("/f", "/p/f", { modeString: "u+x,go=" }));
    expect(symbolic).toEqual({ "p/": "755 0:0", "p/f": "700 0:0 f" });
  });

  test("wildcards, include and exclude patterns pick what is copied", async () => {
    const context = bench.context({ "a.js": "", "b.js": "", "c.ts": "", "d/x.js": "", "d/e/y.js": "", "d/e/z.ts": "" });
    expect(Object.keys(await onScratch(context, copy("/*.js", "/")))).toEqual(["a.js", "b.js"]);
    const included = await onScratch(
      context,
      copy("/", "/", { includePatterns: ["d/**/*.js"], excludePatterns: ["d/x*"] }),
    );
    expect(Object.keys(included)).toEqual(["d/", "d/e/", "d/e/y.js"]);
    expect(await onScratch(context, copy("/nope*", "/"))).toEqual({});
    await expect(onScratch(context, copy("/nope*", "/", { allowEmptyWildcard: false }))).rejects.toThrow(
      "/nope* not found",
    );
  });

  test("what is copied into and over follows cp and upstream's refusals", async () => {
    const context = bench.context({ file: "new", "tree/kept": "new", "tree/more": "more" });
    const into = await shown(
      [base, context],
      copy("/file", "/dir"),
      copy("/tree", "/dir"),
      copy("/tree", "/dir", { dirCopyContents: false }),
    );
    expect(into).toMatchObject({
      "dir/file": "644 0:0 new",
      "dir/kept": "644 0:0 new",
      "dir/tree/more": "644 0:0 more",
    });
    await expect(run([base, context], copy("/tree", "/old/file"))).rejects.toThrow(
      "cannot copy to non-directory: /old/file",
    );
    const clash = bench.context({ "x/dir": "a file" });
    await expect(run([base, clash], copy("/x", "/"))).rejects.toThrow("cannot replace to directory /dir with file");
    const replaced = await shown([base, clash], copy("/x", "/", { alwaysReplaceExistingDestPaths: true }));
    expect(replaced).toMatchObject({ dir: "644 0:0 a file" });
  });

  test("a source that is missing is told in upstream's words, with what the ignore file hid", async () => {
    const context = bench.context({ "secret/key": "k" }, { exclude: ["secret"] });
    await expect(onScratch(context, copy("/nope", "/"))).rejects.toThrow(
      /failed to calculate checksum of ref .*: "\/nope": not found/,
    );
    await expect(onScratch(context, copy("/secret", "/"))).rejects.toMatchObject({
      hint: expect.stringContaining('"secret"'),
    });
    await expect(shown([base, base], copy("/nope", "/"))).rejects.toThrow("lstat /nope: no such file or directory");
  });

  test("what stands before a wildcard must be there, what patterns pick from as well", async () => {
    const context = bench.context({ "d/a": "a", "d/hidden": "h" }, { exclude: ["d/hidden"] });
    await expect(onScratch(context, copy("/nodir/*", "/"))).rejects.toThrow("lstat /nodir: no such file or directory");
    await expect(onScratch(context, copy("/d/hidden/*", "/"))).rejects.toThrow(
      "lstat /d/hidden: no such file or directory",
    );
    await expect(shown([base, base], copy("/nodir/*/x", "/"))).rejects.toThrow(
      "lstat /nodir: no such file or directory",
    );
    expect(await onScratch(context, copy("/d/a/*", "/to/"), copy("/d/x*", "/to/"), mkdir("/m"))).toEqual({
      "m/": "755 0:0",
    });
    await expect(onScratch(context, copy("/nope", "/", { excludePatterns: ["x"] }))).rejects.toThrow(
      "lstat /nope: no such file or directory",
    );
    const required = { includePatterns: ["nope"], requiredPaths: ["nope"] };
    await expect(onScratch(context, copy("/", "/", required))).rejects.toThrow(
      /failed to compute cache key: failed to calculate checksum of ref .*: "nope": not found/,
    );
  });

  test("parents that a copy makes get no special bits, and directories on the way to what is picked no time", async () => {
    const context = bench.context({ "a/b/f": "f", "a/g": "g" });
    for (const path of ["a/b", "a"]) utimesSync(join(context.path, path), 1_000_000_000, 1_000_000_000);
    chmodSync(join(context.path, "a/b"), 0o750);
    expect(await onScratch(context, copy("/a/g", "/x/y/", { mode: 0o4711 }))).toEqual({
      "x/": "711 0:0",
      "x/y/": "711 0:0",
      "x/y/g": "4711 0:0 g",
    });
    const times = async (includePatterns: readonly string[]) => {
      const made = await run([{ kind: "scratch" }, context], copy("/", "/to", { includePatterns }));
      expect(await bench.show(made)).toMatchObject({ "to/a/": "755 0:0", "to/a/b/": "750 0:0" });
      return await bench.look(made, (path, files) =>
        ["a", "a/b"].map((name) => files.lstat(`${path}/to/${name}`)?.mtimeMs === 1_000_000_000_000n),
      );
    };
    expect(await times(["a/b/f"])).toEqual([false, false]);
    expect(await times(["a/b"])).toEqual([false, true]);
    expect(await times(["a"])).toEqual([true, true]);
    const there = [mkdir("/to/a/b", { mode: 0o700, owner: { user: { kind: "id", id: 7 } } })] as const;
    const merged = await onScratch(context, ...there, copy("/", "/to", { includePatterns: ["a/b/f"], mode: 0o711 }));
    expect(merged).toMatchObject({
      "to/": "700 7:7",
      "to/a/": "755 7:7",
      "to/a/b/": "750 7:7",
      "to/a/b/f": "711 0:0 f",
    });
  });

  test("a caller's folder itself is never sent, nor are capabilities: as upstream's daemon gets to see it", async () => {
    const context = bench.context({ "d/f": "f" });
    lsetxattr(join(context.path, "d/f"), "security.capability", netBind);
    lsetxattr(join(context.path, "d/f"), "user.kept", Buffer.from("1"));
    chmodSync(context.path, 0o700);
    utimesSync(join(context.path, "d"), 1_000_000_000, 1_000_000_000);
    utimesSync(context.path, 1_000_000_000, 1_000_000_000);
    const whole = copy("/", "/new", { dirCopyContents: false });
    const made = await run(
      [{ kind: "scratch" }, context],
      mkdir("/there", { mode: 0o711 }),
      copy("/", "/there"),
      whole,
    );
    expect(await bench.show(made)).toMatchObject({ "there/": "711 0:0", "there/d/": "755 0:0", "new/": "755 0:0" });
    await bench.look(made, (path, files) => {
      const time = (name: string) => files.lstat(`${path}/${name}`)?.mtimeMs ?? 0n;
      expect(time("there/d")).toBe(1_000_000_000_000n);
      expect([time("there") > 1_000_000_000_000n, time("new") > 1_000_000_000_000n]).toEqual([true, true]);
      expect(files.attributeNames(`${path}/there/d/f`)).toContain("user.kept");
      expect(files.attributeNames(`${path}/there/d/f`)).not.toContain("security.capability");
    });
  });

  test("no link of either tree leads out of it", async () => {
    const evil = await bench.tree({ "etc/": "" }, (folder) => {
      symlinkSync("/../../../../../../tmp", join(folder, "out"));
      symlinkSync("/etc/passwd", join(folder, "etc/link"));
    });
    const context = bench.context({ f: "inside" });
    const made = await shown([evil, context], copy("/f", "/out/f"), mkfile("/etc/link", "mine"));
    expect(made).toMatchObject({ "tmp/f": "644 0:0 inside", "etc/passwd": "644 0:0 mine" });
    await expect(shown([base, evil], copy("/etc/link", "/x"))).rejects.toThrow(
      "lstat /etc/passwd: no such file or directory",
    );
  });

  test("unpacks archives of every compression, and copies what is none", async () => {
    const context = bench.context({ "in/a": "one", "in/d/b": "two", "plain.tar": "not a tar" });
    chownSync(join(context.path, "in/a"), 11, 12);
    for (const [name, flag] of [
      ["t.tar", ""],
      ["t.tgz", "z"],
      ["t.tbz", "j"],
      ["t.txz", "J"],
      ["t.zst", "-zstd"],
    ] as const) {
      const flags = flag.startsWith("-") ? ["--zstd", "-cf"] : [`-c${flag}f`];
      execFileSync("tar", [...flags, join(context.path, name), "-C", join(context.path, "in"), "."]);
      const made = await onScratch(context, copy(`/${name}`, "/to/", { attemptUnpack: true }));
      expect(made).toMatchObject({ "to/a": "644 11:12 one", "to/d/b": "644 0:0 two" });
    }
    const owned = await onScratch(
      context,
      copy("/t.tgz", "/to/", { attemptUnpack: true, owner: { user: { kind: "id", id: 3 } } }),
    );
    expect(owned).toMatchObject({ "to/a": "644 3:3 one", "to/d/": "755 3:3" });
    const copied = await onScratch(context, copy("/plain.tar", "/to/", { attemptUnpack: true }));
    expect(copied).toEqual({ "to/": "755 0:0", "to/plain.tar": "644 0:0 not a tar" });
  });

  test("several outputs, and a copy from what an action made", async () => {
    const actions: FileStep[] = [
      { action: mkfile("/a", "1"), input: undefined, secondaryInput: undefined, output: 1 },
      { action: mkfile("/b", "2"), input: 0, secondaryInput: undefined, output: undefined },
      { action: copy("/b", "/c"), input: 0, secondaryInput: 1, output: 0 },
    ];
    const [second, first] = await fileOp({ kind: "file", actions }, 0, bench.storage).execute([], bench.scope());
    expect(await bench.show(first)).toEqual({ a: "644 0:0 1" });
    expect(await bench.show(second)).toEqual({ a: "644 0:0 1", c: "644 0:0 2" });
  });

  test("its key counts what is read only: content, not times or other files", async () => {
    const op = fileOp(
      { kind: "file", actions: [{ action: copy("/src", "/"), input: 0, secondaryInput: 1, output: 0 }] },
      2,
      bench.storage,
    );
    const { content } = await op.recipe(bench.scope());
    expect(content[0]).toBeUndefined();
    const keyOf = (files: Record<string, string>) => content[1]?.(bench.context(files), bench.scope());
    const key = await keyOf({ "src/a": "1", other: "x" });
    expect(await keyOf({ "src/a": "1", other: "y" })).toBe(key);
    expect(await keyOf({ "src/a": "2", other: "x" })).not.toBe(key);
    await expect(keyOf({ other: "x" })).rejects.toThrow(/failed to calculate checksum of ref .*: "\/src": not found/);
  });

  test("a cancelled copy stops and leaves nothing", async () => {
    const context = bench.context({});
    mkdirSync(join(context.path, "many"));
    for (let index = 0; index < 3000; index++) writeFileSync(join(context.path, "many", `f${index}`), "x");
    // In the middle of it, however fast that is: a copy looks around now and then, and here each look at the clock is a millisecond.
    let time = 0;
    const clock = vi.spyOn(performance, "now").mockImplementation(() => time++);
    const controller = new AbortController();
    const { signal } = controller;
    let looks = 0;
    signal.throwIfAborted = () => {
      if (++looks === 5) controller.abort(new Error("enough"));
      AbortSignal.prototype.throwIfAborted.call(signal);
    };
    const step: FileStep = { action: copy("/many", "/"), input: undefined, secondaryInput: 0, output: 0 };
    const op = fileOp({ kind: "file", actions: [step] }, 1, bench.storage);
    await expect(op.execute([context], bench.scope([], signal)).finally(() => clock.mockRestore())).rejects.toThrow(
      "enough",
    );
  });
});

test("a body that makes no sense is refused before anything runs", async () => {
  await using bench = await openWorkbench();
  const step = (more: Partial<FileStep>): FileStep => ({
    action: mkdir("/a"),
    input: undefined,
    secondaryInput: undefined,
    output: 0,
    ...more,
  });
  const make =
    (...actions: FileStep[]) =>
    () =>
      fileOp({ kind: "file", actions }, 0, bench.storage);
  expect(make()).toThrow("invalid file op with no actions");
  expect(make(step({ output: undefined }))).toThrow("no outputs specified");
  expect(make(step({}), step({}))).toThrow("duplicate output 0");
  expect(make(step({ output: 1 }))).toThrow("missing output index 0");
  expect(make(step({ input: 0 }))).toThrow("invalid input index 0");
});
