import type { CachedResult } from "../../export/index.ts";
import type { Digest } from "../../kit/index.ts";
import { chainIds, type ImageLayer, type Ref } from "../../ops/index.ts";

/** Where the layers of a cache are, and what they are. */
export type LayerOf = (blob: Digest) => Omit<ImageLayer, "chainId"> | undefined;

/** A cache from elsewhere, as the solver asks for results. Layers stay where they are until somebody needs their bytes. */
export class ImportedCache {
  readonly #quick = new Map<Digest, Digest>();
  readonly #results = new Map<Digest, CachedResult>();
  readonly #layerOf: LayerOf;

  constructor(results: readonly CachedResult[], layerOf: LayerOf) {
    this.#layerOf = layerOf;
    for (const result of results) {
      this.#results.set(result.key, result);
      for (const quick of result.quick) this.#quick.set(quick, result.key);
    }
  }

  /** The key that a quick key leads to. */
  finalKey(quick: Digest): Digest | undefined {
    return this.#quick.get(quick);
  }

  /** All outputs under a key, when all their layers are known. */
  load(key: Digest): readonly Ref[] | undefined {
    const refs = this.#results.get(key)?.outputs.map(({ chain }) => this.#refOf(chain));
    return refs?.every((ref) => ref !== undefined) === true ? refs : undefined;
  }

  #refOf(chain: readonly Digest[]): Ref | undefined {
    if (chain.length === 0) return { kind: "scratch" };
    const layers = chain.map(this.#layerOf);
    if (!layers.every((layer) => layer !== undefined)) return undefined;
    const ids = chainIds(layers.map(({ diffId }) => diffId));
    return { kind: "layers", layers: layers.map((layer, at) => ({ ...layer, chainId: ids[at] as Digest })) };
  }
}
