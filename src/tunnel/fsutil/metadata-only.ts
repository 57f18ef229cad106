import { fsutil } from "../../grpc/index.ts";
import { encode } from "../../wire/index.ts";

/** Where a tree of which most came as metadata tells of everything: `Stat` messages, each after its length (4 bytes, little endian). */
export const metadataFile = ".fsutil-metadata";

/** A transfer of metadata: everything is noted down, and only what is wanted is made in the folder, with the folders that lead to it. */
export class MetadataOnly {
  readonly #wants: (path: string) => boolean;
  readonly #notes: Uint8Array[] = [];
  /** Folders that lead to the entry at hand and were not made yet. */
  #parents: fsutil.Stat[] = [];

  constructor(wants: (path: string) => boolean) {
    this.#wants = wants;
  }

  /** The folders to make first when the entry is wanted; undefined when it is not. */
  take(stat: fsutil.Stat): readonly fsutil.Stat[] | undefined {
    if (stat.path === metadataFile) return undefined;
    this.#note(stat);
    this.#parents = this.#parents.filter(({ path }) => stat.path.startsWith(`${path}/`));
    if (this.#wants(stat.path)) return this.#parents.splice(0);
    if (isFolder(stat)) this.#parents.push(stat);
    return undefined;
  }

  /** Content of `metadataFile`. */
  notes(): Buffer {
    return Buffer.concat(this.#notes);
  }

  #note(stat: fsutil.Stat): void {
    const message = encode(fsutil.Stat, stat);
    const length = Buffer.alloc(4);
    length.writeUInt32LE(message.byteLength);
    this.#notes.push(length, message);
  }
}

/** Go's directory bit. */
function isFolder({ mode }: fsutil.Stat): boolean {
  return mode >>> 31 === 1;
}
