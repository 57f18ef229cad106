import { lchownSync, lstatSync, mkdirSync, rmdirSync } from "node:fs";
import { join } from "node:path";
import { errnoOf } from "../../kit/index.ts";

/** An id that no process of ours has, and that a container's user namespace has when it has more than one. */
const other = 1;

/**
 * True when this process may give files below `folder` to other users, and the file system remembers it: root with its capabilities, not a
 * user, not the only id of a user namespace, not on a share where root is nobody. Some 50 µs.
 */
export function mayChangeOwners(folder: string): boolean {
  const probe = join(folder, "owner-probe");
  mkdirSync(probe, { mode: 0o700 });
  try {
    lchownSync(probe, other, other);
    return lstatSync(probe).uid === other;
  } catch (error) {
    if (["EPERM", "EINVAL", "EACCES", "ENOSYS", "EOPNOTSUPP"].includes(errnoOf(error) ?? "")) return false;
    throw error;
  } finally {
    rmdirSync(probe);
  }
}
