import { createHash, hash } from "node:crypto";
import { closeSync, constants, openSync, readSync } from "node:fs";
import { open } from "node:fs/promises";
import { kernelFiles, type TreeEntryKind, type TreeFiles } from "../../archive/index.ts";
import { FileType } from "../../sys/index.ts";

/** Up to here a file is read and hashed in one go, in this thread: 10 µs for a small one. */
const smallFile = 1024 * 1024;
let scratch: Buffer | undefined;

/** sha256 (32 bytes) of a regular file's bytes and extended attributes. Of a large file, a promise. */
export function digestOfFile(path: string, size: bigint, files: TreeFiles = kernelFiles): Buffer | Promise<Buffer> {
  if (size > BigInt(smallFile)) return digestOfLarge(path, files);
  // One buffer for all small files: the calls are synchronous, so nobody shares it.
  scratch ??= Buffer.allocUnsafeSlow(smallFile + 1);
  const file = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW);
  let fill = 0;
  try {
    while (fill < scratch.length) {
      const read = readSync(file, scratch, fill, scratch.length - fill, null);
      fill += read;
      if (read === 0 || fill === Number(size)) break;
    }
  } finally {
    closeSync(file);
  }
  if (fill > smallFile) return digestOfLarge(path, files);
  return withAttributes(hash("sha256", scratch.subarray(0, fill), "buffer"), path, files);
}

async function digestOfLarge(path: string, files: TreeFiles): Promise<Buffer> {
  const hasher = createHash("sha256");
  const file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW);
  try {
    let [filled, spare] = [Buffer.allocUnsafe(smallFile), Buffer.allocUnsafe(smallFile)];
    let { bytesRead } = await file.read(filled, 0, smallFile, null);
    while (bytesRead > 0) {
      // The next piece is read by the pool while this one is hashed.
      const next = file.read(spare, 0, smallFile, null);
      hasher.update(filled.subarray(0, bytesRead));
      [filled, spare] = [spare, filled];
      ({ bytesRead } = await next);
    }
  } finally {
    await file.close();
  }
  return withAttributes(hasher.digest(), path, files);
}

function withAttributes(content: Buffer, path: string, files: TreeFiles): Buffer {
  const attributes = digestOfAttributes(path, files);
  return attributes === undefined ? content : hash("sha256", Buffer.concat([content, attributes]), "buffer");
}

/** sha256 of the extended attributes that a copy keeps; undefined when there are none. */
export function digestOfAttributes(path: string, files: TreeFiles = kernelFiles): Buffer | undefined {
  const names = files.attributeNames(path).filter(isContent).sort();
  if (names.length === 0) return undefined;
  const hasher = createHash("sha256");
  for (const name of names) {
    const value = files.attribute(path, name) ?? Buffer.alloc(0);
    hasher.update(`${Buffer.byteLength(name)}:${name}${value.length}:`).update(value);
  }
  return hasher.digest();
}

/** Marks of the machine that a file lies on are no content: overlayfs's own, SELinux labels, what macOS leaves. */
function isContent(name: string): boolean {
  return !/^(trusted\.overlay\.|user\.overlay\.|security\.selinux$|com\.apple\.)/.test(name);
}

const kinds: Readonly<Record<number, TreeEntryKind>> = {
  [FileType.regular]: "file",
  [FileType.directory]: "directory",
  [FileType.symlink]: "symlink",
  [FileType.character]: "character",
  [FileType.block]: "block",
  [FileType.fifo]: "fifo",
};

/** The kind of file that an lstat's mode tells. */
export function kindOf(mode: number): TreeEntryKind {
  return kinds[mode & FileType.mask] ?? "socket";
}
