import { join } from "node:path";
import { lutimesSync, readEntriesSync } from "../../../kit/index.ts";
import type { GitRunner } from "./run-git.ts";

/** Gives every file of the tree the commit's time (`git.mtime=commit`). */
export async function commitTimes(git: GitRunner, repository: string, commit: string, folder: string): Promise<void> {
  const seconds = Number((await git.run(["--git-dir", repository, "show", "-s", "--format=%ct", commit])).trim());
  for (const path of contentFirst(folder)) lutimesSync(path, seconds, seconds);
}

/** All paths, each directory after what is in it, whose times would touch it. */
function* contentFirst(folder: string): Generator<string> {
  for (const entry of readEntriesSync(folder)) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) yield* contentFirst(path);
    else yield path;
  }
  yield folder;
}
