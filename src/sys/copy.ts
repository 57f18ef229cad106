import { checked } from "./error.ts";
import { bind } from "./native.ts";

/** ioctl FICLONE: makes `to` share the blocks of `from`. ENOTSUP (the name that Node has for EOPNOTSUPP), EXDEV or EINVAL where that cannot be. Throws `SysError`. */
export function cloneFile(from: number, to: number): void {
  const FICLONE = 0x40049409;
  checked(bind("int ioctl(int, unsigned long, long)")(to, FICLONE, from), "ioctl(FICLONE)");
}

/** copy_file_range(2) from and to the descriptors' positions; the number of bytes copied, 0 at the end. Throws `SysError`. */
export function copyFileRange(from: number, to: number, length: number): number {
  const call = bind("long copy_file_range(int, void *, int, void *, size_t, unsigned int)");
  return checked(Number(call(from, null, to, null, length, 0)), "copy_file_range");
}
