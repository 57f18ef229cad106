import { createHash, type Hash } from "node:crypto";
import { closeSync, constants, readSync } from "node:fs";
import { open } from "node:fs/promises";
import type { TreeEntryKind } from "../../../archive/index.ts";
import { type Digest, openSync, rawBytes } from "../../../kit/index.ts";
import type { Place, TreeNode } from "../tree.ts";

/** Up to here a file is read in one go, in this thread. */
const smallFile = 1024 * 1024;

const typeFlags: Readonly<Record<TreeEntryKind, string>> = {
  file: "0",
  // A socket has no type of its own in an archive.
  socket: "0",
  symlink: "2",
  character: "3",
  block: "4",
  directory: "5",
  fifo: "6",
};

/**
 * Digest of one file as BuildKit's content hashes have it: the fields of a tar header without name and time (Docker's old "tarsum"), the
 * extended attributes, and the bytes of a regular file. Of a large file, a promise.
 */
export function fileRecord(node: TreeNode, linkTarget: string, place: Place | undefined): Digest | Promise<Digest> {
  const hash = createHash("sha256");
  for (const field of headerOf(node, linkTarget, place))
    hash.update(typeof field === "string" ? rawBytes(field) : field);
  if (node.kind !== "file" || place === undefined || place.stat.size === 0n) return finish(hash);
  return place.stat.size > BigInt(smallFile) ? readLarge(place.path, hash) : readSmall(place.path, hash);
}

function finish(hash: Hash): Digest {
  return `sha256:${hash.digest("hex")}`;
}

function* headerOf(node: TreeNode, linkTarget: string, place: Place | undefined): Iterable<string | Uint8Array> {
  const { kind, uid, gid } = node;
  const mode = kind === "symlink" ? 0o777 : node.mode;
  const size = kind === "file" && place !== undefined ? place.stat.size : 0;
  const device = kind === "character" || kind === "block" ? node.device : 0n;
  const major = ((device >> 8n) & 0xfffn) | ((device >> 32n) & ~0xfffn);
  const minor = (device & 0xffn) | ((device >> 12n) & 0xffffff00n);
  yield `namemode${mode}uid${uid}gid${gid}size${size}typeflag${typeFlags[kind]}linkname${linkTarget}`;
  yield `unamegnamedevmajor${major}devminor${minor}`;
  if (place !== undefined) yield* attributesOf(place);
}

function* attributesOf({ path, files }: Place): Iterable<string | Uint8Array> {
  for (const name of files.attributeNames(path).filter(counts).sort()) {
    const value = files.attribute(path, name);
    if (value === undefined) continue;
    yield name;
    yield value;
  }
}

/** Marks of the machine do not count, nor overlayfs's own, which a mounted tree does not show. */
function counts(name: string): boolean {
  if (name === "security.capability") return true;
  return !/^(?:security|system|com\.apple|trusted\.overlay|user\.overlay)\./.test(name);
}

function readSmall(path: string, hash: Hash): Digest {
  const file = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW);
  try {
    const buffer = Buffer.allocUnsafe(64 * 1024);
    for (let read = readSync(file, buffer); read > 0; read = readSync(file, buffer))
      hash.update(buffer.subarray(0, read));
  } finally {
    closeSync(file);
  }
  return finish(hash);
}

async function readLarge(path: string, hash: Hash): Promise<Digest> {
  const file = await open(rawBytes(path), constants.O_RDONLY | constants.O_NOFOLLOW);
  try {
    const buffer = Buffer.allocUnsafe(smallFile);
    for (;;) {
      const { bytesRead } = await file.read(buffer, 0, buffer.length, null);
      if (bytesRead === 0) return finish(hash);
      hash.update(buffer.subarray(0, bytesRead));
    }
  } finally {
    await file.close();
  }
}
