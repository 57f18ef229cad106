import { lutimes, readdir } from "node:fs/promises";
import { join } from "node:path";
import type { GitRunner } from "./run-git.ts";

/** Gives every file of the tree the commit's time (`git.mtime=commit`). */
export async function commitTimes(git: GitRunner, repository: string, commit: string, folder: string): Promise<void> {
  const seconds = Number((await git.run(["--git-dir", repository, "show", "-s", "--format=%ct", commit])).trim());
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  // Children before their directories, whose times they would touch.
  for (const entry of entries.reverse()) await lutimes(join(entry.parentPath, entry.name), seconds, seconds);
  await lutimes(folder, seconds, seconds);
}
