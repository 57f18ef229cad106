import { createWriteStream } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { CooperError, prefixed } from "../../../kit/index.ts";
import type { RegistryClient } from "../../../registry/index.ts";
import type { OpScope } from "../../contract.ts";
import { type NamedBlob, withBlob } from "../blob/named-blob.ts";
import { type GitSource, isCommit } from "./attributes.ts";
import { formatOf, type Origin } from "./fetch-commit.ts";
import type { FoundRef } from "./refs.ts";
import type { GitRunner } from "./run-git.ts";

/** A repository on this machine may be read. */
const env = { GIT_ALLOW_PROTOCOL: "file" };

/**
 * A repository of its own below `work` with all that a bundle has (gitformat-bundle); the commit that the source is pinned to has to be in it.
 * Throws `ops/git-failed`, `ops/git-no-ref`, and what fetching a blob throws.
 */
export async function stageBundle(
  bundle: NamedBlob,
  commit: string,
  git: GitRunner,
  registry: RegistryClient,
  work: string,
  scope: OpScope,
): Promise<Origin> {
  const file = join(work, "bundle.pack");
  try {
    await withBlob(bundle, registry, scope, (bytes) => pipeline(bytes, createWriteStream(file)));
  } catch (error) {
    throw prefixed(`failed to fetch git bundle ${bundle.name}`, error, "ops/git-failed");
  }
  const repository = join(work, "bundle.git");
  const inside = (...args: string[]) => git.run(["--git-dir", repository, ...args], { env });
  await git.run(["init", "--quiet", "--bare", ...(await formatIn(file, git)), "--", repository]);
  await inside("fetch", "--quiet", "--", file, "+refs/*:refs/*");
  await inside("cat-file", "-e", `${commit}^{commit}`).catch((cause: unknown) => {
    throw new CooperError("ops/git-no-ref", `commit ${commit} not found in bundle ${bundle.name}`, { cause });
  });
  return { remote: `file://${repository}`, env };
}

/** The arguments of `git init` for a repository that can hold what is in the bundle. */
async function formatIn(file: string, git: GitRunner): Promise<string[]> {
  const [id = ""] = (await git.run(["ls-remote", "--", file], { env })).split("\t");
  if (!isCommit(id)) throw new CooperError("ops/git-failed", "failed to inspect git bundle: no refs found");
  return formatOf({ name: "", sha: id, commit: id });
}

/** Writes the commit and all before it as the file `bundle` into `folder`, under the source's own ref. */
export async function writeBundle(
  git: GitRunner,
  repository: string,
  source: GitSource,
  found: FoundRef,
  folder: string,
  work: string,
): Promise<void> {
  // Its refs are the bundle's alone; its objects are the kept repository's.
  const own = join(work, "refs.git");
  const inside = (...args: string[]) => git.run(["--git-dir", own, "-c", "pack.threads=1", ...args]);
  await git.run(["init", "--quiet", "--bare", ...formatOf(found), "--", own]);
  await writeFile(join(own, "objects/info/alternates"), `${join(repository, "objects")}\n`);
  const ref = bundleRef(source.ref);
  await inside("update-ref", ref, ref.startsWith("refs/tags/") ? found.sha : found.commit);
  await inside("bundle", "create", "--quiet", join(folder, "bundle"), ref);
}

/** A bundle needs a name for what it has: a tag's when the source says that it is one, else a branch's. */
export function bundleRef(ref: string): string {
  if (ref === "" || isCommit(ref)) return "refs/heads/main";
  return ref.startsWith("refs/tags/") ? ref : `refs/heads/${ref.replace(/^refs\//, "").replace(/^heads\//, "")}`;
}
