import { execFile, execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { startWeb } from "./web.ts";

/** A repository in a folder, served by git's dumb protocol. */
export interface Repository extends AsyncDisposable {
  readonly url: string;
  readonly commit: (name: string) => string;
}

/**
 * A repository that a shell script has filled, its branch `master`. The commands are awaited, not run at once: they may ask a server
 * of this very process.
 */
export async function startRepository(format: string, script: string): Promise<Repository> {
  const folder = mkdtempSync(join(tmpdir(), "cooper-git-"));
  const sh = (text: string) => promisify(execFile)("sh", ["-ec", text], { cwd: folder });
  await sh(`git init -q -b master --object-format=${format}; git config user.email t@t; git config user.name t`);
  await sh(`${script}\ngit update-server-info`);
  const web = await startWeb({}, folder);
  return {
    url: `${web.url}/.git`,
    commit: (name) => execFileSync("git", ["rev-parse", name], { cwd: folder, encoding: "utf8" }).trim(),
    async [Symbol.asyncDispose]() {
      await web[Symbol.asyncDispose]();
      rmSync(folder, { recursive: true });
    },
  };
}
