import { sha256Fields } from "../../../kit/index.ts";
import type { RegistryClient } from "../../../registry/index.ts";
import type { Op } from "../../../solver/index.ts";
import type { SnapshotId, Storage } from "../../../storage/index.ts";
import type { OpScope, Ref } from "../../contract.ts";
import type { SourceAnswers } from "../answers.ts";
import { type GitSource, gitAttributes, withoutPassword } from "./attributes.ts";
import { fetchCommit } from "./fetch-commit.ts";
import { findSource, originOf } from "./find-source.ts";
import { inRepository, withGit } from "./kept-repository.ts";
import type { FoundRef } from "./refs.ts";
import type { GitRunner } from "./run-git.ts";
import type { GitObjects } from "./verify-objects.ts";

export { findSource } from "./find-source.ts";

/**
 * `git://…`: a checkout, or a bundle of what was checked out. The key is the commit, so a branch is asked for in every build, and a commit id
 * needs no network when its result is stored. Repositories are kept below the root and fetched into.
 */
export function gitSource(
  identifier: string,
  attrs: ReadonlyMap<string, string>,
  storage: Storage,
  answers: SourceAnswers,
  registry?: RegistryClient,
): Op<Ref, OpScope> {
  const source = gitAttributes(identifier, attrs);
  let checked: string | undefined;
  const resolve = async (scope: OpScope) => {
    const found = await findSource(source, storage, answers, scope, registry);
    if (source.signature !== undefined && checked !== found.sha) {
      await verify(source, await fetchedObjects(source, found, storage, scope, registry));
      checked = found.sha;
    }
    return found;
  };
  return {
    recipe: async (scope) => {
      const found = await resolve(scope);
      return { digest: keyOf(source, found), content: [], storable: true, found: found.sha };
    },
    execute: async (_, scope) => {
      const found = await resolve(scope);
      return [{ kind: "snapshot", id: await makeSnapshot(source, found, storage, scope, registry) }];
    },
  };
}

export interface GitMetadata {
  /** What the ref points to: a commit, or an annotated tag. */
  readonly checksum: string;
  /** The commit that an annotated tag points to; else empty. */
  readonly commitChecksum: string;
  /** Full name of the ref; empty for a commit id. */
  readonly ref: string;
  readonly commitObject?: Uint8Array;
  readonly tagObject?: Uint8Array;
}

/** What a ref means, with `objects` also the raw commit and tag: these are fetched. */
export async function gitMetadata(
  identifier: string,
  attrs: ReadonlyMap<string, string>,
  objects: boolean,
  storage: Storage,
  answers: SourceAnswers,
  scope: OpScope,
  registry?: RegistryClient,
): Promise<GitMetadata> {
  const source = gitAttributes(identifier, attrs);
  const found = await findSource(source, storage, answers, scope, registry);
  const annotated = found.sha !== found.commit;
  const plain = { checksum: found.sha, commitChecksum: annotated ? found.commit : "", ref: found.name };
  if (!objects && source.signature === undefined) return plain;
  const fetched = await fetchedObjects(source, found, storage, scope, registry);
  await verify(source, fetched);
  if (!objects) return plain;
  const { commit, tag } = fetched;
  const commitChecksum = tag === undefined ? "" : commit.id;
  return { ...plain, commitChecksum, commitObject: commit.raw, ...(tag && { tagObject: tag.raw }) };
}

/** Throws `ops/bad-signature` when there is not the one that there must be. */
async function verify({ signature }: GitSource, objects: GitObjects): Promise<void> {
  if (signature === undefined) return;
  const { verifyObjects } = await import("./verify-objects.ts");
  await verifyObjects(objects, signature);
}

/** The raw commit, and the tag that was found: an id, too, may be a tag's. */
function fetchedObjects(
  source: GitSource,
  found: FoundRef,
  storage: Storage,
  scope: OpScope,
  registry: RegistryClient | undefined,
): Promise<GitObjects> {
  return withFetched(source, found, storage, scope, registry, async (repository, git) => {
    const inside = ["--git-dir", repository];
    const id = (await git.run([...inside, "rev-parse", "--verify", `${found.sha}^{commit}`])).trim();
    const read = async (kind: string, of: string) => ({
      id: of,
      raw: await git.bytes([...inside, "cat-file", kind, of]),
    });
    const commit = await read("commit", id);
    return id === found.sha ? { commit } : { commit, tag: await read("tag", found.sha) };
  });
}

function keyOf(source: GitSource, found: FoundRef) {
  // With .git kept, an annotated tag and its commit differ, and so do remotes; a bundle says what its ref is.
  const identity = source.keepGitDir
    ? [found.sha, found.name, source.remote, "gitdir"]
    : source.asBundle
      ? [found.sha, source.ref, "bundle"]
      : [found.commit];
  const options = [source.subdir, source.submodules ? "submodules" : "", source.mtime];
  return sha256Fields("git", ...identity, ...options);
}

async function makeSnapshot(
  source: GitSource,
  found: FoundRef,
  storage: Storage,
  scope: OpScope,
  registry: RegistryClient | undefined,
): Promise<SnapshotId> {
  await using snapshot = await storage.snapshots.prepare(undefined);
  const { folder } = snapshot.changes;
  await withFetched(source, found, storage, scope, registry, (repository, git, work) =>
    write(source, found, repository, git, folder, work),
  );
  const { id } = await snapshot.commit({
    description: `git snapshot for ${withoutPassword(source.remote)}#${source.ref}`,
  });
  return id;
}

async function write(
  source: GitSource,
  found: FoundRef,
  repository: string,
  git: GitRunner,
  folder: string,
  work: string,
): Promise<void> {
  if (source.asBundle) {
    const { writeBundle } = await import("./bundle.ts");
    return writeBundle(git, repository, source, found, folder, work);
  }
  const { checkOut } = await import("./checkout.ts");
  await checkOut(git, repository, source, found, folder, work);
  if (source.mtime !== "commit") return;
  const { commitTimes } = await import("./mtime.ts");
  await commitTimes(git, repository, found.commit, folder);
}

/** Works in the kept repository, which has the commit by then. */
function withFetched<T>(
  source: GitSource,
  found: FoundRef,
  storage: Storage,
  scope: OpScope,
  registry: RegistryClient | undefined,
  work: (repository: string, git: GitRunner, folder: string) => Promise<T>,
): Promise<T> {
  return withGit(source, storage, scope, (git, folder) =>
    inRepository(source, found, storage, scope, async (repository) => {
      await fetchCommit(git, repository, source, found, originOf(source, git, registry, folder, scope));
      return work(repository, git, folder);
    }),
  );
}
