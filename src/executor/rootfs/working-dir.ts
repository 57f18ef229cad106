import { dirname } from "node:path";
import { CooperError, chmodSync, lchownSync, messageOf, mkdirSync, pathInside, statSync } from "../../kit/index.ts";
import type { StepUser } from "./user.ts";

/** Makes the step's working directory when it is missing, mode 0755 and owned by its user, with its parents. */
export function ensureWorkingDir(rootfs: string, cwd: string, user: StepUser): void {
  try {
    const path = pathInside(rootfs, cwd);
    if (statSync(path, { throwIfNoEntry: false }) !== undefined) return;
    makeOwned(path, user);
  } catch (error) {
    const message = `failed to create working directory ${cwd}: ${messageOf(error).replaceAll(rootfs, "")}`;
    throw new CooperError("executor/working-dir", message, { cause: error });
  }
}

function makeOwned(path: string, user: StepUser): void {
  const parent = dirname(path);
  if (statSync(parent, { throwIfNoEntry: false }) === undefined) makeOwned(parent, user);
  mkdirSync(path);
  chmodSync(path, 0o755);
  lchownSync(path, user.uid, user.gid);
}
