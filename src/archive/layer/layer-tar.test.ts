import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, readdirSync } from "node:fs";
import { createServer } from "node:net";
import { afterAll, describe, expect, test } from "vitest";
import { bytesOf, collect, quietScope, sha256 } from "../../kit/index.ts";
import { mountOverlay, umount } from "../../sys/index.ts";
import type { LayerChanges, LayerTarOptions } from "../contract.ts";
import { entriesOf, never, testFolder } from "../testing/index.ts";
import { applyLayer } from "./apply-layer.ts";
import { layerTar } from "./layer-tar.ts";

const at = testFolder();
const mounts: string[] = [];
afterAll(() => {
  for (const mount of mounts) umount(mount, { detach: true });
});

const sh = (cwd: string, script: string) => execFileSync("sh", ["-ec", `umask 022; ${script}`], { cwd });
let count = 0;
const fresh = (script = "") => {
  const path = at(`${count++}`);
  mkdirSync(path);
  sh(path, script);
  return path;
};

/** Runs a script on an overlay over these layers; its changes. */
function changed(lower: readonly string[], script: string): LayerChanges {
  const [upper, work, merged] = [fresh(), fresh(), fresh()];
  mountOverlay({ lower, upper, work, options: ["index=off"] }, merged);
  mounts.push(merged);
  sh(merged, script);
  return { form: "overlay", upper, lower };
}
/** Runs a script on a copy of a tree; the copy and its parent. */
function changedCopy(parent: string, script: string): LayerChanges {
  const tree = fresh();
  execFileSync("cp", ["-a", `${parent}/.`, tree]);
  sh(tree, script);
  return { form: "whole", tree, parent };
}
const tarOf = (changes: LayerChanges, options: LayerTarOptions = {}) => collect(layerTar(changes, options, never), 1e8);
const namesOf = async (changes: LayerChanges) =>
  (await entriesOf(layerTar(changes, {}, never))).map((entry) => entry.header.name);

// The steps of upstream's build whose layers are recorded, and the digests that it got with rewrite-timestamp.
const base = "mkdir -p bin root && touch bin/yes bin/sh";
const first =
  "mkdir work && cd work && echo data > f && ln f hard && ln -s f sym && mkdir -p d/e && echo x > d/e/g && chmod 4711 f && mkfifo fifo && mknod chr c 1 3 && mkdir sticky && chmod 1777 sticky && chown 12:34 d";
const second =
  "chown 0:0 work/d; cd work && rm f && rm -rf d && mkdir d && echo n > d/new && touch d/z && rm ../bin/yes && chmod 700 ../root";
const firstDigest = "sha256:3675bd07a9b64f8c2325282530d9109e539844d09fad1444a2082f0bd680b498";
const secondDigest = "sha256:404f2a0998135583816e9e91bec00f86151967cc4a8aecbe3523cfcef379c981";
const rawNames = String.raw`mkdir raw; cd raw; n=$(printf 'a\377b'); mkdir "$(printf 'k\304')"; echo one > "$n"; echo x > "$(printf 'k\304')/x"; ln -s "$n" "l$n"; ln "$n" hard; mkfifo "f$n"; echo u > "$(printf 'a\303\277b')"; echo gone > "$(printf 'z\200')"; mkdir "$(printf 'q\200')"; echo y > "$(printf 'q\200')/$(printf '%0120d\377' 1)"`;
const rawChanges = String.raw`cd raw; rm "$(printf 'z\200')" "$(printf 'k\304')/x"; rm -r "$(printf 'q\200')"; echo n > "$(printf 'k\304')/$(printf 'n\376')"; chmod 600 "$(printf 'a\377b')"`;
const rawDigests = [
  "sha256:59a3d5df6649cb456bf3207451ad1b994b1d2a649f443cd166231ad84e34be98",
  "sha256:ba275f6cc9fab50faa46363b32b6d061099a9cad8590ab2b46e3e4b166756e99",
];
const options = { latestMtime: 1_700_000_000 };

