/** Files whose names are no UTF-8, where rights are missing: other snapshots, other ways to run steps. */
import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { mkdirSync, symlinkSync, writeFileSync } from "../../src/kit/index.ts";
import { PodLab } from "../support/pod-lab.ts";
import { startRegistry, type TestRegistry } from "../support/registry.ts";
import type { Rights } from "../support/rights.ts";

const step = String.raw`RUN mkdir /d && cd /d && echo one > "$(printf 'a\377b')" && mkdir "$(printf 'k\304')" && mv /s/caf? "$(printf 'k\304')" && chown 5:6 "$(printf 'k\304')"`;
const common = "COPY --from=made /s /s\nCOPY --from=made --chown=7:8 /s/ /links/\nADD a.tar /x/\n";
const pods: readonly (readonly [rights: Rights, rung: string, dockerfile: string])[] = [
  ["rootless", "rootless", `FROM busybox AS made\nCOPY s /s\n${step}\nFROM scratch\nCOPY --from=made /d /d\n${common}`],
  ["baseline", "chroot", `FROM busybox AS made\nCOPY s /s\n${step}\nFROM scratch\nCOPY --from=made /d /d\n${common}`],
  ["restricted", "no-exec", `FROM busybox AS made\nCOPY s /s\nFROM scratch\n${common}`],
];
const made = [
  "-rw-r--r-- 0/0 4 d/a\\377b",
  "-rw-r--r-- 0/0 5 d/k\\304/caf\\351",
  "drwxr-xr-x 0/0 0 d/",
  "drwxr-xr-x 5/6 0 d/k\\304/",
];
const copied = [
  "-rw-r--r-- 0/0 5 s/caf\\351",
  "-rw-r--r-- 7/8 5 links/caf\\351",
  "drwxr-xr-x 7/8 0 links/",
  "drwxr-xr-x 0/0 0 s/",
  "drwxr-xr-x 0/0 0 x/",
  "drwxr-xr-x 3/4 0 x/d\\304/",
  "-rw-r--r-- 3/4 2 x/d\\304/f\\377",
  "lrwxrwxrwx 0/0 0 s/l\\377 -> t\\376",
  "lrwxrwxrwx 7/8 0 links/l\\377 -> t\\376",
];

let registry: TestRegistry;
beforeAll(async () => {
  registry = await startRegistry();
});
afterAll(() => registry[Symbol.asyncDispose]());

test.each(pods)("in a pod that is %s: %s", async (rights, rung, dockerfile) => {
  using lab = new PodLab(rights, registry);
  lab.write({ Dockerfile: dockerfile });
  fill(lab.context, lab.room.folder);
  const built = await lab.build();
  expect(built.code, built.log).toBe(0);
  expect(built.log).toContain(`isolation: ${rung}\n`);
  const tree = built.tree.map((line) => line.replaceAll(/ +/g, " "));
  const wanted = rung === "no-exec" ? copied : [...made, ...copied.filter((line) => !line.includes("caf"))];
  expect(tree).toEqual([...wanted].sort());
  const cached = await lab.build();
  expect(cached.log.match(/^#\d+ CACHED$/gm)?.length).toBeGreaterThanOrEqual(rung === "no-exec" ? 4 : 6);
  expect(lab.leftovers()).toBe("");
});

function fill(context: string, folder: string): void {
  mkdirSync(join(context, "s"));
  writeFileSync(join(context, "s/caf\udce9"), "latin");
  symlinkSync("t\udcfe", join(context, "s/l\udcff"));
  const source = join(folder, "archive");
  mkdirSync(join(source, "d\udcc4"), { recursive: true });
  writeFileSync(join(source, "d\udcc4/f\udcff"), "hi");
  execFileSync("chmod", ["-R", "u=rwX,go=rX", context, source]);
  execFileSync("tar", ["--owner=3", "--group=4", "-C", source, "-cf", join(context, "a.tar"), "."]);
  execFileSync("chmod", ["644", join(context, "a.tar")]);
}
