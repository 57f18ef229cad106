import { execFile } from "node:child_process";
import { basename } from "node:path";
import type { Scope } from "../../kit/index.ts";
import type { BuildContext } from "../expand/contract.ts";
import { stableUuid } from "../expand/uuid.ts";

/** What a caller knows better than git. */
export interface BuildOverrides {
  readonly branch?: string;
  readonly commit?: string;
  readonly message?: string;
  readonly number?: number;
  readonly pipelineSlug?: string;
  readonly repository?: string;
}

/**
 * The build that a pipeline in `folder` would belong to, as far as its git repository tells; without one the fields are empty. The id
 * is the same for the same repository, commit and number. `if_changed` looks at what differs from the default branch.
 */
export async function readBuildContext(folder: string, overrides: BuildOverrides, scope: Scope): Promise<BuildContext> {
  const git = (...args: string[]) => gitOutput(folder, args, scope);
  const [commit, branch, tag, message, name, email, remote, head, top] = await Promise.all([
    git("rev-parse", "HEAD"),
    git("rev-parse", "--abbrev-ref", "HEAD"),
    git("tag", "--points-at", "HEAD"),
    git("log", "-1", "--format=%B"),
    git("log", "-1", "--format=%an"),
    git("log", "-1", "--format=%ae"),
    git("remote", "get-url", "origin"),
    git("symbolic-ref", "--short", "refs/remotes/origin/HEAD"),
    git("rev-parse", "--show-toplevel"),
  ]);
  const repository = overrides.repository ?? (remote || top);
  const slug = overrides.pipelineSlug ?? slugOf(repository || folder);
  const number = overrides.number ?? 1;
  const defaultBranch = head.replace(/^origin\//, "") || "main";
  const changedFiles = await changedSince(head || defaultBranch, git);
  return {
    id: stableUuid(repository || folder, overrides.commit ?? commit, String(number)),
    number,
    branch: overrides.branch ?? (branch === "HEAD" ? "" : branch),
    commit: overrides.commit ?? commit,
    tag: tag.split("\n")[0] ?? "",
    message: overrides.message ?? message,
    author: { name, email },
    repository,
    source: "local",
    pipelineSlug: slug,
    organizationSlug: "local",
    defaultBranch,
    ...(changedFiles !== undefined && { changedFiles }),
  };
}

async function changedSince(
  base: string,
  git: (...args: string[]) => Promise<string>,
): Promise<readonly string[] | undefined> {
  const common = await git("merge-base", base, "HEAD");
  if (common === "") return undefined;
  const names = await git("diff", "--name-only", "-z", common);
  return names.split("\0").filter((name) => name !== "");
}

/** What a pipeline of a repository is called: its last name, in small letters. */
function slugOf(repository: string): string {
  const name = basename(repository.replace(/\/+$/, "")).replace(/\.git$/, "");
  return (
    name
      .toLowerCase()
      .replace(/[^a-z0-9]+/g, "-")
      .replace(/^-+|-+$/g, "") || "pipeline"
  );
}

/** What git prints, without the last newline; empty when it cannot tell. */
function gitOutput(folder: string, args: readonly string[], scope: Scope): Promise<string> {
  const env = { ...process.env, GIT_OPTIONAL_LOCKS: "0", LC_ALL: "C" };
  return new Promise((resolve, reject) => {
    execFile("git", args, { cwd: folder, env, signal: scope.signal, maxBuffer: 64 << 20 }, (error, stdout) => {
      if (scope.signal.aborted) reject(scope.signal.reason);
      else resolve(error === null ? stdout.trimEnd() : "");
    });
  });
}
