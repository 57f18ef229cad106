import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { buildFromGit } from "./from-git.ts";

test("a build is what git tells of the working tree, and variables that are set win", async () => {
  const folder = mkdtempSync(join(tmpdir(), "cooper-git-"));
  const git = (...args: string[]) =>
    execFileSync("git", ["-C", folder, "-c", "user.name=Ann", "-c", "user.email=ann@example.org", ...args], {
      encoding: "utf8",
    }).trim();
  try {
    git("init", "-q", "-b", "main");
    writeFileSync(join(folder, "a.txt"), "a");
    git("add", ".");
    git("commit", "-qm", "first\n\nmore");
    git("remote", "add", "origin", "https://git.example/ann/My_App.git");
    git("checkout", "-qb", "feature/x");
    writeFileSync(join(folder, "b.txt"), "b");
    git("add", ".");
    git("commit", "-qm", "second");
    git("tag", "v1");
    writeFileSync(join(folder, "c d.txt"), "c");
    const build = await buildFromGit(folder, {});
    expect(build).toMatchObject({
      number: 2,
      branch: "feature/x",
      commit: git("rev-parse", "HEAD"),
      tag: "v1",
      message: "second",
      author: { name: "Ann", email: "ann@example.org" },
      repository: "https://git.example/ann/My_App.git",
      source: "local",
      pipelineSlug: "my-app",
      defaultBranch: "main",
      changedFiles: ["b.txt", "c d.txt"],
    });
    expect((await buildFromGit(folder, {})).id).toBe(build.id);
    expect(await buildFromGit(folder, { BUILDKITE_BUILD_NUMBER: "42", BUILDKITE_TAG: "" }, "main")).toMatchObject({
      number: 42,
      branch: "main",
      tag: "",
    });
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test("outside of a repository the rest still stands", async () => {
  expect(await buildFromGit("/", {})).toMatchObject({
    number: 1,
    branch: "main",
    commit: "",
    pipelineSlug: "pipeline",
  });
});
