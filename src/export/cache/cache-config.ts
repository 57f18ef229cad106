import { CooperError, type Digest, isDigest } from "../../kit/index.ts";
import { goJson } from "../../oci/index.ts";

/** A key of BuildKit's solver as a cache has it (upstream's `cache/remotecache/v1`). */
export interface CacheRecord {
  readonly digest: Digest;
  /** Per input of the op the records of which any will do. */
  readonly inputs: readonly (readonly CacheLink[])[];
  readonly results: readonly CachedTree[];
}
export interface CacheLink {
  readonly selector: string;
  /** Place among the records. */
  readonly link: number;
}
/** A tree of at least one layer. */
export interface CachedTree {
  /** Digests of the layers' blobs, lowest first. */
  readonly chain: readonly Digest[];
  /** RFC 3339. */
  readonly createdAt: string;
}

/** The media type of a cache's config. */
export const cacheConfigType = "application/vnd.buildkit.cacheconfig.v0";

/** More than any build has. */
const maxRecords = 1_000_000;

interface Layer {
  readonly blob: Digest;
  /** Of the layer below; -1: none. */
  readonly parent: number;
}

/** The config of a cache. The same records in another order give the same bytes. */
export function encodeCacheConfig(records: readonly CacheRecord[]): Buffer {
  const layers = new LayerTable(records);
  const list = layers.list.map(({ blob, parent }) => ({ blob, ...(parent === 0 ? {} : { parent }) }));
  return Buffer.from(goJson({ layers: list, records: encodeRecords(records, (chain) => layers.indexOf(chain)) }));
}

/** The records alone, for an image that has the layers itself: a chain is the first so many of the image's. */
export function encodeInlineRecords(records: readonly CacheRecord[]): Buffer {
  return Buffer.from(goJson(encodeRecords(records, (chain) => chain.length - 1)));
}

function encodeRecords(records: readonly CacheRecord[], indexOf: (chain: readonly Digest[]) => number) {
  const order = records.map((_, at) => at).sort((a, b) => compareRecords(records, a, b));
  const places = new Map(order.map((old, now) => [old, now]));
  const placeOf = (link: number) => places.get(link) as number;
  return order.map((at) => {
    const { digest, inputs, results } = records[at] as CacheRecord;
    const layers = results.map(({ chain, createdAt }) => ({ layer: indexOf(chain), createdAt }));
    const links = inputs.map((input) =>
      input
        .map(({ selector, link }) => ({ selector: selector || undefined, link: placeOf(link) }))
        .sort((a, b) => a.link - b.link),
    );
    return { ...(layers.length > 0 && { layers }), digest, ...(links.length > 0 && { inputs: links }) };
  });
}

/** An order that does not depend on how the records came. */
function compareRecords(records: readonly CacheRecord[], a: number, b: number): number {
  const [one, other] = [records[a] as CacheRecord, records[b] as CacheRecord];
  return compare(one.digest, other.digest) || compare(describe(records, one), describe(records, other)) || a - b;
}

function describe(records: readonly CacheRecord[], { inputs }: CacheRecord): string {
  const links = inputs.map((input) => input.map(({ selector, link }) => `${selector}@${records[link]?.digest}`).sort());
  return JSON.stringify(links);
}

/** Every layer of every chain once for each place that it has. */
class LayerTable {
  readonly list: readonly Layer[];
  readonly #places = new Map<string, number>();

  constructor(records: readonly CacheRecord[]) {
    const chains = new Map<string, readonly Digest[]>();
    for (const { chain } of records.flatMap(({ results }) => results)) {
      for (let length = 1; length <= chain.length; length++) {
        const part = chain.slice(0, length);
        chains.set(part.join(" "), part);
      }
    }
    const sorted = [...chains].sort(
      ([a, one], [b, other]) => compare(one.at(-1) ?? "", other.at(-1) ?? "") || compare(a, b),
    );
    for (const [at, [name]] of sorted.entries()) this.#places.set(name, at);
    this.list = sorted.map(([, chain]) => ({ blob: chain.at(-1) as Digest, parent: this.indexOf(chain.slice(0, -1)) }));
  }

