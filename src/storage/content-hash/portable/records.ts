import { createHash } from "node:crypto";
import { compareRaw, type Digest, rawBytes, type Scope } from "../../../kit/index.ts";
import type { FolderMemory } from "../folder-memory.ts";
import { isRacy } from "../racy.ts";
import type { HashTree, TreeNode } from "../tree.ts";
import { fileRecord } from "./file-record.ts";

/** What remembers files of a folder: asked by the path of their directory. */
export interface FileMemory {
  folder(path: string): FolderMemory;
}

/** The digest that BuildKit has of a build context's root: nobody tells it anything of that folder. */
const emptyDigest: Digest = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

/** How long the event loop is held at a time, in milliseconds. */
const slice = 15;

/** The digests of a tree's files and directories, each found once. */
export class Records<N extends TreeNode> {
  readonly tree: HashTree<N>;
  readonly #scope: Scope;
  /** Of a folder of the caller's: digests of files, and a root that counts as unknown. */
  readonly #memory: FileMemory | undefined;
  readonly #openedAt = Date.now();
  readonly #headers = new Map<string, Digest>();
  #sliceEnd = performance.now() + slice;

  constructor(tree: HashTree<N>, memory: FileMemory | undefined, scope: Scope) {
    this.tree = tree;
    this.#memory = memory;
    this.#scope = scope;
  }

  /** What the directory holds, in the order of bytes. */
  async children(folder: N): Promise<readonly N[]> {
    if (performance.now() > this.#sliceEnd) await this.#breathe();
    const nodes = this.tree.children(folder);
    const plain = nodes.every(({ name }) => /^[\x20-\x7e]*$/.test(name));
    return plain ? nodes : [...nodes].sort((a, b) => compareRaw(a.name, b.name));
  }

  /** False for a directory that is only there if anything below it is, when nothing is. */
  async exists(node: N): Promise<boolean> {
    if (node.certain) return true;
    for (const child of await this.children(node)) if (await this.exists(child)) return true;
    return false;
  }

  /** Digest of the file itself; of a directory, without what it holds. */
  async header(node: N): Promise<Digest> {
    const known = this.#headers.get(node.path);
    if (known !== undefined) return known;
    const digest = await this.#find(node);
    this.#headers.set(node.path, digest);
    return digest;
  }

  /** Digest of a file, or of a directory with all that is in it; undefined: one that is only there if anything below it is. */
  async whole(node: N): Promise<Digest | undefined> {
    if (node.kind !== "directory") return this.header(node);
    const hash = createHash("sha256");
    hash.update("\0").update(await this.header(node));
    let empty = true;
    for (const child of await this.children(node)) {
      const digest = await this.whole(child);
      if (digest === undefined) continue;
      empty = false;
      hash.update(rawBytes(`\0${child.name}`)).update(digest);
    }
    return empty && !node.certain ? undefined : `sha256:${hash.digest("hex")}`;
  }

  async #find(node: N): Promise<Digest> {
    if (node.path === "" && this.#memory !== undefined) return emptyDigest;
    const place = this.tree.place(node);
    const link = node.kind === "symlink" ? this.tree.linkTarget(node) : "";
    if (node.kind !== "file" || this.#memory === undefined || place === undefined) return fileRecord(node, link, place);
    const folder = this.#memory.folder(node.path.slice(0, -node.name.length));
    const known = folder.find(node.name, place.stat);
    if (known !== undefined) return `sha256:${known.toString("hex")}`;
    const digest = await fileRecord(node, link, place);
    if (!isRacy(place.stat, this.#openedAt))
      folder.remember(node.name, place.stat, Buffer.from(digest.slice("sha256:".length), "hex"));
    return digest;
  }

  async #breathe(): Promise<void> {
    await new Promise((resolve) => setImmediate(resolve));
    this.#scope.signal.throwIfAborted();
    this.#sliceEnd = performance.now() + slice;
  }
}
