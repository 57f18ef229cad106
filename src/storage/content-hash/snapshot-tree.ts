import type { BigIntStats } from "node:fs";
import { isOpaque, isWhiteout, type TreeFiles } from "../../archive/index.ts";
import { errnoOf, readdirSync, readlinkSync } from "../../kit/index.ts";
import type { DigestMemory } from "./digest-memory.ts";
import { digestOfAttributes, digestOfFile, kindOf } from "./file-digest.ts";
import { below, type HashTree, type Place, type TreeNode } from "./tree.ts";

/** A layer's folder, and what is remembered of its files. */
export interface HashLayer {
  readonly folder: string;
  readonly files: TreeFiles;
  readonly memory: () => DigestMemory;
}

export interface SnapshotNode extends TreeNode {
  readonly stat: BigIntStats;
  /** Layers that have a part in it, the topmost first; of what is no directory only that one counts. */
  readonly layers: readonly HashLayer[];
}

/** The layers of a snapshot seen as one tree, as overlayfs would show them, without a mount: a file's digest is remembered with its layer. */
export class SnapshotTree implements HashTree<SnapshotNode> {
  /** Topmost first. */
  readonly #layers: readonly HashLayer[];
  readonly #used = new Set<DigestMemory>();

  /** `layers` lowest first, as storage counts them; at least one. */
  constructor(layers: readonly HashLayer[]) {
    this.#layers = [...layers].reverse();
  }

  root(): SnapshotNode {
    const top = this.#layers[0] as HashLayer;
    return nodeOf("", top.files.lstat(top.folder) as BigIntStats, this.#layers);
  }

  child(directory: SnapshotNode, name: string): SnapshotNode | undefined {
    return this.#merge(below(directory.path, name), directory.layers);
  }

  children(directory: SnapshotNode): readonly SnapshotNode[] {
    const holders = new Map<string, HashLayer[]>();
    for (const layer of directory.layers) {
      for (const name of readdirSync(`${layer.folder}/${directory.path}`)) {
        const known = holders.get(name);
        if (known === undefined) holders.set(name, [layer]);
        else known.push(layer);
      }
    }
    const nodes: SnapshotNode[] = [];
    for (const name of [...holders.keys()].sort()) {
      const node = this.#merge(below(directory.path, name), holders.get(name) ?? []);
      if (node !== undefined) nodes.push(node);
    }
    return nodes;
  }

  linkTarget(node: SnapshotNode): string {
    return readlinkSync(pathOf(node));
  }

  place(node: SnapshotNode): Place {
    return { path: pathOf(node), stat: node.stat, files: filesOf(node) };
  }

  fileDigest(node: SnapshotNode): Buffer | Promise<Buffer> {
    const memory = (node.layers[0] as HashLayer).memory();
    this.#used.add(memory);
    const folder = memory.folder(node.path.slice(0, -node.name.length));
    const known = folder.find(node.name, node.stat);
    if (known !== undefined) return known;
    const digest = digestOfFile(pathOf(node), node.stat.size, filesOf(node));
    const keep = (bytes: Buffer) => {
      // Nobody writes to a committed snapshot: no race to fear.
      folder.remember(node.name, node.stat, bytes);
      return bytes;
    };
    return Buffer.isBuffer(digest) ? keep(digest) : digest.then(keep);
  }

  attributes(node: SnapshotNode): Buffer | undefined {
    return digestOfAttributes(pathOf(node), filesOf(node));
  }

  remember(): void {
    for (const memory of this.#used) memory.save();
  }

  /** What the layers, topmost first, make of a path: the first that has it decides, and directories go on until something hides the rest. */
  #merge(path: string, layers: readonly HashLayer[]): SnapshotNode | undefined {
    let stat: BigIntStats | undefined;
    const parts: HashLayer[] = [];
    for (const layer of layers) {
      const here = statIn(layer, path);
      if (here === undefined) continue;
      if (stat !== undefined && !here.isDirectory()) break;
      if (isWhiteout(here)) break;
      stat ??= here;
      parts.push(layer);
      if (!here.isDirectory() || (layer !== layers.at(-1) && isOpaque(`${layer.folder}/${path}`))) break;
    }
    return stat === undefined ? undefined : nodeOf(path, stat, parts);
  }
}

const filesOf = (node: SnapshotNode): TreeFiles => (node.layers[0] as HashLayer).files;
const pathOf = (node: SnapshotNode): string => `${(node.layers[0] as HashLayer).folder}/${node.path}`;

function statIn(layer: HashLayer, path: string): BigIntStats | undefined {
  try {
    return layer.files.lstat(`${layer.folder}/${path}`);
  } catch (error) {
    if (errnoOf(error) === "ENAMETOOLONG") return undefined;
    throw error;
  }
}

function nodeOf(path: string, stat: BigIntStats, layers: readonly HashLayer[]): SnapshotNode {
  const mode = Number(stat.mode);
  return {
    path,
    name: path.slice(path.lastIndexOf("/") + 1),
    kind: kindOf(mode),
    mode: mode & 0o7777,
    uid: Number(stat.uid),
    gid: Number(stat.gid),
    device: stat.rdev,
    certain: true,
    stat,
    layers,
  };
}
