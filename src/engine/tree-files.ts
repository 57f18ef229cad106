import { type FileHandle, lstat, open, stat } from "node:fs/promises";
import type { TreeFiles } from "../archive/index.ts";
import { CooperError, errnoOf, pathInside, rawBytes } from "../kit/index.ts";
import type { Ref } from "../ops/index.ts";
import type { SnapshotId, Storage } from "../storage/index.ts";

/** Upstream's limit for what a frontend may read at once: gRPC's message size. */
export const largestFile = 16 * 1024 * 1024;

/** Shows the tree of a result at a path while `work` runs; `files` tells the metadata of a stored one. Undefined id: the empty tree. */
export async function withTree<T>(
  ref: Ref,
  storage: Storage,
  materialise: (ref: Ref) => Promise<SnapshotId | undefined>,
  work: (root: string | undefined, files?: TreeFiles) => Promise<T>,
): Promise<T> {
  if (ref.kind === "folder") return work(ref.path);
  const id = await materialise(ref);
  if (id === undefined) return work(undefined);
  await using mounted = await storage.mount(storage.snapshots.view(id));
  return await work(mounted.path, mounted.files);
}

/**
 * Bytes of a file in the tree, or the first `limit` of them; links are followed inside it. Throws `frontend/not-found`, and
 * `frontend/too-large` for more than 16 MiB.
 */
export async function readTreeFile(root: string | undefined, path: string, limit?: number): Promise<Buffer> {
  if (root === undefined) throw notFound("open", path);
  return guarded("open", path, async () => {
    const target = pathInside(root, path);
    // A pipe would be waited for.
    if (!(await stat(rawBytes(target))).isFile()) throw notRegular(path);
    const file = await open(rawBytes(target), "r");
    try {
      const { size } = await file.stat();
      if (limit !== undefined) return await readStart(file, Math.min(limit, size, largestFile));
      if (size > largestFile) throw tooLarge(path, size);
      return await file.readFile();
    } finally {
      await file.close();
    }
  });
}

/** What the path is. A link is followed. Throws `frontend/not-found`. */
export async function statTreeFile(
  root: string | undefined,
  path: string,
): Promise<{ readonly type: "file" | "directory" | "other"; readonly size: number }> {
  if (root === undefined) throw notFound("lstat", path);
  return guarded("lstat", path, async () => {
    const target = pathInside(root, path);
    const info = await stat(rawBytes(target)).catch(() => lstat(rawBytes(target)));
    const type = info.isFile() ? "file" : info.isDirectory() ? "directory" : "other";
    return { type, size: info.size };
  });
}

async function readStart(file: FileHandle, length: number): Promise<Buffer> {
  const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length, 0);
  return buffer.subarray(0, bytesRead);
}

async function guarded<T>(verb: string, path: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    const code = errnoOf(error);
    if (code === "ENOENT" || code === "ENOTDIR") throw notFound(verb, path, error);
    throw error;
  }
}

function notFound(verb: string, path: string, cause?: unknown): CooperError {
  return new CooperError("frontend/not-found", `${verb} ${path}: no such file or directory`, { cause });
}

export function tooLarge(path: string, size: number): CooperError {
  return new CooperError("frontend/too-large", `cannot read ${path}: ${size} bytes, at most ${largestFile} wanted`);
}

export function notRegular(path: string): CooperError {
  return new CooperError("frontend/not-a-file", `cannot read ${path}: not a regular file`);
}
