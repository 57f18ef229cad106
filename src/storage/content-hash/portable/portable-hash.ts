import { createHash } from "node:crypto";
import { posix } from "node:path";
import { CooperError, type Digest, hasWildcard, rawBytes, type Scope, sha256 } from "../../../kit/index.ts";
import type { HashSelector } from "../contract.ts";
import { select } from "../resolve.ts";
import type { HashTree, TreeNode } from "../tree.ts";
import { type Picked, pick } from "./pick.ts";
import { type FileMemory, Records } from "./records.ts";

/**
 * The digest that BuildKit has of what the selector picks (its `cache/contenthash`): as slow as reading it all once more, so it is only
 * asked for when a cache comes from elsewhere or goes there. Throws `storage/path-not-found`.
 */
export async function portableHash<N extends TreeNode>(
  tree: HashTree<N>,
  selector: HashSelector,
  memory: FileMemory | undefined,
  scope: Scope,
): Promise<Digest> {
  const records = new Records(tree, memory, scope);
  const path = posix.join("/", selector.path);
  // Scratch: there is nothing to read, and its root has no digest of its own.
  if (tree.place(tree.root()) === undefined && path === "/") return sha256("");
  const wildcard = selector.wildcard && hasWildcard(path);
  if (!wildcard && selector.include.length === 0 && selector.exclude.length === 0) {
    return wholeOf(records, path, selector.followLinks);
  }
  const { prefix, found } = await pick(records, path, wildcard, selector);
  const digests = await Promise.all(found.map((one) => digestOf(records, one, selector.followLinks)));
  const [only] = found;
  if (only === undefined) return sha256("");
  if (found.length === 1 && posix.basename(path) === posix.basename(only.path)) return digests[0] as Digest;
  const hash = createHash("sha256");
  for (const [at, one] of found.entries()) {
    const key = one.path.slice(prefix.length).replaceAll("/", "\0");
    hash.update(key === "" ? "\0" : rawBytes(key)).update(digests[at] as Digest);
  }
  return `sha256:${hash.digest("hex")}`;
}

function digestOf<N extends TreeNode>(
  records: Records<N>,
  { node, path, followed }: Picked<N>,
  followLinks: boolean,
): Promise<Digest> {
  return followed && node.kind === "symlink" ? wholeOf(records, path, followLinks) : records.header(node);
}

async function wholeOf<N extends TreeNode>(records: Records<N>, path: string, followLinks: boolean): Promise<Digest> {
  const [node] = select(records.tree, path, false, followLinks);
  // A link that leads nowhere is nothing to those who follow it.
  const dangling = followLinks && node?.kind === "symlink";
  const digest = node === undefined || dangling ? undefined : await records.whole(node);
  if (digest !== undefined) return digest;
  throw new CooperError("storage/path-not-found", `${JSON.stringify(path)}: not found`);
}
