import { CooperError, type Digest, isDigest, sha256, sha256Fields } from "../../kit/index.ts";
import { goJson } from "../../oci/index.ts";

/** A result of the solver that a cache brings: under which key it is found, and the layers of each output. */
export interface CachedResult {
  readonly key: Digest;
  /** Quick keys that lead to `key`. */
  readonly quick: readonly Digest[];
  readonly outputs: readonly CachedOutput[];
}
/** A tree. Without layers it is empty. */
export interface CachedOutput {
  /** Digests of the layers' blobs, lowest first. */
  readonly chain: readonly Digest[];
  /** RFC 3339. */
  readonly createdAt: string;
}

/** The media type of a cache's config (upstream's `cache/remotecache/v1`). */
export const cacheConfigType = "application/vnd.buildkit.cacheconfig.v0";

/** Marks the link from a quick key to the key that it leads to; upstream's selectors are digests, too. */
const leadsTo = sha256("cooper.cache.leads-to");

/** More than any build has. */
const maxRecords = 1_000_000;

interface Layer {
  readonly blob: Digest;
  /** Of the layer below; -1: none. */
  readonly parent: number;
}
interface Entry {
  readonly digest: Digest;
  readonly layers?: readonly { readonly layer: number; readonly createdAt: string }[];
  readonly inputs?: readonly (readonly { readonly selector?: string; readonly link: Digest }[])[];
}

/**
 * The config of a cache in upstream's form, which upstream reads without complaint; the keys in it are Cooper's own. One tree is a
 * record with a layer; several outputs are a record whose inputs are the outputs; a quick key is a record whose one input is the key.
 */
export function encodeCacheConfig(results: readonly CachedResult[]): Buffer {
  const layers = new LayerTable(results);
  const list = layers.list.map(({ blob, parent }) => ({ blob, ...(parent === 0 ? {} : { parent }) }));
  return Buffer.from(goJson({ layers: list, records: encodeRecords(results, (chain) => layers.indexOf(chain)) }));
}

/** The records alone, for an image that has the layers itself: a chain is the first so many of `imageLayers`. */
export function encodeInlineRecords(results: readonly CachedResult[]): Buffer {
  return Buffer.from(goJson(encodeRecords(results, (chain) => chain.length - 1)));
}

function encodeRecords(results: readonly CachedResult[], indexOf: (chain: readonly Digest[]) => number) {
  const entries = new Map<Digest, Entry>();
  for (const entry of results.flatMap((result) => entriesOf(result, indexOf))) entries.set(entry.digest, entry);
  const sorted = [...entries.values()].sort((a, b) => (a.digest < b.digest ? -1 : 1));
  const places = new Map(sorted.map(({ digest }, at) => [digest, at]));
  return sorted.map(({ digest, layers, inputs }) => ({
    layers,
    digest,
    inputs: inputs?.map((input) => input.map(({ selector, link }) => ({ selector, link: places.get(link) }))),
  }));
}

function entriesOf({ key, quick, outputs }: CachedResult, indexOf: (chain: readonly Digest[]) => number): Entry[] {
  const tree = (digest: Digest, { chain, createdAt }: CachedOutput): Entry =>
    chain.length === 0 ? { digest } : { digest, layers: [{ layer: indexOf(chain), createdAt }] };
  const aliases = quick
    .filter((one) => one !== key)
    .map((digest): Entry => ({ digest, inputs: [[{ selector: leadsTo, link: key }]] }));
  const [only] = outputs;
  if (only !== undefined && outputs.length === 1) return [tree(key, only), ...aliases];
  const parts = outputs.map((output, at) => tree(outputRecord(key, at), output));
  return [{ digest: key, inputs: parts.map(({ digest }) => [{ link: digest }]) }, ...parts, ...aliases];
}

function outputRecord(key: Digest, at: number): Digest {
  return sha256Fields("cooper.cache.output", key, String(at));
}

/** Every layer of every chain once for each place that it has. */
class LayerTable {
  readonly list: readonly Layer[];
  readonly #places = new Map<string, number>();

  constructor(results: readonly CachedResult[]) {
    const chains = new Map<string, readonly Digest[]>();
    for (const { chain } of results.flatMap(({ outputs }) => outputs)) {
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

/** What a cache's config says. Records that are not of Cooper's making are of no use and do no harm. Throws `export/bad-cache`. */
export function parseCacheConfig(bytes: Uint8Array): CachedResult[] {
  const json = parse(bytes);
  const layers = listOf(field(json, "layers")).map(readLayer);
  const records = listOf(field(json, "records"));
  return readRecords(records, (layer) => chainOf(layers, layer));
}

/** The records of an image that brings its own cache. */
export function parseInlineRecords(bytes: Uint8Array, imageLayers: readonly Digest[]): CachedResult[] {
  return readRecords(listOf(parse(bytes)), (layer) => {
    if (layer >= imageLayers.length) throw bad(`layer ${layer} of ${imageLayers.length}`);
    return imageLayers.slice(0, layer + 1);
  });
}

interface ReadRecord {
  readonly digest: Digest;
  readonly output: CachedOutput;
  readonly inputs: readonly { readonly selector: unknown; readonly link: number }[];
}

function readRecords(list: readonly unknown[], chain: (layer: number) => readonly Digest[]): CachedResult[] {
  if (list.length > maxRecords) throw bad(`${list.length} records`);
  const records = list.map((entry) => readRecord(entry, chain));
  const quick = new Map<Digest, Digest[]>();
  for (const { digest, inputs } of records) {
    const [first] = inputs;
    const target = first?.selector === leadsTo ? records[first.link]?.digest : undefined;
    if (target !== undefined) quick.set(target, [...(quick.get(target) ?? []), digest]);
  }
  return records
    .filter(({ inputs }) => inputs[0]?.selector !== leadsTo)
    .map(({ digest, output, inputs }) => ({
      key: digest,
      quick: quick.get(digest) ?? [],
      outputs: inputs.length === 0 ? [output] : inputs.map(({ link }) => records[link]?.output ?? nowhere(link)),
    }));
}

function readRecord(entry: unknown, chain: (layer: number) => readonly Digest[]): ReadRecord {
  const digest = field(entry, "digest");
  if (!isDigest(String(digest))) throw bad(`a record with the digest ${JSON.stringify(digest)}`);
  const [result] = listOf(field(entry, "layers"));
  const createdAt = String(field(result, "createdAt") ?? "");
  const inputs = listOf(field(entry, "inputs")).map((input) => {
    const [first] = listOf(input);
    return { selector: field(first, "selector"), link: indexOf(field(first, "link")) };
  });
  const layers = result === undefined ? [] : chain(indexOf(field(result, "layer")));
  return { digest: digest as Digest, output: { chain: layers, createdAt }, inputs };
}

function readLayer(entry: unknown): Layer {
  const blob = field(entry, "blob");
  if (!isDigest(String(blob))) throw bad(`a layer with the blob ${JSON.stringify(blob)}`);
  const parent = field(entry, "parent") ?? 0;
  return { blob: blob as Digest, parent: parent === -1 ? -1 : indexOf(parent) };
}

function chainOf(layers: readonly Layer[], from: number): Digest[] {
  const chain: Digest[] = [];
  for (let at = from; at !== -1; ) {
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

function nowhere(link: number): never {
  throw bad(`no record ${link}`);
}

function bad(what: string): CooperError {
  return new CooperError("export/bad-cache", `cannot use the cache's config: it has ${what}`);
}
