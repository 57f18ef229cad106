import type { Digest } from "../../kit/index.ts";
import type { Ref } from "../../ops/index.ts";
import type { PortableInput, PortableKey } from "../../solver/index.ts";
import type { EngineScope } from "../engine-scope.ts";
import type { EngineEdge, EngineVertex } from "../graph.ts";
import type { ImportedCache, Places } from "./imported-cache.ts";
import { contentDigest, recordDigest } from "./record-digest.ts";

export interface CacheFinderNeeds {
  /** The entries of requests that were imported, also those that could not be. */
  readonly entries: ReadonlySet<string>;
  readonly caches: readonly ImportedCache[];
  /** The edge's result with its tree here; it is made when it is not there yet. */
  readonly present: (edge: EngineEdge) => Promise<Ref>;
  /** A scope for what names of sources ask. */
  readonly scope: () => EngineScope;
}

/** Per cache, in its order, the records that an edge is found as. */
type Found = readonly Places[];

/**
 * Finds what a job wants in the caches that it imported, by BuildKit's keys. Each vertex is looked for once: first by the names of what it
 * rests on, and only when that finds nothing by the content of inputs, which are made for that.
 */
export class CacheFinder {
  readonly #needs: CacheFinderNeeds;
  readonly #keys = new Map<EngineVertex, Promise<PortableKey<Ref, EngineScope>>>();
  readonly #named = new Map<EngineVertex, Map<number, Promise<Found>>>();
  readonly #found = new Map<EngineVertex, Map<number, Promise<Found>>>();
  readonly #contents = new Map<EngineVertex, Map<number, Promise<Digest | undefined>>>();

  constructor(needs: CacheFinderNeeds) {
    this.#needs = needs;
  }

  get caches(): readonly ImportedCache[] {
    return this.#needs.caches;
  }

  get entries(): ReadonlySet<string> {
    return this.#needs.entries;
  }

  /** Whether the vertex is known without a look at what its inputs contain. */
  async knows(vertex: EngineVertex): Promise<boolean> {
    const found = await this.#perOutput(vertex, (output) => this.#findByName(vertex, output));
    return !found.every(isEmpty);
  }

  /** The results of the vertex's outputs, as far as some cache has them. */
  async load(vertex: EngineVertex): Promise<readonly (Ref | undefined)[] | undefined> {
    for (const find of [this.#findByName, this.#find]) {
      const found = await this.#perOutput(vertex, (output) => find.call(this, vertex, output));
      const refs = found.map((one) => this.#newestOf(one));
      if (refs.some((ref) => ref !== undefined)) return refs;
    }
    return undefined;
  }

  /** Digests (as records have them) of content which the caches know as standing for an input of that edge. */
  async contentKeys({ vertex, output }: EngineEdge, input: number): Promise<readonly Digest[]> {
    const found = await this.#find(vertex, output);
    return found.flatMap((places, at) => this.#needs.caches[at]?.contentKeys(places, input) ?? []);
  }

  async #perOutput(vertex: EngineVertex, find: (output: number) => Promise<Found>): Promise<readonly Found[]> {
    const { outputs } = await this.#keyOf(vertex);
    return Promise.all(Array.from({ length: outputs }, (_, output) => find(output)));
  }

  #newestOf(found: Found): Ref | undefined {
    for (const [at, places] of found.entries()) {
      const ref = this.#needs.caches[at]?.load(places);
      if (ref !== undefined) return ref;
    }
    return undefined;
  }

  #keyOf(vertex: EngineVertex): Promise<PortableKey<Ref, EngineScope>> {
    return once(this.#keys, vertex, async () => {
      const key = vertex.ignoreCache ? undefined : await vertex.op.portable?.(this.#needs.scope());
      return key ?? { digests: [], outputs: 1, inputs: [] };
    });
  }

