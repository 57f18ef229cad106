import { CooperError, type Digest, isCooperError, sha256Fields } from "../kit/index.ts";
import type { HashableTree, HashSelector, SeenFolder, Storage } from "../storage/index.ts";
import type { OpScope, Ref } from "./contract.ts";

/** What an op reads of an input. */
export type Selection = HashSelector;

/**
 * Digest of what the selections pick of a tree that is here. A path that is not there throws `ops/path-not-found` in upstream's
 * words (`failed to calculate checksum of ref …: "/x": not found`, of an empty tree `/x: no such file or directory`).
 */
export async function hashSelection(
  input: Ref,
  selections: readonly Selection[],
  storage: Storage,
  scope: OpScope,
  seen?: SeenFolder,
): Promise<Digest> {
  const tree = hashableTree(input);
  const digests: Digest[] = [];
  for (const selection of selections) digests.push(await hashOne(tree, selection, storage, scope, seen));
  return sha256Fields("content", ...digests);
}

async function hashOne(
  tree: HashableTree,
  selection: Selection,
  storage: Storage,
  scope: OpScope,
  seen: SeenFolder | undefined,
): Promise<Digest> {
  try {
    return await storage.contentHashes.hash(tree, selection, scope, seen);
  } catch (error) {
    if (isCooperError(error, "storage/path-not-found")) throw await pathNotFound(tree, selection.path, error);
    if (!isCooperError(error, "kit/too-many-links")) throw error;
    throw new CooperError(error.code, `failed to calculate checksum of ref ${nameOf(tree)}: too many links`, {
      cause: error,
    });
  }
}

/** The error for a path that an op should read and that is not there; says when the ignore file is why, and what is near. */
export async function pathNotFound(tree: HashableTree, path: string, cause?: unknown): Promise<CooperError> {
  if (tree.kind === "scratch") {
    return new CooperError("ops/path-not-found", `lstat ${path}: no such file or directory`, { cause });
  }
  const hint = tree.kind === "folder" ? await (await import("./missing-hint.ts")).missingHint(tree, path) : undefined;
  return new CooperError(
    "ops/path-not-found",
    `failed to calculate checksum of ref ${nameOf(tree)}: ${JSON.stringify(path)}: not found`,
    {
      cause,
      hint,
    },
  );
}

function nameOf(tree: HashableTree): string {
  return tree.kind === "snapshot" ? tree.id : tree.kind;
}

/** Pending layers must have been pulled. Throws `ops/not-here`. */
export function hashableTree(ref: Ref): HashableTree {
  if (ref.kind === "layers") throw new CooperError("ops/not-here", "cannot read an image whose layers are not here");
  return ref;
}
