import type { BigIntStats } from "node:fs";
import { type FilterState, kernelFiles, type PathFilter } from "../../archive/index.ts";
import { errnoOf, lstatSync, readdirSync, readlinkSync } from "../../kit/index.ts";
import type { SeenFolder } from "./contract.ts";
import type { DigestMemory } from "./digest-memory.ts";
import { digestOfAttributes, digestOfFile, kindOf } from "./file-digest.ts";
import type { FolderMemory } from "./folder-memory.ts";
import { isRacy } from "./racy.ts";
import { below, type HashTree, type Place, type TreeNode } from "./tree.ts";

export interface FolderNode extends TreeNode {
  readonly parent: FolderNode | undefined;
  readonly stat: BigIntStats;
  /** Of directories, when there is a filter. */
  readonly state: FilterState | undefined;
  /** Of directories, once a file in it was hashed. */
  memory: FolderMemory | undefined;
}

/** A folder of the user's, read in place through the filter of its build context. Everything in it belongs to 0:0. */
export class FolderTree implements HashTree<FolderNode> {
  readonly #root: string;
  readonly #filter: PathFilter | undefined;
  readonly #memory: DigestMemory;
  readonly #seen: SeenFolder | undefined;
  readonly #openedAt = Date.now();

  constructor(root: string, filter: PathFilter | undefined, memory: DigestMemory, seen?: SeenFolder) {
    this.#root = root;
    this.#filter = filter;
    this.#memory = memory;
    this.#seen = seen;
  }

  root(): FolderNode {
    const stat = lstatSync(this.#root, { bigint: true });
    return nodeOf(undefined, "", stat, true, this.#filter?.newState());
  }

  child(directory: FolderNode, name: string): FolderNode | undefined {
    const path = below(directory.path, name);
    let stat: BigIntStats | undefined;
    try {
      stat = lstatSync(`${this.#root}/${path}`, { bigint: true, throwIfNoEntry: false });
    } catch (error) {
      if (!["ENOTDIR", "ENAMETOOLONG", "ELOOP"].includes(errnoOf(error) ?? "")) throw error;
    }
    if (stat === undefined) return undefined;
    if (this.#filter === undefined) return nodeOf(directory, name, stat, true, undefined);
    const own = stat.isDirectory() ? this.#filter.newState() : undefined;
    const verdict = this.#filter.judge(path, directory.path === "" ? undefined : directory.state, own);
    return verdict === "out" ? undefined : nodeOf(directory, name, stat, verdict === "in", own);
  }

  children(directory: FolderNode): readonly FolderNode[] {
    const names = readdirSync(directory.path === "" ? this.#root : `${this.#root}/${directory.path}`);
    const nodes: FolderNode[] = [];
    for (const name of names.sort()) {
      const node = this.child(directory, name);
      if (node !== undefined) nodes.push(node);
    }
    this.#seen?.note(directory.path, directory.stat, nodes);
    return nodes;
  }

  linkTarget(node: FolderNode): string {
    return readlinkSync(`${this.#root}/${node.path}`);
  }

  place(node: FolderNode): Place {
    return { path: `${this.#root}/${node.path}`, stat: node.stat, files: kernelFiles };
  }

  fileDigest(node: FolderNode): Buffer | Promise<Buffer> {
    const memory = this.#memoryOf(node);
    const known = memory.find(node.name, node.stat);
    if (known !== undefined) return known;
    const digest = digestOfFile(`${this.#root}/${node.path}`, node.stat.size);
    const keep = (bytes: Buffer) => {
      if (!isRacy(node.stat, this.#openedAt)) memory.remember(node.name, node.stat, bytes);
      return bytes;
    };
    return Buffer.isBuffer(digest) ? keep(digest) : digest.then(keep);
  }

  attributes(node: FolderNode): Buffer | undefined {
    return digestOfAttributes(`${this.#root}/${node.path}`);
  }

  remember(): void {
    this.#memory.save();
  }

  #memoryOf({ parent }: FolderNode): FolderMemory {
    if (parent === undefined) return this.#memory.folder("");
    parent.memory ??= this.#memory.folder(parent.path);
    return parent.memory;
  }
}

function nodeOf(
  parent: FolderNode | undefined,
  name: string,
  stat: BigIntStats,
  certain: boolean,
  state: FilterState | undefined,
): FolderNode {
  const mode = Number(stat.mode);
  return {
    parent,
    path: parent === undefined ? "" : below(parent.path, name),
    name,
    kind: kindOf(mode),
    mode: mode & 0o7777,
    uid: 0,
    gid: 0,
    device: stat.rdev,
    certain,
    stat,
    state,
    memory: undefined,
  };
}
