import { CooperError, messageOf, sha256, sha256Fields, splitDigest } from "../../../kit/index.ts";
import type { Op } from "../../../solver/index.ts";
import type { Storage } from "../../../storage/index.ts";
import type { OpScope, Ref } from "../../contract.ts";
import type { SourceAnswers } from "../answers.ts";
import { type GitSource, gitAttributes, isCommit, withoutPassword } from "./attributes.ts";
import { checkOut, fetchCommit } from "./checkout.ts";
import { gitCredentials } from "./credentials.ts";
import { commitTimes } from "./mtime.ts";
import { type FoundRef, findRef, isSha256 } from "./refs.ts";
import { type GitRunner, gitRunner } from "./run-git.ts";
import type { GitObjects } from "./verify-objects.ts";

/**
 * `git://…`: a checkout. The key is the commit, so a branch is asked for in every build, and a commit id needs no network when
 * its result is stored. Repositories are kept below the root and fetched into.
 */
export function gitSource(
  identifier: string,
  attrs: ReadonlyMap<string, string>,
  storage: Storage,
  answers: SourceAnswers,
): Op<Ref, OpScope> {
  const source = gitAttributes(identifier, attrs);
  let checked: string | undefined;
  const resolve = async (scope: OpScope) => {
    const found = await findSource(source, storage, answers, scope);
    if (source.signature !== undefined && checked !== found.sha) {
      await verify(source, await fetchedObjects(source, found, storage, scope));
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
      const ref = await resolve(scope);
      return [
        await withGit(source, storage, scope, (git, work) => makeSnapshot(source, ref, storage, git, work, scope)),
      ];
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
): Promise<GitMetadata> {
  const source = gitAttributes(identifier, attrs);
  const found = await findSource(source, storage, answers, scope);
  const annotated = found.sha !== found.commit;
  const plain = { checksum: found.sha, commitChecksum: annotated ? found.commit : "", ref: found.name };
  if (!objects && source.signature === undefined) return plain;
  const fetched = await fetchedObjects(source, found, storage, scope);
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
async function fetchedObjects(
  source: GitSource,
  found: FoundRef,
  storage: Storage,
  scope: OpScope,
): Promise<GitObjects> {
  return withGit(source, storage, scope, (git) =>
    inRepository(source, found, storage, scope, async (repository) => {
      await fetchCommit(git, repository, source, found);
      const inside = ["--git-dir", repository];
      const id = (await git.run([...inside, "rev-parse", "--verify", `${found.sha}^{commit}`])).trim();
      const read = async (kind: string, of: string) => ({
        id: of,
        raw: await git.bytes([...inside, "cat-file", kind, of]),
      });
      const commit = await read("commit", id);
      return id === found.sha ? { commit } : { commit, tag: await read("tag", found.sha) };
    }),
  );
}

/** What the ref means in this build: asked for once. Throws `ops/checksum`, `ops/git-…`. */
export async function findSource(
  source: GitSource,
  storage: Storage,
  answers: SourceAnswers,
  scope: OpScope,
): Promise<FoundRef> {
  const question = `${source.remote} ${source.ref}`;
  const ask = () => withGit(source, storage, scope, (git) => resolveRef(source, git));
  return checked(source, await answers.gitRefs.once(question, scope, ask));
}

function keyOf(source: GitSource, found: FoundRef) {
  // With .git kept, an annotated tag and its commit differ, and so do remotes.
  const identity = source.keepGitDir ? [found.sha, found.name, source.remote, "gitdir"] : [found.commit];
  const options = [source.subdir, source.submodules ? "submodules" : "", source.mtime];
  return sha256Fields("git", ...identity, ...options);
}

async function resolveRef(source: GitSource, git: GitRunner): Promise<FoundRef> {
  if (isCommit(source.ref)) return { name: "", sha: source.ref, commit: source.ref };
  const ref = source.ref === "" ? "HEAD" : source.ref;
  const ask = ["ls-remote", "--symref", "--", source.remote, ref, `${ref}^{}`];
  const output = await git.run(ask).catch((cause: unknown) => {
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

async function makeSnapshot(
  source: GitSource,
  found: FoundRef,
  storage: Storage,
  git: GitRunner,
  work: string,
  scope: OpScope,
): Promise<Ref> {
  await using snapshot = await storage.snapshots.prepare(undefined);
  await inRepository(source, found, storage, scope, async (repository) => {
    await fetchCommit(git, repository, source, found);
    await checkOut(git, repository, source, found, snapshot.changes.folder, work);
    if (source.mtime === "commit") await commitTimes(git, repository, found.commit, snapshot.changes.folder);
  });
  const { id } = await snapshot.commit({
    description: `git snapshot for ${withoutPassword(source.remote)}#${source.ref}`,
  });
  return { kind: "snapshot", id };
}

/** The kept bare repository of the source's remote, for this work alone. */
async function inRepository<T>(
  source: GitSource,
  found: FoundRef,
  storage: Storage,
  scope: OpScope,
  work: (repository: string) => Promise<T>,
): Promise<T> {
  const { hex } = splitDigest(sha256(source.remote));
  const name = isSha256(found) ? `${hex}-sha256` : hex;
  const repository = await storage.keptFolder("git", name);
  return storage.exclusive(`git-${name}`, scope, () => work(repository));
}

async function withGit<T>(
  source: GitSource,
  storage: Storage,
  scope: OpScope,
  work: (git: GitRunner, folder: string) => Promise<T>,
): Promise<T> {
  await using folder = await storage.temporaryFolder("git");
  const env = await gitCredentials(source, folder.path, scope);
  const git = gitRunner(env, (data) => scope.emit({ type: "log", stream: 2, data }), scope);
  return await work(git, folder.path);
}
