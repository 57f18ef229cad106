import { posix } from "node:path";
import type { Digest, Scope } from "../../kit/index.ts";
import type { Storage } from "../../storage/index.ts";
import type { LayerSource, ReadyLayer } from "../layers.ts";

export interface LayerParts {
  readonly storage: Storage;
  readonly layers: LayerSource;
}

/** Says which layer of an image a file is from. Layers are read from the highest down, and only while something is looked for. */
export class FileLayers {
  readonly #parts: LayerParts;
  readonly #scope: Scope;
  readonly #pending: ReadyLayer[];
  readonly #found = new Map<string, Digest>();
  /** `layers`: lowest first. */
  constructor(layers: readonly ReadyLayer[], parts: LayerParts, scope: Scope) {
    this.#pending = [...layers];
    this.#parts = parts;
    this.#scope = scope;
  }

  /** The layer that has the file, though a higher one may have deleted it; undefined when none has. Not for calls at the same time. */
  async find(path: string): Promise<Digest | undefined> {
    const wanted = posix.join("/", path);
    while (!this.#found.has(wanted)) {
      const layer = this.#pending.pop();
      if (layer === undefined) return undefined;
      await this.#read(layer);
    }
    return this.#found.get(wanted);
  }

  async #read(layer: ReadyLayer): Promise<void> {
    const { storage, layers } = this.#parts;
    const { descriptor } = layer.record;
    await layers.fetch(layer, this.#scope);
    const { decompress, readTar } = await import("../../archive/index.ts");
    const tar = decompress(storage.blobs.read(descriptor, this.#scope), this.#scope);
    for await (const { header } of readTar(tar)) {
      const name = posix.join("/", header.name.replace(/\/+$/, ""));
      if (posix.basename(name).startsWith(".wh.") || this.#found.has(name)) continue;
      this.#found.set(name, descriptor.digest);
    }
  }
}
