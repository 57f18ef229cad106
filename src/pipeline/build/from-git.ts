import { execFile } from "node:child_process";
import { basename, resolve } from "node:path";
import { promisify } from "node:util";
import type { BuildContext } from "../expand/contract.ts";
import { stableUuid } from "../expand/uuid.ts";

const run = promisify(execFile);
/** More changed paths than this are as good as all. */
const maxOutput = 64 << 20;

/**
 * The build of a working tree, as git and the variables tell: BUILDKITE_* variables that are set win. Outside of a repository what only git knows
 * is empty. `branch`: instead of the one that is checked out. Never throws.
 */
export async function buildFromGit(folder: string, env: NodeJS.ProcessEnv, branch?: string): Promise<BuildContext> {
  const git = (...args: readonly string[]) => gitOutput(folder, args);
  const [commit, head, count, message, author, repository, tag, top] = await Promise.all([
    git("rev-parse", "HEAD"),
    git("symbolic-ref", "--short", "-q", "HEAD"),
    git("rev-list", "--count", "HEAD"),
    git("log", "-1", "--format=%B"),
    git("log", "-1", "--format=%an%n%ae"),
    git("config", "--get", "remote.origin.url"),
    git("describe", "--tags", "--exact-match", "HEAD"),
    git("rev-parse", "--show-toplevel"),
  ]);
  const [name = "", email = ""] = author.split("\n");
  const defaultBranch = env.BUILDKITE_PIPELINE_DEFAULT_BRANCH ?? (await defaultBranchOf(git));
  const number = Number(env.BUILDKITE_BUILD_NUMBER ?? (count || "1"));
  const slug = slugOf(repository === "" ? basename(top || resolve(folder)) : basename(repository, ".git"));
  const changedFiles = commit === "" ? undefined : await changedSince(defaultBranch, git);
  return {
    id: env.BUILDKITE_BUILD_ID ?? stableUuid("build", repository, top, commit, String(number)),
    number: Number.isSafeInteger(number) ? number : 1,
    branch: branch ?? env.BUILDKITE_BRANCH ?? (head || defaultBranch),
    commit: env.BUILDKITE_COMMIT !== undefined && env.BUILDKITE_COMMIT !== "HEAD" ? env.BUILDKITE_COMMIT : commit,
    tag: env.BUILDKITE_TAG ?? tag,
    message: env.BUILDKITE_MESSAGE ?? message,
    author: { name: env.BUILDKITE_BUILD_AUTHOR ?? name, email: env.BUILDKITE_BUILD_AUTHOR_EMAIL ?? email },
    repository: env.BUILDKITE_REPO ?? repository,
    source: env.BUILDKITE_SOURCE ?? "local",
    pipelineSlug: env.BUILDKITE_PIPELINE_SLUG ?? slug,
    organizationSlug: env.BUILDKITE_ORGANIZATION_SLUG ?? "local",
    defaultBranch,
    ...(changedFiles !== undefined && { changedFiles }),
  };
}

type Git = (...args: readonly string[]) => Promise<string>;

/** Empty when git fails or is not there. */
async function gitOutput(folder: string, args: readonly string[]): Promise<string> {
  try {
    // Root may look at anybody's tree.
    const all = ["-c", "safe.directory=*", "-c", "core.quotePath=false", "-C", folder, ...args];
    return (
      await run("git", all, { maxBuffer: maxOutput, env: { ...process.env, GIT_OPTIONAL_LOCKS: "0" } })
    ).stdout.trim();
  } catch {
    return "";
  }
}

async function defaultBranchOf(git: Git): Promise<string> {
  const remote = await git("symbolic-ref", "--short", "-q", "refs/remotes/origin/HEAD");
  if (remote !== "") return remote.replace(/^origin\//, "");
  for (const name of ["main", "master"]) {
    if ((await git("rev-parse", "--verify", "-q", `refs/heads/${name}`)) !== "") return name;
  }
  return "main";
}

/** What differs from where this branch left the default branch, with what is not committed yet; undefined when git cannot tell. */
async function changedSince(defaultBranch: string, git: Git): Promise<readonly string[] | undefined> {
  for (const name of [`origin/${defaultBranch}`, defaultBranch]) {
    const base = await git("merge-base", name, "HEAD");
    if (base === "") continue;
    const changed = await git("diff", "--name-only", base);
    const fresh = await git("ls-files", "--others", "--exclude-standard", "--full-name");
    return [...new Set(`${changed}\n${fresh}`.split("\n").filter((path) => path !== ""))];
  }
  return undefined;
}

function slugOf(name: string): string {
  return (
    name
      .toLowerCase()
      .replaceAll(/[^a-z0-9]+/g, "-")
      .replaceAll(/^-|-$/g, "") || "pipeline"
  );
}
