import type { CacheRecord } from "../../export/index.ts";
import type { Digest } from "../../kit/index.ts";
import { chainIds, type ImageLayer, type Ref } from "../../ops/index.ts";

/** Where the layers of a cache are, and what they are. */
export type LayerOf = (blob: Digest) => Omit<ImageLayer, "chainId"> | undefined;

/** Records of one cache, by their place in it. */
export type Places = ReadonlySet<number>;

/** A cache from elsewhere. Layers stay where they are until somebody needs their bytes. */
export class ImportedCache {
  readonly #records: readonly CacheRecord[];
  readonly #roots = new Map<Digest, Set<number>>();
  readonly #children = new Map<string, Set<number>>();
  readonly #layerOf: LayerOf;

  constructor(records: readonly CacheRecord[], layerOf: LayerOf) {
    this.#records = records;
    this.#layerOf = layerOf;
    for (const [at, { digest, inputs }] of records.entries()) {
      if (inputs.length === 0) addTo(this.#roots, digest, at);
      for (const [input, links] of inputs.entries()) {
        for (const { selector, link } of links) addTo(this.#children, nameOf(link, input, selector, digest), at);
      }
    }
  }

  /** Records of that digest that rest on nothing. */
  roots(digest: Digest): Places {
    return this.#roots.get(digest) ?? nowhere;
  }

  /** Records of that digest whose input is one of `from`, used as the selector says. */
  children(from: Places, input: number, selector: string, digest: Digest): Places {
    const found = new Set<number>();
    for (const link of from) {
      for (const at of this.#children.get(nameOf(link, input, selector, digest)) ?? []) found.add(at);
    }
    return found;
  }

  /** The newest result of the records whose layers are all known. */
  load(places: Places): Ref | undefined {
    const results = [...places].flatMap((at) => this.#records[at]?.results ?? []);
    const newestFirst = results.sort((a, b) => timeOf(b.createdAt) - timeOf(a.createdAt));
    for (const { chain } of newestFirst) {
      const ref = this.#refOf(chain);
      if (ref !== undefined) return ref;
    }
    return undefined;
  }

  /** Digests that may stand for an input of the records by its content alone. */
  contentKeys(places: Places, input: number): readonly Digest[] {
    const links = [...places].flatMap((at) => this.#records[at]?.inputs[input] ?? []);
    return links.flatMap(({ selector, link }) => {
      const record = this.#records[link];
      return record !== undefined && selector === "" && record.inputs.length === 0 ? [record.digest] : [];
    });
  }

  #refOf(chain: readonly Digest[]): Ref | undefined {
    const layers = chain.map(this.#layerOf);
    if (!layers.every((layer) => layer !== undefined)) return undefined;
    const ids = chainIds(layers.map(({ diffId }) => diffId));
    return { kind: "layers", layers: layers.map((layer, at) => ({ ...layer, chainId: ids[at] as Digest })) };
  }
}

const nowhere: Places = new Set();

function nameOf(link: number, input: number, selector: string, digest: Digest): string {
  return `${link} ${input} ${selector} ${digest}`;
}

function addTo<K>(map: Map<K, Set<number>>, key: K, at: number): void {
  const known = map.get(key);
  if (known === undefined) map.set(key, new Set([at]));
  else known.add(at);
}

function timeOf(text: string): number {
  return Date.parse(text) || 0;
}
