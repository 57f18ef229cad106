import { realpathSync } from "node:fs";
import { join } from "node:path";
import { followLinks, PathFilter } from "../../archive/index.ts";
import {
  CooperError,
  type Digest,
  errnoOf,
  readHint,
  type Scope,
  sha256,
  sha256Fields,
  splitDigest,
} from "../../kit/index.ts";
import type { SnapshotId, SnapshotStore } from "../contract.ts";
import type { Database } from "../database/database.ts";
import { told } from "../errors.ts";
import type { Layout } from "../layout.ts";
import type { ContentHashes, HashableTree, HashSelector, SeenFolder } from "./contract.ts";
import { DigestMemory } from "./digest-memory.ts";
import { FolderTree } from "./folder-tree.ts";
import { hashTree } from "./hash-tree.ts";
import { Recent } from "./recent.ts";
import { emptyTree } from "./scratch-tree.ts";
import { SnapshotTree } from "./snapshot-tree.ts";
import type { HashTree, TreeNode } from "./tree.ts";

export interface ContentHashParts {
  readonly layout: Layout;
  readonly database: Database;
  readonly snapshots: SnapshotStore;
  /** This opening's own, which goes with it. */
  readonly ownFolder: string;
}

/** Cooper's digests, or those that BuildKit has of the same. */
type Form = "own" | "portable";
type FolderOf = HashableTree & { readonly kind: "folder" };

/** As many as a tree has layers at most. Each is as large as a line for every file of it, and a daemon sees new ones with each build. */
const mostMemories = 128;

/** Content hashes with a memory in the root: files of folders and layers in hashes/, whole results of snapshots in the database. */
export class StoredContentHashes implements ContentHashes {
  readonly #parts: ContentHashParts;
  /** Of the folders and layers that were looked at last, so that calls share what they learn. */
  readonly #memories: Recent<DigestMemory>;

  constructor(parts: ContentHashParts) {
    this.#parts = parts;
    const { layout, ownFolder } = parts;
    this.#memories = new Recent(mostMemories, (name) => new DigestMemory(join(layout.hashes, name), ownFolder));
  }

  hash(tree: HashableTree, selector: HashSelector, scope: Scope, seen?: SeenFolder): Promise<Digest> {
    return this.#hash(tree, selector, "own", scope, seen);
  }

  portable(tree: HashableTree, selector: HashSelector, scope: Scope): Promise<Digest> {
    return this.#hash(tree, selector, "portable", scope);
  }

  async #hash(
    tree: HashableTree,
    selector: HashSelector,
    form: Form,
    scope: Scope,
    seen?: SeenFolder,
  ): Promise<Digest> {
    return await told(`hash ${JSON.stringify(selector.path)}`, () => {
      switch (tree.kind) {
        case "scratch":
          return hashIn(form, emptyTree, selector, undefined, scope);
        case "folder":
          return this.#hashFolder(tree, selector, form, scope, seen);
        case "snapshot":
          return this.#hashSnapshot(tree.id, selector, form, scope);
      }
    });
  }

  async #hashFolder(
    tree: FolderOf,
    selector: HashSelector,
    form: Form,
    scope: Scope,
    seen: SeenFolder | undefined,
  ): Promise<Digest> {
    const root = realpathSync(tree.path);
    const filter = PathFilter.of(includesOf(root, tree), tree.exclude);
    const memory = this.#memories.get(`${form === "own" ? "" : "portable-"}folder-${short(root)}`);
    const folder = new FolderTree(root === "/" ? "" : root, filter, memory, seen);
    const digest = await hashIn(form, folder, selector, memory, scope).catch((error: unknown) => {
      throw unreadable(error) ?? error;
    });
    folder.remember();
    return digest;
  }

  async #hashSnapshot(id: SnapshotId, selector: HashSelector, form: Form, scope: Scope): Promise<Digest> {
    const { database, snapshots } = this.#parts;
    const key = form === "own" ? sha256Fields(JSON.stringify(selector)) : sha256Fields(form, JSON.stringify(selector));
    const sql = "SELECT digest FROM tree_hash WHERE snapshot = ? AND selector = ?";
    const known = database.get<{ digest: string }>(sql, id, key)?.digest;
    if (known !== undefined) return known as Digest;
    const chain = snapshots.driver === "native" ? snapshots.chain(id).slice(-1) : snapshots.chain(id);
    const layers = chain.map((info) => ({
      ...snapshots.changes(info.id),
      memory: () => this.#memories.get(`layer-${info.id}`),
    }));
    const tree = new SnapshotTree(layers);
    const digest = await hashIn(form, tree, selector, undefined, scope);
    tree.remember();
    database.run("INSERT OR REPLACE INTO tree_hash (snapshot, selector, digest) VALUES (?, ?, ?)", id, key, digest);
    return digest;
  }
}

/** `memory`: of a folder's files. */
async function hashIn<N extends TreeNode>(
  form: Form,
  tree: HashTree<N>,
  selector: HashSelector,
  memory: DigestMemory | undefined,
  scope: Scope,
): Promise<Digest> {
  if (form === "own") return hashTree(tree, selector, scope);
  const { portableHash } = await import("./portable/portable-hash.ts");
  return portableHash(tree, selector, memory, scope);
}

/** A file of the caller's that this process may not read is the caller's affair, not the root's. */
function unreadable(cause: unknown): CooperError | undefined {
  const { path } = cause as NodeJS.ErrnoException;
  if (errnoOf(cause) !== "EACCES" || path === undefined) return undefined;
  const message = `cannot read the build context: open ${path}: permission denied`;
  return new CooperError("storage/unreadable", message, { cause, hint: readHint(path) });
}

const short = (text: string): string => splitDigest(sha256(text)).hex.slice(0, 32);

/** The include list together with what its followed paths lead to; empty means everything (fsutil NewFilterFS). */
function includesOf(root: string, { include, follow }: FolderOf): readonly string[] {
  const targets = follow.length === 0 ? undefined : followLinks(root, follow);
  if (targets === undefined) return include;
  const all = [...include, ...targets];
  return all.includes(".") ? [] : all;
}
