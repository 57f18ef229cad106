import { type CacheRecord, loadCaches } from "../../export/index.ts";
import { CooperError, collect, type Digest, isDigest, mapLimit, sha256 } from "../../kit/index.ts";
import {
  type Descriptor,
  formatReference,
  type Index,
  type Manifest,
  manifestLimit,
  parseImageConfig,
  parseManifest,
  parseReference,
  repositoryName,
  stargzAnnotations,
  withDefaultTag,
} from "../../oci/index.ts";
import { accessOf, type OpScope, type Ref } from "../../ops/index.ts";
import type { RegistryClient } from "../../registry/index.ts";
import type { BuildJob } from "../build-job.ts";
import type { CacheEntry } from "../contract.ts";
import type { EngineEdge } from "../graph.ts";
import { CacheFinder } from "./find-in-caches.ts";
import { ImportedCache } from "./imported-cache.ts";
import { objectCaches } from "./object-caches.ts";

/** More than the config of any cache has. */
const configLimit = 256 * 1024 * 1024;
/** Annotations of a layer: its diff id, and when it was made. */
const uncompressed = "containerd.io/uncompressed";
const createdAt = "buildkit/createdat";

/**
 * Reads every cache that the request names and that the job did not read before: each question of a frontend names them again. One that
 * cannot be had is a failed line in the progress, and no more: as upstream.
 */
export async function importCaches(
  imports: readonly CacheEntry[],
  job: BuildJob,
  registry: RegistryClient,
): Promise<void> {
  const before = job.member.finder?.entries;
  const asked = new Map(imports.map((entry) => [nameOf(entry), entry]));
  const fresh = [...asked].filter(([name]) => before?.has(name) !== true);
  if (fresh.length === 0) return;
  const caches = await Promise.all(
    fresh.map(([, { type, attrs }]) => {
      const name = `importing cache manifest from ${attrs.ref ?? attrs.src ?? type}`;
      const read = async (emit: OpScope["emit"]) => {
        const scope = job.scope(emit);
        const store = await (await loadCaches()).openObjectStore(type, attrs, process.env, "importer");
        return store === undefined ? readCache(type, attrs, scope, registry) : objectCaches(store, job.session, scope);
      };
      return job.status.task(name, read).catch(() => []);
    }),
  );
  const known = job.member.finder;
  const entries = new Set([...(known?.entries ?? []), ...fresh.map(([name]) => name)]);
  job.member.finder = finderOf(entries, [...(known?.caches ?? []), ...caches.flat()], job);
}

function nameOf({ type, attrs }: CacheEntry): string {
  return JSON.stringify([type, Object.entries(attrs).sort()]);
}

function finderOf(entries: ReadonlySet<string>, caches: readonly ImportedCache[], job: BuildJob): CacheFinder {
  const present = async (edge: EngineEdge): Promise<Ref> => {
    const ref = await job.result(edge);
    if (ref.kind !== "layers") return ref;
    const id = await job.materialise(ref, edge);
    return id === undefined ? { kind: "scratch" } : { kind: "snapshot", id };
  };
  return new CacheFinder({ entries, caches, present, scope: () => job.vertexScope() });
}

/** Where the documents and blobs of a cache are read from. */
interface Place {
  /** What its layers say of where they can be had from. */
  readonly from: string;
  /** Those of the blobs that are there, where that is cheap to tell. */
  present(blobs: readonly Digest[]): Promise<ReadonlySet<Digest>>;
  readonly top: { readonly descriptor: Descriptor; readonly bytes: Uint8Array };
  blob(descriptor: Descriptor): Promise<Uint8Array>;
  manifest(descriptor: Descriptor): Promise<Uint8Array>;
}

async function readCache(
  type: string,
  attrs: Readonly<Record<string, string>>,
  scope: OpScope,
  registry: RegistryClient,
): Promise<ImportedCache[]> {
  const place = await openPlace(type, attrs, scope, registry);
  const document = parseManifest(place.top.bytes, place.top.descriptor.mediaType);
  const now = Date.now();
  const inferred = `inferred cache manifest type: ${document.mediaType || place.top.descriptor.mediaType}`;
  scope.emit({ type: "status", id: inferred, current: 0, started: now, completed: now });
  return readDocument(document, place);
}

async function openPlace(
  type: string,
  attrs: Readonly<Record<string, string>>,
  scope: OpScope,
  registry: RegistryClient,
): Promise<Place> {
  switch (type) {
    case "registry":
      return registryPlace(attrs, scope, registry);
    case "local":
      return localPlace(attrs, scope);
    default:
      throw new CooperError("engine/no-cache", `unknown cache importer: ${type}`);
  }
}

async function registryPlace(
  attrs: Readonly<Record<string, string>>,
  scope: OpScope,
  registry: RegistryClient,
): Promise<Place> {
  const reference = withDefaultTag(parseReference(attrs.ref ?? ""));
  const name = formatReference(reference);
  const insecure = ["", "true", "1"].includes(attrs["registry.insecure"] ?? "no");
  const access = { ...accessOf(scope.callers), ...(insecure && { host: { insecure: true, http: true } }) };
  const { descriptor, bytes } = await registry.resolve(name, access, scope);
  return {
    from: repositoryName(reference),
    present: async (digests) => new Set(digests),
    top: { descriptor, bytes },
    blob: (wanted) => collect(registry.blob(name, wanted, access, scope), configLimit, wanted.digest),
    manifest: (wanted) => registry.manifest(name, wanted, access, scope),
  };
}

