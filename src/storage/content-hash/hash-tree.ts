import { type FilterState, PathFilter } from "../../archive/index.ts";
import { CooperError, type Digest, hasWildcard, type Scope } from "../../kit/index.ts";
import type { HashSelector } from "./contract.ts";
import { RecordHash } from "./record-hash.ts";
import { select } from "./resolve.ts";
import { below, type HashTree, type TreeNode } from "./tree.ts";

/** How long the event loop is held at a time, in milliseconds. */
const slice = 15;

/** Raised when the bytes that are hashed change their meaning. */
const format = "cooper content hash 1";

interface Hashing<N extends TreeNode> {
  readonly tree: HashTree<N>;
  readonly record: RecordHash;
  readonly filter: PathFilter | undefined;
  readonly scope: Scope;
  /** Directories on the way down that come along once something below them does. */
  readonly waiting: { readonly node: N; readonly path: string }[];
  sliceEnd: number;
}

/** Digest of what the selector picks from the tree. Throws `storage/path-not-found`. */
export async function hashTree<N extends TreeNode>(
  tree: HashTree<N>,
  selector: HashSelector,
  scope: Scope,
): Promise<Digest> {
  const wildcard = selector.wildcard && hasWildcard(selector.path);
  const nodes = select(tree, selector.path, wildcard, selector.followLinks);
  const filter = PathFilter.of(selector.include, selector.exclude);
  const record = new RecordHash();
  record.text(format);
  const hashing: Hashing<N> = { tree, record, filter, scope, waiting: [], sliceEnd: performance.now() + slice };
  for (const node of nodes) {
    // With a pattern, names decide where the copies go; else the path is the caller's and its name no content.
    record.text(wildcard ? node.name : "");
    await hashPicked(hashing, node);
  }
  if (!wildcard) {
    const only = nodes[0];
    // A directory of which the context's filter left nothing is not there.
    if (only === undefined || (!only.certain && hashing.waiting.length > 0)) throw notFound(selector.path);
  }
  return record.finish();
}

/** The picked file itself: always in; of a directory, what the filter picks below it. */
async function hashPicked<N extends TreeNode>(hashing: Hashing<N>, node: N): Promise<void> {
  hashing.waiting.length = 0;
  if (node.kind !== "directory") {
    await hashFile(hashing, node, "");
    return;
  }
  if (node.certain) describe(hashing, node, "");
  else hashing.waiting.push({ node, path: "" });
  await hashFolder(hashing, node, "", hashing.filter?.newState());
}

async function hashFolder<N extends TreeNode>(
  hashing: Hashing<N>,
  folder: N,
  path: string,
  state: FilterState | undefined,
): Promise<void> {
  const { tree, filter, waiting } = hashing;
  for (const node of tree.children(folder)) {
    if (performance.now() > hashing.sliceEnd) await breathe(hashing);
    const childPath = below(path, node.name);
    const directory = node.kind === "directory";
    const own = directory ? filter?.newState() : undefined;
    const verdict = filter === undefined ? "in" : filter.judge(childPath, path === "" ? undefined : state, own);
    if (verdict === "out") continue;
    if (!directory) {
      const large = hashFile(hashing, node, childPath);
      if (large !== undefined) await large;
      continue;
    }
    const depth = waiting.length;
    if (verdict === "in" && node.certain) describe(hashing, node, childPath);
    else waiting.push({ node, path: childPath });
    await hashFolder(hashing, node, childPath, own);
    if (waiting.length > depth) waiting.length = depth;
  }
}

function hashFile<N extends TreeNode>(hashing: Hashing<N>, node: N, path: string): Promise<void> | undefined {
  describe(hashing, node, path);
  const { record, tree } = hashing;
  if (node.kind === "symlink") record.text(tree.linkTarget(node));
  if (node.kind !== "file") return undefined;
  const digest = tree.fileDigest(node);
  if (Buffer.isBuffer(digest)) {
    record.bytes(digest);
    return undefined;
  }
  return digest.then((bytes) => record.bytes(bytes));
}

/** Name, type, mode, owner, device and attributes; those of a file are in its digest. Times do not count. */
function describe<N extends TreeNode>(hashing: Hashing<N>, node: N, path: string): void {
  const { record, tree, waiting } = hashing;
  if (waiting.length > 0) for (const parent of waiting.splice(0)) writeHeader(record, tree, parent.node, parent.path);
  writeHeader(record, tree, node, path);
}

function writeHeader<N extends TreeNode>(record: RecordHash, tree: HashTree<N>, node: N, path: string): void {
  record.text(path);
  // The root of a tree belongs to whoever made it, and is never copied.
  if (node.path === "") return;
  const { kind, mode, uid, gid, device } = node;
  const isDevice = kind === "character" || kind === "block";
  record.text(`${kind} ${kind === "symlink" ? "" : mode} ${uid} ${gid} ${isDevice ? device : ""}`);
  if (kind !== "file") {
    const attributes = tree.attributes(node);
    if (attributes !== undefined) record.bytes(attributes);
  }
}

async function breathe<N extends TreeNode>(hashing: Hashing<N>): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve));
  hashing.scope.signal.throwIfAborted();
  hashing.sliceEnd = performance.now() + slice;
}

function notFound(path: string): CooperError {
  return new CooperError("storage/path-not-found", `${JSON.stringify(path)}: not found`);
}