describe("layerTar()", () => {
  test("gives the bytes of upstream's layers from an overlay's upper directory", async () => {
    const bottom = fresh(base);
    const one = changed([bottom], first);
    const two = changed([bottom, (one as { upper: string }).upper], second);
    expect(sha256(await tarOf(one, options))).toBe(firstDigest);
    expect(sha256(await tarOf(two, options))).toBe(secondDigest);
  });

  test("gives the bytes of upstream's layers of files whose names are no UTF-8", async () => {
    const [made, changes] = [rawNames, rawChanges];
    const bottom = fresh(base);
    const one = changed([bottom], made);
    const two = changed([bottom, (one as { upper: string }).upper], changes);
    expect([sha256(await tarOf(one, options)), sha256(await tarOf(two, options))]).toEqual(rawDigests);
    const copy = changedCopy(fresh(base), made);
    const next = changedCopy((copy as { tree: string }).tree, changes);
    expect(sha256(await tarOf(copy, options))).toBe(rawDigests[0]);
    // In an overlay the other name of a file stays behind when the file is changed.
    expect((await namesOf(next)).filter((name) => name !== "raw/hard").sort()).toEqual((await namesOf(two)).sort());

    // Unpacked again, it is what it was made of.
    const again = fresh();
    await applyLayer(layerTar(one, {}, never), again, { form: "overlay" }, quietScope);
    expect(sha256(await tarOf({ form: "overlay", upper: again, lower: [bottom] }, options))).toBe(rawDigests[0]);
    await applyLayer(layerTar(two, {}, never), again, { form: "whole" }, quietScope);
    expect(
      execFileSync("find", [".", "-printf", "%P %l\\n"], { cwd: again, encoding: "latin1" }).split("\n").sort(),
    ).toEqual(
      [
        "",
        " ",
        "raw ",
        "raw/a\xc3\xbfb ",
        "raw/a\xffb ",
        "raw/fa\xffb ",
        "raw/hard ",
        "raw/k\xc4 ",
        "raw/k\xc4/n\xfe ",
        "raw/la\xffb a\xffb",
      ].sort(),
    );
  });

  test("gives the same bytes from whole trees", async () => {
    const one = changedCopy(fresh(base), first);
    const two = changedCopy((one as { tree: string }).tree, second);
    expect(sha256(await tarOf(one, options))).toBe(firstDigest);
    expect(sha256(await tarOf(two, options))).toBe(secondDigest);
  });

  test("leaves out what was touched and put back, and directories that only hold such", async () => {
    const lower = fresh("mkdir -p d/e && echo same > d/e/f && touch -d @1000 d/e/f");
    expect(
      await namesOf(changed([lower], "mv d/e/f d/e/g; mv d/e/g d/e/f; touch -d @1000 d/e/f; touch new; rm new")),
    ).toEqual([]);
    expect(await namesOf(changed([lower], "chmod 600 d/e/f"))).toEqual(["d/", "d/e/", "d/e/f"]);
  });

  test("has a file that was written anew with the size and the very time of the one below", async () => {
    const lower = fresh("echo A > foo && ln -s A link && touch -h -d @1000.5 foo link");
    const script = "rm foo link && echo B > foo && ln -s B link && touch -h -d @1000.5 foo link";
    expect(await namesOf(changed([lower], script))).toEqual(["foo", "link"]);
  });

  test("tells what is gone from a directory that was made anew, child by child", async () => {
    const lower = [fresh("mkdir -p d/sub; touch d/a d/sub/x"), fresh("mkdir d; touch d/b")];
    expect(await namesOf(changed(lower, "rm -r d; mkdir d; echo > d/b; touch d/c"))).toEqual([
      "d/",
      "d/.wh.a",
      "d/b",
      "d/c",
      "d/.wh.sub",
    ]);
  });

  test("tells that a file became a directory and the other way round", async () => {
    const lower = fresh("mkdir d; touch d/x f");
    expect(await namesOf(changed([lower], "rm -r d f; touch d; mkdir f; touch f/y"))).toEqual(["d", "f/", "f/y"]);
    expect(await namesOf(changedCopy(lower, "rm -r d f; touch d; mkdir f; touch f/y"))).toEqual(["d", "f/", "f/y"]);
  });

  test("has names in the order of their bytes", async () => {
    const upper = fresh("touch b B a.b a-b ü 'a b' '\u{1f600}' '\uff5e'; mkdir a; touch a/z");
    expect(await namesOf({ form: "overlay", upper, lower: [] })).toEqual(
      ["B", "a/", "a/z", "a b", "a-b", "a.b", "b", "ü", "\uff5e", "\u{1f600}"].sort((x, y) =>
        Buffer.compare(Buffer.from(x.replace("/", "\0")), Buffer.from(y.replace("/", "\0"))),
      ),
    );
  });

  test("links to the first name of a file, also when that name did not change", async () => {
    const upper = fresh("echo 1 > a; ln a b; mkdir d; ln a d/c");
    const entries = await entriesOf(layerTar({ form: "overlay", upper, lower: [] }, {}, never));
    expect(entries.map(({ header }) => [header.name, header.linkName])).toEqual([
      ["a", undefined],
      ["b", "a"],
      ["d/", undefined],
      ["d/c", "a"],
    ]);
    const whole = await entriesOf(layerTar(changedCopy(fresh("echo 1 > a; touch -d @5 a"), "ln a b"), {}, never));
    expect(whole.map(({ header }) => [header.name, header.linkName])).toEqual([
      ["b", undefined],
      ["a", "b"],
    ]);
  });

  test("leaves out sockets and all attributes but capabilities", async () => {
    const upper = fresh(
      "touch f; setfattr -n user.a -v 1 f 2>/dev/null || true; setcap cap_net_raw+ep f 2>/dev/null || true",
    );
    const server = createServer().listen(`${upper}/socket`);
    await new Promise((resolve) => server.once("listening", resolve));
    const entries = await entriesOf(layerTar({ form: "overlay", upper, lower: [] }, {}, never));
    server.close();
    expect(entries.map((entry) => entry.header.name)).toEqual(["f"]);
    expect([...(entries[0]?.header.xattrs?.keys() ?? [])].filter((name) => name !== "security.capability")).toEqual([]);
  });

  test("is the same after its layer was unpacked, whichever way", async () => {
    const bottom = fresh(base);
    const one = changed([bottom], first);
    const tar = await tarOf(one);
    const upper = fresh();
    await applyLayer(bytesOf(tar), upper, { form: "overlay" }, quietScope);
    expect((await tarOf({ form: "overlay", upper, lower: [bottom] })).equals(tar)).toBe(true);
    const tree = fresh();
    cpSync(bottom, tree, { recursive: true, preserveTimestamps: true });
    await applyLayer(bytesOf(tar), tree, { form: "whole" }, quietScope);
    expect(readdirSync(`${tree}/work`)).toEqual(readdirSync(`${upper}/work`));
  });

  test("stops with its scope", async () => {
    const signal = AbortSignal.abort(new Error("enough"));
    const upper = fresh("head -c 3000000 /dev/zero > f");
    await expect(collect(layerTar({ form: "overlay", upper, lower: [] }, {}, { signal }), 1e8)).rejects.toThrow(
      "enough",
    );
  });
});
