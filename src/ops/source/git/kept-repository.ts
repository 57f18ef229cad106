import { sha256, splitDigest } from "../../../kit/index.ts";
import type { Storage } from "../../../storage/index.ts";
import type { OpScope } from "../../contract.ts";
import { type GitSource, withoutPassword } from "./attributes.ts";
import { gitCredentials } from "./credentials.ts";
import { type FoundRef, isSha256 } from "./refs.ts";
import { type GitRunner, gitRunner } from "./run-git.ts";

/** The kept bare repository of the source's remote, for this work alone. */
export async function inRepository<T>(
  source: GitSource,
  found: FoundRef,
  storage: Storage,
  scope: OpScope,
  work: (repository: string) => Promise<T>,
): Promise<T> {
  const { hex } = splitDigest(sha256(source.remote));
  const name = isSha256(found) ? `${hex}-sha256` : hex;
  const repository = await storage.keptFolder("git", name, `shared git repo for ${withoutPassword(source.remote)}`);
  return storage.exclusive(`git-${name}`, scope, () => work(repository));
}

/** Git with the callers' credentials for the source, and a folder for temporary files that goes afterwards. */
export async function withGit<T>(
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
