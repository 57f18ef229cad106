import { execFileSync } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { useLab } from "../support/use-lab.ts";
import { onlyError } from "./only-error.ts";

const here = useLab();

describe("a root", () => {
  test.each([
    ["below /proc", "/proc/x/y", "no such file or directory"],
    ["that is a device", "/dev/null", "not a directory"],
  ])("%s", async (_, root, reason) => {
    here.lab.write({ Dockerfile: "FROM busybox\n" });
    expect(onlyError(await here.lab.run([], `--root ${root}`))).toContain(reason);
  });

  test("that is full, at several moments, is one error; with space again it works", async () => {
    here.lab.write({ Dockerfile: "FROM busybox\nRUN echo x > /x\n" });
    for (const size of [50, 800, 2200]) {
      mkdirSync(here.lab.root, { recursive: true });
      execFileSync("mount", ["-t", "tmpfs", "-o", `size=${size}k`, "tmpfs", here.lab.root]);
      try {
        const target = ["--output", `type=oci,dest=${here.lab.folder}/out.tar`];
        const full = onlyError(await here.lab.run(target));
        expect(full).toMatch(/no space left on device|database or disk is full/);
        expect(full).toContain("hint: free some space");
        expect(readdirSync(here.lab.folder).filter((name) => name.startsWith("out."))).toEqual([]);
        execFileSync("mount", ["-o", "remount,size=64m", here.lab.root]);
        expect((await here.lab.run()).code).toBe(0);
        expect(readdirSync(join(here.lab.root, "content/ingest"))).toEqual([]);
        execFileSync("mount", ["-o", "remount,ro", here.lab.root]);
        expect(onlyError(await here.lab.run())).toMatch(
          /read-only file system[\s\S]*hint: .*read-only file system: mount a volume there/,
        );
      } finally {
        execFileSync("umount", [here.lab.root]);
      }
    }
  });

  test("that somebody deleted parts of is made whole again", async () => {
    here.lab.write({ Dockerfile: "FROM busybox\nRUN echo x > /x\nRUN cat /x /x > /y\n" });
    await here.lab.image();
    const remove = (...names: string[]) => {
      for (const name of names) rmSync(join(here.lab.root, name), { recursive: true });
    };
    const [one = ""] = readdirSync(join(here.lab.root, "snapshots"));
    remove(`snapshots/${one}`);
    expect(here.lab.read(join((await here.lab.build()).out, "y"))).toBe("x\nx\n");
    remove("content/blobs/sha256", "locks", "trash", "run", "hashes", "executor");
    await here.lab.image();
    remove("snapshots", "content");
    expect(here.lab.read(join((await here.lab.build()).out, "y"))).toBe("x\nx\n");
  });

  test("whose documents were damaged fetches and writes them again", async () => {
    here.lab.write({ Dockerfile: "FROM busybox\nENV A=1\n" });
    await here.lab.image();
    const blobs = join(here.lab.root, "content/blobs/sha256");
    for (const name of readdirSync(blobs)) {
      const bytes = readFileSync(join(blobs, name));
      if (bytes.length < 10_000) writeFileSync(join(blobs, name), Buffer.alloc(bytes.length, 120));
    }
    expect((await here.lab.image()).config.config.Env).toContain("A=1");
  });
});