async function localPlace({ src = "", digest = "" }: Readonly<Record<string, string>>, scope: OpScope): Promise<Place> {
  const store = `local:${src}`;
  const [blobs] = (await Promise.all(scope.callers.map((caller) => caller.ociLayout(store)))).filter(
    (one) => one !== undefined,
  );
  if (blobs === undefined)
    throw new CooperError("engine/no-cache", `cannot read the cache in ${src}: the caller does not offer it`);
  if (!isDigest(digest)) {
    throw new CooperError("engine/no-cache", `cannot read the cache in ${src}: its index.json names no manifest`);
  }
  const read = async (wanted: Digest, limit: number) => {
    const bytes = await collect(await blobs.read(wanted, scope), limit, wanted);
    if (sha256(bytes) === wanted) return bytes;
    throw new CooperError("engine/no-cache", `cannot read ${wanted} of the cache in ${src}: its content is another`);
  };
  const bytes = await read(digest, manifestLimit);
  return {
    from: `oci-layout:${store}`,
    present: async (digests) => {
      const sizes = await mapLimit(digests, 8, (wanted) => blobs.size(wanted, scope));
      return new Set(digests.filter((_, at) => sizes[at] !== undefined));
    },
    top: { descriptor: { mediaType: "", digest, size: bytes.byteLength }, bytes },
    blob: (wanted) => read(wanted.digest, configLimit),
    manifest: (wanted) => read(wanted.digest, manifestLimit),
  };
}

/** A cache of its own (as a manifest or, in the older form, an index), or an image, or several, that bring one along. */
async function readDocument(document: Manifest | Index, place: Place): Promise<ImportedCache[]> {
  const { cacheConfigType, parseCacheConfig } = await loadCaches();
  const parts = document.kind === "manifest" ? [...document.layers, document.config] : document.manifests;
  const config = parts.find(({ mediaType }) => mediaType === cacheConfigType);
  if (config !== undefined) {
    const records = parseCacheConfig(await place.blob(config));
    const factsOf = ({ annotations }: Descriptor) => ({
      diffId: annotations?.[uncompressed],
      time: annotations?.[createdAt],
    });
    const here = await place.present(parts.map(({ digest }) => digest));
    const layers = parts.filter(({ digest }) => here.has(digest));
    return [new ImportedCache(records, layerTable(layers, factsOf, place))];
  }
  if (document.kind === "manifest") return inlineCache(document, place);
  const inner = await Promise.all(
    document.manifests.map(async (descriptor) => {
      const manifest = parseManifest(await place.manifest(descriptor), descriptor.mediaType);
      return manifest.kind === "manifest" ? inlineCache(manifest, place) : [];
    }),
  );
  return inner.flat();
}

function layerTable(
  layers: readonly Descriptor[],
  factsOf: (
    layer: Descriptor,
    at: number,
  ) => { readonly diffId: string | undefined; readonly time: string | undefined },
  { from }: Place,
): ConstructorParameters<typeof ImportedCache>[1] {
  const known = new Map(
    layers.flatMap((descriptor, at) => {
      const { diffId = "", time } = factsOf(descriptor, at);
      const { annotations: _, ...bare } = descriptor;
      const annotations = stargzAnnotations(descriptor);
      const plain = { ...bare, ...(annotations && { annotations }) };
      return isDigest(diffId)
        ? [
            [
              descriptor.digest,
              { descriptor: plain, diffId, from: [from], ...(isTime(time) && { createdAt: time }) },
            ] as const,
          ]
        : [];
    }),
  );
  return (blob) => known.get(blob);
}

function isTime(text: string | undefined): text is string {
  return text !== undefined && !Number.isNaN(Date.parse(text));
}

/** The cache that an image's config has in a field of its own. */
async function inlineCache(manifest: Manifest, place: Place): Promise<ImportedCache[]> {
  const { parseInlineRecords } = await loadCaches();
  const bytes = await place.blob(manifest.config);
  const records = inlineRecords(bytes);
  if (records === undefined) return [];
  const { diffIds = [] } = parseImageConfig(bytes);
  const found: CacheRecord[] = parseInlineRecords(
    records,
    manifest.layers.map(({ digest }) => digest),
  );
  const trees = found.flatMap(({ results }) => results);
  const times = new Map(trees.map(({ chain, createdAt: time }) => [chain.length, time]));
  const factsOf = (_: Descriptor, at: number) => ({ diffId: diffIds[at], time: times.get(at + 1) });
  return [new ImportedCache(found, layerTable(manifest.layers, factsOf, place))];
}

function inlineRecords(config: Uint8Array): Uint8Array | undefined {
  const json: unknown = JSON.parse(new TextDecoder().decode(config));
  if (typeof json !== "object" || json === null || !("moby.buildkit.cache.v0" in json)) return undefined;
  return Buffer.from(String(json["moby.buildkit.cache.v0"]), "base64");
}
