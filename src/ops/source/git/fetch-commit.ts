import { existsSync } from "node:fs";
import { join } from "node:path";
import { CooperError, messageOf } from "../../../kit/index.ts";
import { type GitSource, withoutPassword } from "./attributes.ts";
import { type FoundRef, isSha256 } from "./refs.ts";
import type { GitRunner } from "./run-git.ts";

/** Where commits come from: the source's remote, or a repository that was made of a bundle. */
export interface Origin {
  readonly remote: string;
  /** What git has to be allowed for it. */
  readonly env?: Readonly<Record<string, string>>;
}

type Inside = (...args: string[]) => Promise<string>;

/**
 * Makes the commit present in the bare repository at `repository` (made when missing), with all before it when the source is wanted as a
 * bundle. The origin is only asked for when something is missing. Throws `ops/git-failed`, `ops/git-no-ref`.
 */
export async function fetchCommit(
  git: GitRunner,
  repository: string,
  source: GitSource,
  found: FoundRef,
  origin: () => Promise<Origin> = async () => ({ remote: source.remote }),
): Promise<void> {
  if (!existsSync(join(repository, "HEAD"))) {
    await git.run(["init", "--quiet", "--bare", ...formatOf(found), "--", repository]);
  }
  const inside: Inside = (...args) => git.run(["--git-dir", repository, ...args]);
  const isShallow = existsSync(join(repository, "shallow"));
  if ((await hasAll(inside, found)) && !(source.asBundle && isShallow)) return checkTag(inside, source, found);
  const depth = source.asBundle ? (isShallow ? ["--unshallow"] : []) : ["--depth=1"];
  const { remote, env = {} } = await origin();
  const fetch: Inside = (...args) =>
    git.run(["--git-dir", repository, "fetch", "--quiet", "--no-tags", "--force", ...args], { env });
  const byId = found.name === "" || source.fetchByCommit;
  const name = byId ? found.commit : `${found.name}:refs/cooper/${found.sha}`;
  try {
    try {
      await fetch(...depth, "--", remote, name);
    } catch {
      // A server may refuse single commits and shallow answers: then everything comes.
      await fetch("--", remote, "+refs/heads/*:refs/remotes/origin/*", "+refs/tags/*:refs/tags/*");
    }
  } catch (cause) {
    const shown = withoutPassword(source.remote);
    throw new CooperError("ops/git-failed", `failed to fetch remote ${shown}: ${messageOf(cause)}`, { cause });
  }
  // A tag that has moved since it was looked up may be there still, by its id.
  if (!(await hasAll(inside, found))) await fetch("--", remote, found.sha).catch(() => {});
  if (await hasCommit(inside, found.commit)) return checkTag(inside, source, found);
  throw new CooperError("ops/git-no-ref", `repository does not contain commit ${found.commit}`);
}

/** A server may say anything of where a tag leads; the tag itself counts, by which the source may be pinned. */
async function checkTag(inside: Inside, { checksum }: GitSource, found: FoundRef): Promise<void> {
  if (found.sha === found.commit) return;
  const isPinned = !found.commit.startsWith(checksum);
  if (!isPinned && !(await hasTag(inside, found))) return;
  const target = (await inside("rev-parse", "--verify", `${found.sha}^{commit}`)).trim();
  if (target === found.commit) return;
  const sentence = `tag ${found.sha} is of commit ${target}, the remote said ${found.commit}`;
  throw new CooperError("ops/git-failed", sentence);
}

/** The arguments of `git init` for a repository that can hold the commit. */
export function formatOf(found: FoundRef): string[] {
  return isSha256(found) ? ["--object-format=sha256"] : [];
}

/** The commit, and the tag that names it when that is an object of its own. */
async function hasAll(inside: Inside, found: FoundRef): Promise<boolean> {
  return (await hasCommit(inside, found.commit)) && (found.sha === found.commit || (await hasTag(inside, found)));
}

async function hasTag(inside: Inside, { sha }: FoundRef): Promise<boolean> {
  return (await inside("cat-file", "-t", sha).catch(() => "")).trim() === "tag";
}

async function hasCommit(inside: Inside, commit: string): Promise<boolean> {
  return inside("cat-file", "-e", `${commit}^{commit}`).then(
    () => true,
    () => false,
  );
}
