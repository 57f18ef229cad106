import { chmodSync, existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { gitRunner } from "./run-git.ts";

let folder = "";
const path = process.env.PATH;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "cooper-run-git-"));
  process.env.PATH = `${folder}:${path}`;
});
afterEach(() => {
  process.env.PATH = path;
  rmSync(folder, { recursive: true });
});

/** A program in git's place. */
function git(script: string): void {
  writeFileSync(join(folder, "git"), `#!/bin/sh\n${script}\n`);
  chmodSync(join(folder, "git"), 0o755);
}

test("a git that is cancelled has ended, with what it does at its end, when the caller hears of it", async () => {
  const ended = join(folder, "ended");
  git(`trap 'sleep 0.5; touch ${ended}; exit 1' TERM; echo begun >&2; while :; do sleep 0.05; done`);
  const controller = new AbortController();
  const scope = { signal: controller.signal, log: () => {} };
  const runner = gitRunner({}, () => controller.abort(new Error("enough")), scope);
  await expect(runner.run(["fetch"])).rejects.toThrow("enough");
  expect(existsSync(ended)).toBe(true);
});

test("one that fails says its last words; one that is not there says so", async () => {
  const scope = { signal: new AbortController().signal, log: () => {} };
  git("echo no such thing >&2; exit 3");
  await expect(gitRunner({}, () => {}, scope).run(["fetch"])).rejects.toMatchObject({
    code: "ops/git-failed",
    message: "git stderr:\nno such thing\n: exit status 3",
  });
  process.env.PATH = "/nonexistent";
  await expect(gitRunner({}, () => {}, scope).run(["fetch"])).rejects.toMatchObject({ code: "ops/no-git" });
});