  /** By what the inputs are found as. */
  #findByName(vertex: EngineVertex, output: number): Promise<Found> {
    return once(mapOf(this.#named, vertex), output, async () => {
      // A chain of vertices may be longer than the stack is deep.
      await Promise.resolve();
      const { digests, inputs } = await this.#keyOf(vertex);
      if (vertex.inputs.length === 0) {
        return this.#perCache((cache) => union(digests.map((digest) => cache.roots(recordDigest(digest, output)))));
      }
      return this.#join(inputs, await this.#below(vertex), digests, output);
    });
  }

  #below(vertex: EngineVertex): Promise<Found[]> {
    return Promise.all(vertex.inputs.map((edge) => this.#find(edge.vertex, edge.output)));
  }

  /** By names; else by the content of those inputs first that are not found, then of all. */
  #find(vertex: EngineVertex, output: number): Promise<Found> {
    return once(mapOf(this.#found, vertex), output, async () => {
      const named = await this.#findByName(vertex, output);
      if (!isEmpty(named) || vertex.inputs.length === 0) return named;
      const { digests, inputs } = await this.#keyOf(vertex);
      if (digests.length === 0) return named;
      const below = await this.#below(vertex);
      const first = inputs.map((_, at) => isEmpty(this.#childrenOf(inputs, below, digests, output, at)));
      if (!inputs.every(({ content }, at) => content !== undefined || first[at] === false)) return named;
      for (const wanted of [first, inputs.map(() => true)]) {
        const contents = await Promise.all(
          inputs.map((input, at) => (wanted[at] ? this.#contentOf(vertex, input, at) : undefined)),
        );
        const found = this.#join(inputs, below, digests, output, contents);
        if (!isEmpty(found)) return found;
      }
      return named;
    });
  }

  /** Records that have all of the inputs, by one of their names or by content. */
  #join(
    inputs: readonly PortableInput<Ref, EngineScope>[],
    below: readonly Found[],
    digests: readonly Digest[],
    output: number,
    contents: readonly (Digest | undefined)[] = [],
  ): Found {
    const perInput = inputs.map((_, at) => this.#childrenOf(inputs, below, digests, output, at, contents[at]));
    return this.#needs.caches.map((_, at) => intersection(perInput.map((found) => found[at] ?? new Set())));
  }

  #childrenOf(
    inputs: readonly PortableInput<Ref, EngineScope>[],
    below: readonly Found[],
    digests: readonly Digest[],
    output: number,
    input: number,
    content?: Digest,
  ): Found {
    return this.#perCache((cache, at) =>
      union(
        digests.flatMap((op) => {
          const digest = recordDigest(op, output);
          const { selector = "" } = inputs[input] ?? {};
          const named = cache.children(below[input]?.[at] ?? new Set(), input, selector, digest);
          if (content === undefined) return [named];
          return [named, cache.children(cache.roots(contentDigest(content)), input, "", digest)];
        }),
      ),
    );
  }

  /** Undefined when there is none: then the op itself will say why. */
  #contentOf(
    vertex: EngineVertex,
    { content }: PortableInput<Ref, EngineScope>,
    input: number,
  ): Promise<Digest | undefined> {
    return once(mapOf(this.#contents, vertex), input, async () => {
      const edge = vertex.inputs[input];
      if (content === undefined || edge === undefined) return undefined;
      const scope = this.#needs.scope();
      try {
        return await content(await this.#needs.present(edge), scope);
      } catch {
        scope.signal.throwIfAborted();
        return undefined;
      }
    });
  }

  #perCache(find: (cache: ImportedCache, at: number) => Places): Found {
    return this.#needs.caches.map(find);
  }
}

function isEmpty(found: Found): boolean {
  return found.every((places) => places.size === 0);
}

function union(sets: readonly Places[]): Places {
  return new Set(sets.flatMap((set) => [...set]));
}

function intersection([first = new Set(), ...others]: readonly Places[]): Places {
  return new Set([...first].filter((at) => others.every((set) => set.has(at))));
}

function mapOf<K, T>(maps: Map<K, Map<number, T>>, key: K): Map<number, T> {
  let map = maps.get(key);
  if (map === undefined) {
    map = new Map();
    maps.set(key, map);
  }
  return map;
}

function once<K, T>(map: Map<K, Promise<T>>, key: K, make: () => Promise<T>): Promise<T> {
  let made = map.get(key);
  if (made === undefined) {
    made = make();
    map.set(key, made);
  }
  return made;
}
