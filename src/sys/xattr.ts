import { decodeRaw } from "../kit/index.ts";
import { checked, cstring, SysError } from "./error.ts";
import { bind, lastErrno } from "./native.ts";

/** XATTR_SIZE_MAX and XATTR_LIST_MAX: no value and no list of names is longer. */
const limit = 65_536;
const ENODATA = 61;
const EOPNOTSUPP = 95;

/** Sets the attribute on the file itself, links not followed. Throws `SysError` (ENOTSUP where the file system has none). */
export function lsetxattr(path: string, name: string, value: Uint8Array): void {
  const call = bind("int lsetxattr(const char *, const char *, const void *, size_t, int)");
  const result = call(cstring(path, "lsetxattr"), cstring(name, "lsetxattr"), value, value.byteLength, 0);
  checked(result, "lsetxattr", path);
}

/** The attribute's value, or undefined when the file (or its file system) has none of that name. Throws `SysError`. */
export function lgetxattr(path: string, name: string): Buffer | undefined {
  const call = bind("long lgetxattr(const char *, const char *, void *, size_t)");
  const read = (buffer: Uint8Array) =>
    call(cstring(path, "lgetxattr"), cstring(name, "lgetxattr"), buffer, buffer.length);
  return readGrowing(read, "lgetxattr", path);
}

/** The names of the file's attributes, as the kernel orders them, raw text (kit's raw-text.ts); none where the file system has no attributes. Throws `SysError`. */
export function llistxattr(path: string): string[] {
  const call = bind("long llistxattr(const char *, void *, size_t)");
  // Nearly all files have none, and then the length tells it without a buffer. (Errors are told by the second call.)
  if (Number(call(cstring(path, "llistxattr"), null, 0)) === 0) return [];
  const list = readGrowing((buffer) => call(cstring(path, "llistxattr"), buffer, buffer.length), "llistxattr", path);
  if (list === undefined || list.length === 0) return [];
  return decodeRaw(list, 0, list.length - 1).split("\0");
}

/** Removes the attribute; true when it was there. Throws `SysError`. */
export function lremovexattr(path: string, name: string): boolean {
  const call = bind("int lremovexattr(const char *, const char *)");
  const result = call(cstring(path, "lremovexattr"), cstring(name, "lremovexattr"));
  if (result < 0 && lastErrno() === ENODATA) return false;
  checked(result, "lremovexattr", path);
  return true;
}

/** Most values and lists are small: one call with a small buffer, a second with the largest when that was too small. */
function readGrowing(read: (buffer: Uint8Array) => number, syscall: string, path: string): Buffer | undefined {
  const ERANGE = 34;
  for (const size of [512, limit]) {
    const buffer = Buffer.allocUnsafe(size);
    const length = Number(read(buffer));
    if (length >= 0) return Buffer.from(buffer.subarray(0, length));
    const errno = lastErrno();
    if (errno === ENODATA || errno === EOPNOTSUPP) return undefined;
    if (errno !== ERANGE || size === limit) throw new SysError(syscall, errno, path);
  }
  return undefined;
}
