import { constants } from "node:fs";
import { sha256 } from "../../kit/index.ts";
import type { SeenChildren, SeenFolder, SeenStat } from "./contract.ts";
import { unseenUntil } from "./racy.ts";

/** More than so many files are not kept in memory. */
const maxChildren = 200_000;
/** Numbers of one file: objects would be ten times as large, and all of them looked at by each garbage collection. */
const fields = ["mode", "size", "mtimeNs", "ctimeNs", "ino", "dev", "nlink", "rdev", "uid", "gid"] as const;

/** For `ContentHashes.hash`. */
export function createSeenFolder(): SeenFolder {
  return new SeenFolderMemory();
}

class SeenFolderMemory implements SeenFolder {
  readonly since = Date.now();
  readonly #listings = new Map<string, { readonly stat: SeenStat; readonly children: Listing }>();
  #count = 0;

  /** `stat` was taken before the directory was listed. */
  note(path: string, stat: SeenStat, children: readonly { readonly name: string; readonly stat: SeenStat }[]): void {
    this.#count += children.length;
    if (this.#count <= maxChildren) this.#listings.set(path, { stat, children: new Listing(children) });
  }

  children(path: string, stat: SeenStat): SeenChildren | undefined {
    const listing = this.#listings.get(path);
    return listing !== undefined && isSame(listing.stat, stat) ? listing.children : undefined;
  }
}

class Listing implements SeenChildren {
  readonly names: readonly string[];
  readonly settled: number;
  readonly #numbers: BigInt64Array;

  constructor(children: readonly { readonly name: string; readonly stat: SeenStat }[]) {
    this.names = children.map(({ name }) => name);
    this.#numbers = new BigInt64Array(children.length * fields.length);
    let settled = 0n;
    let at = 0;
    for (const { stat } of children) {
      // Of a directory only that it is one: what is in it changes its stamps.
      if (stat.isDirectory()) this.#numbers[at] = BigInt(constants.S_IFDIR);
      else {
        for (const [index, field] of fields.entries()) this.#numbers[at + index] = stat[field];
        const until = unseenUntil(stat);
        if (until > settled) settled = until;
      }
      at += fields.length;
    }
    this.settled = Number(settled / 1_000_000n) + 1;
  }

  stat(index: number): SeenStat | undefined {
    const file = new FileNumbers(this.#numbers, index * fields.length);
    return file.isDirectory() ? undefined : file;
  }

  fingerprint(): string {
    const { buffer } = this.#numbers;
    return sha256(`${this.names.join("/")}\0`, new Uint8Array(buffer)).slice("sha256:".length);
  }
}

class FileNumbers implements SeenStat {
  readonly #numbers: BigInt64Array;
  readonly #at: number;

  constructor(numbers: BigInt64Array, at: number) {
    this.#numbers = numbers;
    this.#at = at;
  }
  get mode() {
    return this.#number(0);
  }
  get size() {
    return this.#number(1);
  }
  get mtimeNs() {
    return this.#number(2);
  }
  get ctimeNs() {
    return this.#number(3);
  }
  get ino() {
    return this.#number(4);
  }
  get dev() {
    return this.#number(5);
  }
  get nlink() {
    return this.#number(6);
  }
  get rdev() {
    return this.#number(7);
  }
  get uid() {
    return this.#number(8);
  }
  get gid() {
    return this.#number(9);
  }
  isDirectory(): boolean {
    return this.#is(constants.S_IFDIR);
  }
  isFile(): boolean {
    return this.#is(constants.S_IFREG);
  }
  isSymbolicLink(): boolean {
    return this.#is(constants.S_IFLNK);
  }
  isSocket(): boolean {
    return this.#is(constants.S_IFSOCK);
  }
  #is(type: number): boolean {
    return (Number(this.mode) & constants.S_IFMT) === type;
  }
  #number(field: number): bigint {
    return this.#numbers[this.#at + field] ?? 0n;
  }
}

/** A directory in which no name came or went. */
function isSame(seen: SeenStat, now: SeenStat): boolean {
  return seen.ino === now.ino && seen.dev === now.dev && seen.mtimeNs === now.mtimeNs && seen.ctimeNs === now.ctimeNs;
}
