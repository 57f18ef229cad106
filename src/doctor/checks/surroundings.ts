import { existsSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { writeHint } from "../../kit/index.ts";
import type { Check, DoctorOptions } from "../contract.ts";

/** The folders that commands of a step are used to have, and the checkout. */
export function surroundingsChecks({ cwd, env }: Pick<DoctorOptions, "cwd" | "env">): Check[] {
  return [
    writable("working-directory", cwd, "warning"),
    env.HOME ? writable("home", env.HOME, "note") : { id: "home", verdict: "note", found: "HOME is not set" },
    writable("temporary-folder", env.TMPDIR || tmpdir(), "note"),
    ...checkoutCheck(cwd),
  ];
}

function writable(id: string, path: string, otherwise: "warning" | "note"): Check {
  const hint = writeHint(path);
  if (hint === undefined) return { id, verdict: "ok", found: `${path} can be written` };
  return { id, verdict: otherwise, found: `${path} cannot be written`, hint };
}

/** git refuses to work in a checkout of somebody else's ("dubious ownership"). */
function checkoutCheck(cwd: string): Check[] {
  const top = repositoryAbove(cwd);
  if (top === undefined) return [];
  const [owner, self] = [statSync(top).uid, process.geteuid?.() ?? 0];
  if (owner === self || self === 0) return [{ id: "checkout", verdict: "ok", found: `${top} belongs to uid ${owner}` }];
  return [
    {
      id: "checkout",
      verdict: "warning",
      found: `${top} belongs to uid ${owner}: git calls that dubious ownership`,
      hint: `set runAsUser: ${self} in the pod's securityContext, not only in the container's, or: git config --global --add safe.directory ${top}`,
    },
  ];
}

function repositoryAbove(folder: string): string | undefined {
  if (existsSync(join(folder, ".git"))) return folder;
  return dirname(folder) === folder ? undefined : repositoryAbove(dirname(folder));
}
