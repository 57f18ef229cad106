import { execFileSync } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { type BuildResult, Lab } from "../support/lab.ts";
import { startRegistry, type TestRegistry } from "../support/registry.ts";

let registry: TestRegistry;
let lab: Lab;
beforeAll(async () => {
  registry = await startRegistry();
});
afterAll(() => registry[Symbol.asyncDispose]());
beforeEach(() => {
  lab = new Lab(registry);
});
afterEach(() => {
  expect(lab.leftovers()).toEqual([]);
  lab[Symbol.dispose]();
});

/** One error, as it reads, and its hint. */
function onlyError({ code, log }: BuildResult): string {
  expect(code, log).toBe(1);
  expect(log).not.toMatch(/^ +at /m);
  expect(log.match(/^error: /gm)).toHaveLength(1);
  return log.slice(log.search(/^error: /m));
}

describe("a root", () => {
  test.each([
    ["below /proc", "/proc/x/y", "no such file or directory"],
    ["that is a device", "/dev/null", "not a directory"],
  ])("%s", async (_, root, reason) => {
    lab.write({ Dockerfile: "FROM busybox\n" });
    expect(onlyError(await lab.run([], `--root ${root}`))).toContain(reason);
  });

  test("that is full, at several moments, is one error; with space again it works", async () => {
    lab.write({ Dockerfile: "FROM busybox\nRUN echo x > /x\n" });
    for (const size of [50, 800, 2200]) {
      mkdirSync(lab.root, { recursive: true });
      execFileSync("mount", ["-t", "tmpfs", "-o", `size=${size}k`, "tmpfs", lab.root]);
      try {
        const target = ["--output", `type=oci,dest=${lab.folder}/out.tar`];
        const full = onlyError(await lab.run(target));
        expect(full).toMatch(/no space left on device|database or disk is full/);
        expect(full).toContain("hint: free some space");
        expect(readdirSync(lab.folder).filter((name) => name.startsWith("out."))).toEqual([]);
        execFileSync("mount", ["-o", "remount,size=64m", lab.root]);
        expect((await lab.run()).code).toBe(0);
        expect(readdirSync(join(lab.root, "content/ingest"))).toEqual([]);
        execFileSync("mount", ["-o", "remount,ro", lab.root]);
        expect(onlyError(await lab.run())).toMatch(
          /read-only file system[\s\S]*hint: .*read-only file system: mount a volume there/,
        );
      } finally {
        execFileSync("umount", [lab.root]);
      }
    }
  });

  test("that somebody deleted parts of is made whole again", async () => {
    lab.write({ Dockerfile: "FROM busybox\nRUN echo x > /x\nRUN cat /x /x > /y\n" });
    await lab.image();
    const remove = (...names: string[]) => {
      for (const name of names) rmSync(join(lab.root, name), { recursive: true });
    };
    const [one = ""] = readdirSync(join(lab.root, "snapshots"));
    remove(`snapshots/${one}`);
    expect(lab.read(join((await lab.build()).out, "y"))).toBe("x\nx\n");
    remove("content/blobs/sha256", "locks", "trash", "run", "hashes", "executor");
    await lab.image();
    remove("snapshots", "content");
    expect(lab.read(join((await lab.build()).out, "y"))).toBe("x\nx\n");
  });

  test("whose documents were damaged fetches and writes them again", async () => {
    lab.write({ Dockerfile: "FROM busybox\nENV A=1\n" });
    await lab.image();
    const blobs = join(lab.root, "content/blobs/sha256");
    for (const name of readdirSync(blobs)) {
      const bytes = readFileSync(join(blobs, name));
      if (bytes.length < 10_000) writeFileSync(join(blobs, name), Buffer.alloc(bytes.length, 120));
    }
    expect((await lab.image()).config.config.Env).toContain("A=1");
  });
});
