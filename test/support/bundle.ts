import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join, resolve } from "node:path";

/** Names the folder of a test run's bundle; set for all its workers by `leftovers.ts`, which removes the folder in the end. */
export const bundleVariable = "COOPER_TEST_BUNDLE";

const root = resolve(import.meta.dirname, "../..");

/**
 * The script of a command as users have it: bundled at the first call in a test run, from the sources as they are then. It starts
 * in a tenth of the time that the sources need.
 */
export function bundled(command: "buildctl" | "buildctl-daemonless" | "buildkitd" | "cooper"): string {
  const folder = process.env[bundleVariable];
  if (folder === undefined)
    throw new Error(`cannot find the bundle: ${bundleVariable} is not set, run this with vitest`);
  // Written last.
  const done = join(folder, ".built");
  if (!existsSync(done)) {
    // The lock is on a file that is there anyway: one worker builds, the others wait for it.
    const script = '[ -e "$0" ] || exec "$1" "$2" "$3"';
    const build = [process.execPath, join(root, "tools/build.ts"), folder];
    const lock = ["flock", join(root, "vitest.config.ts"), "sh", "-c", script, done, ...build];
    const { status, stderr } = spawnSync(lock[0] as string, lock.slice(1), { encoding: "utf8" });
    if (status !== 0) throw new Error(`cannot bundle the commands: ${stderr}`);
  }
  return join(folder, `${command}.js`);
}
