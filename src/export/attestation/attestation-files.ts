import { constants } from "node:fs";
import { open } from "node:fs/promises";
import { CooperError, errnoOf, pathInside, rawBytes, readdirSync, reasonOf, type Scope } from "../../kit/index.ts";
import { compareBytes } from "../../oci/index.ts";
import type { Storage } from "../../storage/index.ts";
import type { ExportNeeds, ExportTree } from "../contract.ts";

export const badAttestation = "export/bad-attestation";
/** The largest attestation that is read, in bytes; upstream's limit. */
const largest = 40 * 1024 * 1024;

export interface AttestationParts {
  readonly storage: Storage;
  readonly needs: ExportNeeds;
}

/** A tree at a path of this machine, until it is disposed of; undefined is the empty tree. */
export async function openFiles(
  tree: ExportTree,
  { storage, needs }: AttestationParts,
  scope: Scope,
): Promise<AsyncDisposable & { readonly root: string | undefined }> {
  const id = await needs.materialise(tree, scope);
  if (id === undefined) return { root: undefined, [Symbol.asyncDispose]: async () => {} };
  const mounted = await storage.mount(storage.snapshots.view(id));
  return { root: mounted.path, [Symbol.asyncDispose]: () => mounted[Symbol.asyncDispose]() };
}

/** A regular file of the tree; links are followed inside it. Throws `export/bad-attestation`. */
export async function readAttestationFile(root: string | undefined, path: string): Promise<Buffer> {
  return await guarded("open", path, async () => {
    if (root === undefined) throw missing("open", path);
    // A pipe would be waited for.
    await using file = await open(rawBytes(pathInside(root, path)), constants.O_RDONLY | constants.O_NONBLOCK);
    const info = await file.stat();
    if (!info.isFile()) throw new CooperError(badAttestation, `${path} is not a regular file`);
    if (info.size > largest) throw new CooperError(badAttestation, `${path} exceeds ${largest} bytes`);
    return await file.readFile();
  });
}

/** The names in a folder of the tree, in order of their bytes. Throws `export/bad-attestation`. */
export async function listAttestationFiles(root: string | undefined, path: string): Promise<readonly string[]> {
  return await guarded("open", path, async () => {
    if (root === undefined) {
      if (path === "" || path === "/") return [];
      throw missing("open", path);
    }
    return readdirSync(pathInside(root, path)).sort(compareBytes);
  });
}

async function guarded<T>(verb: string, path: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    if (cause instanceof CooperError || errnoOf(cause) === undefined) throw cause;
    throw new CooperError(badAttestation, `${verb} ${path}: ${reasonOf(cause)}`, { cause });
  }
}

function missing(verb: string, path: string): CooperError {
  return new CooperError(badAttestation, `${verb} ${path}: no such file or directory`);
}
