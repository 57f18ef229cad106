import { closeSync, constants, fchmodSync, fchownSync, fstatSync, readSync, writeSync } from "node:fs";
import { copyFile } from "node:fs/promises";
import { kernelFiles, type TreeFiles } from "../../archive/index.ts";
import { errnoOf, openSync, rawBytes } from "../../kit/index.ts";
import { futimens, utimensat } from "../../sys/index.ts";

/** What a copy gets besides the bytes. */
export interface CopiedAttributes {
  readonly uid: number;
  readonly gid: number;
  /** Permissions and set-id bits, 0o7777. */
  readonly mode: number;
  /** Nanoseconds since 1970. */
  readonly mtime: bigint;
}

/** Up to here, reading and writing in this thread is faster than anything that the kernel or the thread pool could do. */
const smallFile = 256 * 1024;

/**
 * Copies a regular file to a new name, with the given owner, mode and time (also as access time). Throws EEXIST when the
 * name is taken, ELOOP when `from` is a link. The bytes of large files are shared (reflink) where the file system can, else copied by the thread pool.
 * Returns nothing at once for a small file, a promise for a large one: awaiting each of 20,000 would cost more than it should.
 */
export function copyFileFast(
  from: string,
  to: string,
  size: number,
  attributes: CopiedAttributes,
  files: TreeFiles = kernelFiles,
): Promise<void> | undefined {
  if (size > smallFile) return copyLarge(from, to, attributes, files);
  copyByReading(from, to, attributes.mode, (target) => setAttributes(target, to, attributes, files));
  return undefined;
}

function copyByReading(from: string, to: string, mode: number, then: (target: number) => void = () => {}): void {
  const source = openSync(from, constants.O_RDONLY | constants.O_NOFOLLOW);
  try {
    const target = openSync(to, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL, mode & 0o777);
    try {
      copyBytes(source, target);
      then(target);
    } finally {
      closeSync(target);
    }
  } finally {
    closeSync(source);
  }
}

/** A filter may refuse copy_file_range(2), which libuv does not expect; reading does always. */
async function copyLarge(from: string, to: string, attributes: CopiedAttributes, files: TreeFiles): Promise<void> {
  try {
    await copyFile(rawBytes(from), rawBytes(to), constants.COPYFILE_EXCL | constants.COPYFILE_FICLONE);
  } catch (error) {
    if (errnoOf(error) !== "EPERM") throw error;
    copyByReading(from, to, attributes.mode);
  }
  files.chown(to, attributes.uid, attributes.gid);
  files.chmod(to, attributes.mode);
  utimensat(to, attributes.mtime, attributes.mtime);
}

let scratch: Buffer | undefined;

function copyBytes(source: number, target: number): void {
  // One buffer for all; calls are synchronous, so nobody shares it.
  scratch ??= Buffer.allocUnsafeSlow(smallFile);
  for (;;) {
    const read = readSync(source, scratch, 0, scratch.length, null);
    for (let written = 0; written < read; ) written += writeSync(target, scratch, written, read - written);
    // A short read is the end of a regular file; one that grew meanwhile, or a large one, has another piece.
    if (read < scratch.length) return;
  }
}

/**
 * Mostly the file has its owner and mode since it was made, and a look costs less than two changes that the file system
 * has to write down. The owner first: changing it takes set-id bits away.
 */
function setAttributes(
  file: number,
  path: string,
  { uid, gid, mode, mtime }: CopiedAttributes,
  files: TreeFiles,
): void {
  const made = fstatSync(file);
  const owned = made.uid === uid && made.gid === gid;
  if (files !== kernelFiles) files.settle(file, path, uid, gid, mode, made.mode & 0o7777);
  else {
    if (!owned) fchownSync(file, uid, gid);
    if (!owned || (made.mode & 0o7777) !== mode) fchmodSync(file, mode);
  }
  futimens(file, mtime, mtime);
}
