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
    throw error;
  }
}

/** The error for a path that an op should read and that is not there; says when the ignore file is why. */
export async function pathNotFound(tree: HashableTree, path: string, cause?: unknown): Promise<CooperError> {
  if (tree.kind === "scratch") {
    return new CooperError("ops/path-not-found", `lstat ${path}: no such file or directory`, { cause });
  }
  const name = tree.kind === "snapshot" ? tree.id : tree.kind;
  const hint = await hiddenHint(tree, path);
  return new CooperError(
    "ops/path-not-found",
    `failed to calculate checksum of ref ${name}: ${JSON.stringify(path)}: not found`,
    {
      cause,
      hint,
    },
  );
}

async function hiddenHint(tree: HashableTree, path: string): Promise<string | undefined> {
  if (tree.kind !== "folder") return undefined;
  const { existsSync } = await import("node:fs");
  if (!existsSync(`${tree.path}/${path}`)) return undefined;
  const pattern = tree.exclude.findLast((candidate) => !candidate.startsWith("!"));
  if (pattern === undefined) return undefined;
  const { PatternMatcher } = await import("../kit/index.ts");
  const relative = path.replace(/^\/+|\/+$/g, "");
  const hiding = tree.exclude.filter((candidate) =>
    new PatternMatcher([candidate.replace(/^!/, "")]).matches(relative),
  );
  const last = hiding.at(-1);
  return last === undefined
    ? undefined
    : `the file exists, but .dockerignore hides it: pattern ${JSON.stringify(last)}`;
}

/** Pending layers must have been pulled. Throws `ops/not-here`. */
export function hashableTree(ref: Ref): HashableTree {
  if (ref.kind === "layers") throw new CooperError("ops/not-here", "cannot read an image whose layers are not here");
  return ref;
}
