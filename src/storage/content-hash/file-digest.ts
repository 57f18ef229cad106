import { createHash, hash } from "node:crypto";
import { closeSync, constants, readSync } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { kernelFiles, type TreeEntryKind, type TreeFiles } from "../../archive/index.ts";
import { encodeRaw, openSync, rawBytes, settleAll, splitDigest } from "../../kit/index.ts";
import { createPoolHasher, FileType } from "../../sys/index.ts";

/** Up to here a file is read and hashed in one go, in this thread: 10 µs for a small one. */
const smallFile = 1024 * 1024;
let scratch: Buffer | undefined;
/** Of larger ones so much at a time. Part of what a digest means. */
const pieceSize = 2 * 1024 * 1024;
/** Pieces at once: libuv has four threads. */
const lanes = 3;

/** Digest (32 bytes) of a regular file's bytes and extended attributes. Of a large file, a promise. */
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

/**
 * Pieces are hashed on several pool threads at once. What is made of their digests must be no small file's digest, so it is another
 * algorithm: anybody could write a file that has just those digests as its bytes.
 */
async function digestOfLarge(path: string, files: TreeFiles): Promise<Buffer> {
  const file = await open(rawBytes(path), constants.O_RDONLY | constants.O_NOFOLLOW);
  const digests: Buffer[] = [];
  let next = 0;
  const lane = async () => {
    const piece = Buffer.allocUnsafeSlow(pieceSize);
    for (let fill = pieceSize; fill === pieceSize; ) {
      const index = next++;
      fill = await readPiece(file, piece, index * pieceSize);
      if (fill > 0) digests[index] = await digestOfPiece(piece.subarray(0, fill));
    }
  };
  try {
    await settleAll(Array.from({ length: lanes }, () => lane));
  } finally {
    await file.close();
  }
  return withAttributes(hash("sha512-256", Buffer.concat(Object.values(digests)), "buffer"), path, files);
}

/** As much of the piece as the file has. */
async function readPiece(file: FileHandle, piece: Buffer, position: number): Promise<number> {
  let fill = 0;
  while (fill < piece.length) {
    const { bytesRead } = await file.read(piece, fill, piece.length - fill, position + fill);
    if (bytesRead === 0) break;
    fill += bytesRead;
  }
  return fill;
}

async function digestOfPiece(piece: Buffer): Promise<Buffer> {
  const hasher = createPoolHasher();
  try {
    await hasher.update(piece);
    return Buffer.from(splitDigest(hasher.finish()).hex, "hex");
  } finally {
    hasher.dispose();
  }
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
    const bytes = encodeRaw(name);
    hasher.update(`${bytes.length}:`).update(bytes).update(`${value.length}:`).update(value);
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
