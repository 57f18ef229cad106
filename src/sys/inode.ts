import { checked, cstring } from "./error.ts";
import { bind } from "./native.ts";

/** File type bits of a mode, `<sys/stat.h>`. */
export const FileType = {
  mask: 0o170000,
  fifo: 0o010000,
  character: 0o020000,
  directory: 0o040000,
  block: 0o060000,
  regular: 0o100000,
  symlink: 0o120000,
  socket: 0o140000,
} as const;

/** The device number of a major and a minor number, as Linux and both C libraries encode it. */
export function makeDevice(major: number, minor: number): bigint {
  const [high, low] = [BigInt(major), BigInt(minor)];
  return ((high & 0xfffff000n) << 32n) | ((high & 0xfffn) << 8n) | ((low & 0xffffff00n) << 12n) | (low & 0xffn);
}

/** Major and minor of a device number, such as `Stats.rdev`. */
export function splitDevice(device: number | bigint): { readonly major: number; readonly minor: number } {
  const value = BigInt(device);
  const major = ((value >> 32n) & 0xfffff000n) | ((value >> 8n) & 0xfffn);
  const minor = ((value >> 12n) & 0xffffff00n) | (value & 0xffn);
  return { major: Number(major), minor: Number(minor) };
}

/** mknod(2): `mode` has type and permissions (less the umask). Throws `SysError`. */
export function mknod(path: string, mode: number, device: bigint = 0n): void {
  const call = bind("int mknod(const char *, unsigned int, unsigned long)");
  checked(call(cstring(path, "mknod"), mode, device), "mknod", path);
}

/** Nanoseconds since 1970 that mean "leave it" and "now" to utimensat(2). */
export const UTIME_OMIT = "omit";
const UTIME_NOW = "now";
export type FileTime = bigint | typeof UTIME_OMIT | typeof UTIME_NOW;

const billion = 1_000_000_000n;

function putTime(buffer: BigInt64Array, at: number, time: FileTime): void {
  if (time === UTIME_OMIT) buffer[at + 1] = 0x3ffffffen;
  else if (time === UTIME_NOW) buffer[at + 1] = 0x3fffffffn;
  else {
    // Before 1970 the nanoseconds still count upwards.
    const nanoseconds = ((time % billion) + billion) % billion;
    buffer[at] = (time - nanoseconds) / billion;
    buffer[at + 1] = nanoseconds;
  }
}

/** Access and modification time in nanoseconds since 1970, of the link itself where `path` is one. Throws `SysError`. */
export function utimensat(path: string, atime: FileTime, mtime: FileTime): void {
  const times = new BigInt64Array(4);
  putTime(times, 0, atime);
  putTime(times, 2, mtime);
  const noFollow = 0x100;
  const cwd = -100;
  const call = bind("int utimensat(int, const char *, void *, int)");
  checked(call(cwd, cstring(path, "utimensat"), times, noFollow), "utimensat", path);
}