  indexOf(chain: readonly Digest[]): number {
    return this.#places.get(chain.join(" ")) ?? -1;
  }
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** What a cache's config says. Throws `export/bad-cache`. */
export function parseCacheConfig(bytes: Uint8Array): CacheRecord[] {
  const json = parse(bytes);
  const layers = listOf(field(json, "layers")).map(readLayer);
  const blobOf = (layer: number) => layers[layer]?.blob ?? noLayer(layer);
  return readRecords(listOf(field(json, "records")), (layer) => chainOf(layers, layer), blobOf);
}

/** The records of an image that brings its own cache. Throws `export/bad-cache`. */
export function parseInlineRecords(bytes: Uint8Array, imageLayers: readonly Digest[]): CacheRecord[] {
  const blobOf = (layer: number) => imageLayers[layer] ?? noLayer(layer);
  const chain = (layer: number) => {
    blobOf(layer);
    return imageLayers.slice(0, layer + 1);
  };
  return readRecords(listOf(parse(bytes)), chain, blobOf);
}

function readRecords(
  list: readonly unknown[],
  chain: (layer: number) => readonly Digest[],
  blobOf: (layer: number) => Digest,
): CacheRecord[] {
  if (list.length > maxRecords) throw bad(`${list.length} records`);
  return list.map((entry) => {
    const digest = field(entry, "digest");
    if (!isDigest(String(digest))) throw bad(`a record with the digest ${JSON.stringify(digest)}`);
    const inputs = listOf(field(entry, "inputs")).map((input) => listOf(input).map((link) => readLink(link, list)));
    const timed = (of: unknown) => String(field(of, "createdAt") ?? "");
    const results = [
      ...listOf(field(entry, "layers")).map((one) => ({
        chain: chain(indexOf(field(one, "layer"))),
        createdAt: timed(one),
      })),
      // Layers that lie on each other without being each other's parent: of a merge.
      ...listOf(field(entry, "chains")).map((one) => ({
        chain: listOf(field(one, "layers")).map((layer) => blobOf(indexOf(layer))),
        createdAt: timed(one),
      })),
    ];
    return { digest: digest as Digest, inputs, results: results.filter((one) => one.chain.length > 0) };
  });
}

function readLink(value: unknown, records: readonly unknown[]): CacheLink {
  const link = indexOf(field(value, "link"));
  if (link >= records.length) throw bad(`no record ${link}`);
  const selector = field(value, "selector") ?? "";
  if (typeof selector !== "string") throw bad(`the selector ${JSON.stringify(selector)}`);
  return { selector, link };
}

function readLayer(entry: unknown): Layer {
  const blob = field(entry, "blob");
  if (!isDigest(String(blob))) throw bad(`a layer with the blob ${JSON.stringify(blob)}`);
  const parent = field(entry, "parent") ?? 0;
  return { blob: blob as Digest, parent: parent === -1 ? -1 : indexOf(parent) };
}

/** The layers from the lowest up to one. */
function chainOf(layers: readonly Layer[], top: number): readonly Digest[] {
  const chain: Digest[] = [];
  for (let at = top; at !== -1; ) {
    const layer = layers[at];
    if (layer === undefined || chain.length > layers.length) throw bad(`no layer ${at}, or a circle of layers`);
    chain.unshift(layer.blob);
    at = layer.parent;
  }
  return chain;
}

function parse(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(bytes));
  } catch (cause) {
    throw new CooperError("export/bad-cache", "cannot read the cache's config: it is no JSON", { cause });
  }
}

function field(value: unknown, name: string): unknown {
  return typeof value === "object" && value !== null ? (value as Readonly<Record<string, unknown>>)[name] : undefined;
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

function indexOf(value: unknown): number {
  if (typeof value === "number" && Number.isInteger(value) && value >= 0) return value;
  throw bad(`the index ${JSON.stringify(value)}`);
}

function noLayer(layer: number): never {
  throw bad(`no layer ${layer}`);
}

function bad(what: string): CooperError {
  return new CooperError("export/bad-cache", `cannot use the cache's config: it has ${what}`);
}
