import { encodeRaw } from "../kit/index.ts";
import { constants, getSystemErrorMessage, getSystemErrorName } from "./errno.ts";
import { lastErrno } from "./native.ts";

/** A failed system call, shaped like the errors of `node:fs`: `code` (`ENOENT`, …), `errno` (negative), `syscall`, `path`. */
export class SysError extends Error {
  readonly code: string;
  readonly errno: number;
  readonly syscall: string;
  readonly path: string | undefined;
  constructor(syscall: string, errno: number, path?: string) {
    const code = getSystemErrorName(-errno);
    super(`${code}: ${getSystemErrorMessage(-errno)}, ${syscall}${path === undefined ? "" : ` '${path}'`}`);
    this.name = "SysError";
    this.code = code;
    this.errno = -errno;
    this.syscall = syscall;
    this.path = path;
  }
}

/** `result` of a call that tells failure by -1; throws `SysError` for that. Must directly follow the call. */
export function checked(result: number, syscall: string, path?: string): number {
  if (result < 0) throw new SysError(syscall, lastErrno(), path);
  return result;
}

/** `text`, which may be raw (kit's raw-text.ts), as it may be passed to C: a NUL inside would silently cut it. Throws EINVAL. */
export function cstring(text: string, syscall: string): string | Uint8Array {
  if (text.includes("\0")) throw new SysError(syscall, constants.EINVAL, JSON.stringify(text));
  return text.isWellFormed() ? text : encodeRaw(`${text}\0`);
}
