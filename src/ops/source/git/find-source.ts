import { CooperError, messageOf } from "../../../kit/index.ts";
import type { RegistryClient } from "../../../registry/index.ts";
import type { Storage } from "../../../storage/index.ts";
import type { OpScope } from "../../contract.ts";
import type { SourceAnswers } from "../answers.ts";
import { type GitSource, isCommit, withoutPassword } from "./attributes.ts";
import { fetchCommit, type Origin } from "./fetch-commit.ts";
import { inRepository, withGit } from "./kept-repository.ts";
import { type FoundRef, findRef } from "./refs.ts";
import type { GitRunner } from "./run-git.ts";

/** What the ref means in this build: asked for once. Without a registry client, no bundle is fetched. Throws `ops/checksum`, `ops/git-…`. */
export async function findSource(
  source: GitSource,
  storage: Storage,
  answers: SourceAnswers,
  scope: OpScope,
  registry?: RegistryClient,
): Promise<FoundRef> {
  const pinned = pinnedRef(source);
  if (pinned !== undefined) return checked(source, pinned);
  const question = `${source.remote} ${source.ref} ${source.bundle?.digest ?? ""}`;
  return checked(source, await answers.gitRefs.once(question, scope, () => ask(source, storage, scope, registry)));
}

/** What nobody needs to be asked for. */
function pinnedRef({ ref, checksum, bundle, fetchByCommit }: GitSource): FoundRef | undefined {
  if (isCommit(ref)) return { name: "", sha: ref, commit: ref };
  if (!fetchByCommit && (bundle === undefined || ref !== "")) return undefined;
  const name = ref === "" || ref.startsWith("refs/") ? ref : `refs/heads/${ref}`;
  return { name, sha: checksum, commit: checksum };
}

function ask(
  source: GitSource,
  storage: Storage,
  scope: OpScope,
  registry: RegistryClient | undefined,
): Promise<FoundRef> {
  return withGit(source, storage, scope, async (git, work) => {
    if (source.bundle === undefined) return resolveRef(source, { remote: source.remote }, git);
    const origin = await originOf(source, git, registry, work, scope)();
    const found = await resolveRef(source, origin, git);
    // What was fetched to look at it is not fetched again to be checked out.
    await inRepository(source, found, storage, scope, (repository) =>
      fetchCommit(git, repository, source, found, async () => origin),
    );
    return found;
  });
}

/** Where the source's commits come from; a bundle is fetched when that is asked for. */
export function originOf(
  source: GitSource,
  git: GitRunner,
  registry: RegistryClient | undefined,
  work: string,
  scope: OpScope,
): () => Promise<Origin> {
  const { bundle, remote, checksum } = source;
  if (bundle === undefined) return async () => ({ remote });
  return async () => {
    if (registry === undefined) throw new CooperError("ops/git-failed", `git bundle ${bundle.name} is not here`);
    const { stageBundle } = await import("./bundle.ts");
    return stageBundle(bundle, checksum, git, registry, work, scope);
  };
}

async function resolveRef(source: GitSource, { remote, env = {} }: Origin, git: GitRunner): Promise<FoundRef> {
  const ref = source.ref === "" ? "HEAD" : source.ref;
  const question = ["ls-remote", "--symref", "--", remote, ref, `${ref}^{}`];
  const output = await git.run(question, { env }).catch((cause: unknown) => {
    const what = source.ref === "" ? "error fetching default branch for repository" : "failed to fetch remote";
    throw new CooperError("ops/git-failed", `${what} ${withoutPassword(source.remote)}: ${messageOf(cause)}`, {
      cause,
    });
  });
  return findRef(ref, output);
}

function checked(source: GitSource, found: FoundRef): FoundRef {
  if (found.sha.startsWith(source.checksum) || found.commit.startsWith(source.checksum)) return found;
  const got = found.sha === found.commit ? found.sha : `${found.sha} or ${found.commit}`;
  throw new CooperError("ops/checksum", `expected checksum to match ${source.checksum}, got ${got}`);
}
