import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { CooperError, messageOf } from "../../kit/index.ts";

const run = promisify(execFile);

/** Clones what is committed in `from` to `to`, at its HEAD. Throws `pipeline/no-clone`. */
export async function cloneTree(from: string, to: string, signal: AbortSignal): Promise<void> {
  const git = (...args: readonly string[]) => run("git", ["-c", "safe.directory=*", ...args], { signal });
  try {
    const { stdout: head } = await git("-C", from, "rev-parse", "HEAD");
    await git("clone", "--quiet", "--no-checkout", "--local", from, to);
    await git("-C", to, "checkout", "--quiet", "--detach", head.trim());
  } catch (error) {
    throw new CooperError("pipeline/no-clone", `cannot clone ${JSON.stringify(from)}: ${messageOf(error)}`, {
      hint: "--clean needs a git repository with a commit; without it the working tree is used as it is",
      cause: error,
    });
  }
}

/** The top of the repository that a folder is in; the folder itself outside of one. */
export async function workingTree(folder: string): Promise<string> {
  try {
    const { stdout } = await run("git", ["-c", "safe.directory=*", "-C", folder, "rev-parse", "--show-toplevel"]);
    return stdout.trim() || folder;
  } catch {
    return folder;
  }
}
