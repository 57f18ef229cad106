import { rm } from "node:fs/promises";
import { join } from "node:path";
import { CooperError, readdirSync, renameSync } from "../../../kit/index.ts";
import type { GitSource } from "./attributes.ts";
import { formatOf } from "./fetch-commit.ts";
import type { FoundRef } from "./refs.ts";
import type { GitRunner } from "./run-git.ts";

/** Writes the commit's tree (or the subdirectory's) into the empty `folder`. `work` is a folder for temporary files. */
export async function checkOut(
  git: GitRunner,
  repository: string,
  source: GitSource,
  found: FoundRef,
  folder: string,
  work: string,
): Promise<void> {
  const tree = `${found.commit}^{commit}`;
  const submodules = source.submodules && (await hasSubmodules(git, repository, tree));
  if (!source.keepGitDir && !submodules) {
    await writeTree(git, repository, source.subdir === "" ? tree : `${found.commit}:${source.subdir}`, folder, work);
    return;
  }
  const whole = source.subdir === "" ? folder : join(work, "whole");
  await cloneInto(git, repository, source, found, whole);
  if (submodules)
    await git.run(["submodule", "--quiet", "update", "--init", "--recursive", "--depth=1"], { cwd: whole });
  if (!source.keepGitDir) await removeGitDirs(git, whole);
  if (whole !== folder) await moveSubdir(whole, source.subdir, folder);
}

async function hasSubmodules(git: GitRunner, repository: string, tree: string): Promise<boolean> {
  const listed = await git.run(["--git-dir", repository, "ls-tree", "--name-only", tree, "--", ".gitmodules"]);
  return listed.trim() !== "";
}

async function writeTree(
  git: GitRunner,
  repository: string,
  tree: string,
  folder: string,
  work: string,
): Promise<void> {
  const env = { GIT_INDEX_FILE: join(work, "index"), GIT_WORK_TREE: folder };
  await git.run(["--git-dir", repository, "read-tree", tree], { env });
  await git.run(["--git-dir", repository, "checkout-index", "--all", "--force"], { cwd: folder, env });
}

/** A repository of its own with just this commit under its ref's name, as a shallow clone would be. */
async function cloneInto(
  git: GitRunner,
  repository: string,
  source: GitSource,
  found: FoundRef,
  folder: string,
): Promise<void> {
  await git.run(["init", "--quiet", ...formatOf(found), "--", folder]);
  const inside = (...args: string[]) => git.run(args, { cwd: folder, env: { GIT_ALLOW_PROTOCOL: "file" } });
  await git.run(["--git-dir", repository, "update-ref", "refs/cooper/checkout", found.sha]);
  const named = found.name.startsWith("refs/") ? `refs/cooper/checkout:${found.name}` : "refs/cooper/checkout";
  await inside("fetch", "--quiet", "--update-head-ok", "--depth=1", "--", `file://${repository}`, named);
  await inside("checkout", "--quiet", "--detach", found.commit);
  await inside("remote", "add", "origin", source.remote);
  await inside("reflog", "expire", "--all", "--expire=now");
  await rm(join(folder, ".git/FETCH_HEAD"), { force: true });
}

async function removeGitDirs(git: GitRunner, folder: string): Promise<void> {
  const listed = await git.run(["submodule", "--quiet", "foreach", "--recursive", "echo $displaypath"], {
    cwd: folder,
  });
  for (const path of listed.split("\n").filter((line) => line !== "")) {
    await rm(join(folder, path, ".git"), { recursive: true, force: true });
  }
  await rm(join(folder, ".git"), { recursive: true, force: true });
}

async function moveSubdir(whole: string, subdir: string, folder: string): Promise<void> {
  const { lstat, cp } = await import("node:fs/promises");
  let current = whole;
  for (const part of subdir.split("/")) {
    current = join(current, part);
    const info = await lstat(current).catch(() => undefined);
    if (!info?.isDirectory()) {
      throw new CooperError("ops/git-no-subdir", `invalid subdir ${subdir}: not a directory`);
    }
  }
  for (const name of readdirSync(current)) {
    const [from, to] = [join(current, name), join(folder, name)];
    try {
      renameSync(from, to);
    } catch {
      await cp(from, to, { recursive: true, verbatimSymlinks: true });
    }
  }
}
