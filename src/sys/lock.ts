import { fstatSync, statSync } from "node:fs";
import { checked } from "./error.ts";
import { bind, lastErrno } from "./native.ts";

/**
 * flock(2) on an open file, without waiting: false when somebody else holds it. It ends when the descriptor is closed, also by
 * the process's death, and it holds between containers that share the file. Throws `SysError`.
 */
export function tryFlock(file: number, kind: "exclusive" | "shared" = "exclusive"): boolean {
  const nonBlocking = 4;
  const EWOULDBLOCK = 11;
  const result = bind("int flock(int, int)")(file, (kind === "exclusive" ? 2 : 1) | nonBlocking);
  if (result < 0 && lastErrno() === EWOULDBLOCK) return false;
  checked(result, "flock");
  return true;
}

/** True when `path` still names the open file: to be asked after taking a lock on a file that others may remove or rename. */
export function isStill(path: string, file: number): boolean {
  const [named, open] = [statSync(path, { throwIfNoEntry: false }), fstatSync(file)];
  return named !== undefined && named.ino === open.ino && named.dev === open.dev;
}
