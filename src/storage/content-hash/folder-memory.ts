import type { BigIntStats } from "node:fs";
import { decodeRaw, encodeRaw } from "../../kit/index.ts";

/** What identifies a file's bytes without reading them. */
export type FileIdentity = Pick<BigIntStats, "size" | "mtimeNs" | "ctimeNs" | "ino">;

/** size, mtime, ctime, inode. */
const identitySize = 32;
const entrySize = identitySize + 32;
const noBytes = Buffer.alloc(0);

/**
 * Digests of the files of one folder, by name, sorted. Asked in the order of names it finds each with one comparison.
 * Block: per file u16 length of name, name, identity and digest.
 */
export class FolderMemory {
  readonly #block: Buffer;
  /** Names in order, and where in the block what belongs to them begins. */
  readonly #names: string[] = [];
  readonly #offsets: number[] = [];
  readonly #learnt = new Map<string, Buffer>();
  readonly #seen: Uint8Array;
  #next = 0;

  /** A block that is none counts as empty. */
  constructor(block: Buffer = noBytes) {
    this.#block = block;
    for (let at = 0; at + 2 <= block.length; ) {
      const start = at + 2 + block.readUInt16LE(at);
      if (start + entrySize > block.length) break;
      this.#names.push(decodeRaw(block, at + 2, start));
      this.#offsets.push(start);
      at = start + entrySize;
    }
    this.#seen = new Uint8Array(this.#names.length);
  }

  /** The digest of the file's bytes when it is still the one that was remembered. */
  find(name: string, file: FileIdentity): Buffer | undefined {
    const learnt = this.#learnt.size === 0 ? undefined : this.#learnt.get(name);
    if (learnt !== undefined) return isSame(learnt, 0, file) ? learnt.subarray(identitySize) : undefined;
    const index = this.#indexOf(name);
    if (index === undefined) return undefined;
    const at = this.#offsets[index] as number;
    return isSame(this.#block, at, file) ? this.#block.subarray(at + identitySize, at + entrySize) : undefined;
  }

  remember(name: string, file: FileIdentity, digest: Buffer): void {
    const bytes = Buffer.allocUnsafe(entrySize);
    bytes.writeBigUInt64LE(file.size, 0);
    bytes.writeBigInt64LE(file.mtimeNs, 8);
    bytes.writeBigInt64LE(file.ctimeNs, 16);
    bytes.writeBigUInt64LE(file.ino, 24);
    digest.copy(bytes, identitySize);
    this.#learnt.set(name, bytes);
  }

  /** The block with what was learnt, or undefined when nothing was. Names that nobody asked for go when they become too many. */
  encodeIfChanged(): Buffer | undefined {
    if (this.#learnt.size === 0) return undefined;
    const seen = this.#seen.reduce((sum, flag) => sum + flag, 0);
    const keepUnseen = this.#names.length - seen <= seen + this.#learnt.size + 100;
    const kept = new Map<string, Buffer>();
    for (const [index, name] of this.#names.entries()) {
      const at = this.#offsets[index] as number;
      if (keepUnseen || this.#seen[index] === 1) kept.set(name, this.#block.subarray(at, at + entrySize));
    }
    for (const [name, bytes] of this.#learnt) kept.set(name, bytes);
    return encode(kept);
  }

  #indexOf(name: string): number | undefined {
    let at = this.#next;
    if (this.#names[at] !== name) at = findName(this.#names, name);
    if (this.#names[at] !== name) return undefined;
    this.#next = at + 1;
    this.#seen[at] = 1;
    return at;
  }
}

function isSame(bytes: Buffer, at: number, file: FileIdentity): boolean {
  return (
    bytes.readBigInt64LE(at + 16) === file.ctimeNs &&
    bytes.readBigInt64LE(at + 8) === file.mtimeNs &&
    bytes.readBigUInt64LE(at) === file.size &&
    bytes.readBigUInt64LE(at + 24) === file.ino
  );
}

/** Index of the name, or of where it would stand. */
function findName(names: readonly string[], name: string): number {
  let [low, high] = [0, names.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((names[middle] as string) < name) low = middle + 1;
    else high = middle;
  }
  return low;
}

function encode(entries: ReadonlyMap<string, Buffer>): Buffer {
  const parts: Buffer[] = [];
  for (const name of [...entries.keys()].sort()) {
    const encoded = encodeRaw(name);
    const head = Buffer.allocUnsafe(2);
    head.writeUInt16LE(encoded.length);
    parts.push(head, encoded, entries.get(name) ?? Buffer.alloc(entrySize));
  }
  return Buffer.concat(parts);
}
