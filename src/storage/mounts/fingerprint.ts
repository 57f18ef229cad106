import { readFileSync, statSync } from "node:fs";
import { sha256Fields } from "../../kit/index.ts";
import { bootId, inUserNamespace } from "../../sys/index.ts";

/**
 * Names everything that decides whether this process may mount overlays below `root`: the running kernel, the user namespace,
 * capabilities, seccomp, the security module's label, the root's file system. Some 0.1 ms.
 */
export function mountFingerprint(root: string): string {
  const status = readOrNothing("/proc/self/status").match(/^(CapEff|Seccomp|NoNewPrivs|Uid):.*$/gm) ?? [];
  return sha256Fields(
    bootId(),
    readOrNothing("/proc/self/uid_map"),
    status.join("\n"),
    String(inUserNamespace()),
    readOrNothing("/proc/self/attr/current"),
    `${statSync(root).dev}`,
  );
}

/** Not every kernel has every file. */
function readOrNothing(path: string): string {
  try {
    return readFileSync(path, "latin1");
  } catch {
    return "";
  }
}
