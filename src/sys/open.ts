import { checked, cstring } from "./error.ts";
import { bind } from "./native.ts";

/** How openat2(2) treats a path, `<linux/openat2.h>`. */
export const Resolve = { noXdev: 1, noMagicLinks: 2, noSymlinks: 4, beneath: 8, inRoot: 16 } as const;

export interface OpenHow {
  /** `fs.constants.O_…`; O_CLOEXEC is added. */
  readonly flags: number;
  /** Permissions of a file that O_CREAT makes; must be absent otherwise. */
  readonly mode?: number;
  /** Bits of `Resolve`. With `inRoot`, absolute paths, `..` and links cannot leave the folder `root`. */
  readonly resolve: number;
}

const O_CLOEXEC = 0o2000000;

/** openat2(2), Linux 5.6: a descriptor for `path` seen from the open folder `root`; the caller closes it. Throws `SysError`. */
export function openat2(root: number, path: string, how: OpenHow): number {
  const openHow = new BigInt64Array([BigInt(how.flags | O_CLOEXEC), BigInt(how.mode ?? 0), BigInt(how.resolve)]);
  const call = bind("long syscall(long, int, const char *, void *, size_t)");
  return checked(Number(call(437, root, cstring(path, "openat2"), openHow, openHow.byteLength)), "openat2", path);
}
