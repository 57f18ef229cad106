import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { promisify } from "node:util";
import { bundleVariable } from "./bundle-variable.ts";

export { bundleVariable };

const root = resolve(import.meta.dirname, "../..");

/**
 * Makes the bundle of this test run, unless it is there: from the sources as they are at the first call. The lock is on a file that is
 * there anyway: one worker builds, the others wait for it.
 */
async function makeBundle(folder: string): Promise<void> {
  // Written last.
  const done = join(folder, ".built");
  if (existsSync(done)) return;
  const script = '[ -e "$0" ] || exec "$1" "$2" "$3"';
  const build = [process.execPath, join(root, "tools/build.ts"), folder];
  await promisify(execFile)("flock", [join(root, "vitest.config.ts"), "sh", "-c", script, done, ...build]);
}

// While the file of tests is loaded: on a machine that is busy this takes longer than a test may.
const place = process.env[bundleVariable];
if (place !== undefined) await makeBundle(place);

/** The script of a command as users have it: bundled once in a test run. It starts in a tenth of the time that the sources need. */
export function bundled(command: "buildctl" | "buildctl-daemonless" | "buildkitd" | "cooper"): string {
  const folder = process.env[bundleVariable];
  if (folder === undefined)
    throw new Error(`cannot find the bundle: ${bundleVariable} is not set, run this with vitest`);
  return join(folder, `${command}.js`);
}
