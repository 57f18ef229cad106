import type { CompressionChoice } from "../../archive/index.ts";
import { type Digest, settleAll, withChildScope } from "../../kit/index.ts";
import {
  type Descriptor,
  descriptorOf,
  encodeIndex,
  encodeManifest,
  mediaTypes,
  stargzAnnotations,
} from "../../oci/index.ts";
import type { CommittedManifest } from "../commit.ts";
import type { ExportLayer, ExportScope } from "../contract.ts";
import type { Document } from "../document.ts";
import { goTime } from "../go-time.ts";
import { convertLayerMediaType } from "../layer-media-type.ts";
import type { LayerSource, ReadyLayer } from "../layers.ts";
import { cacheConfigType, encodeCacheConfig } from "./cache-config.ts";
import type { CacheableRecord } from "./contract.ts";
import { flattenRecords } from "./flatten.ts";

export interface CacheForm {
  readonly compression: CompressionChoice;
  readonly forceCompression: boolean;
  readonly oci: boolean;
  /** Else an index, which is what registries and older builders were given. */
  readonly imageManifest: boolean;
}

/** Annotations by which a layer of a cache can be used without a look at an image's config. */
const uncompressed = "containerd.io/uncompressed";
const createdAt = "buildkit/createdat";

/** Makes a cache of records: the layers of their results, the config, and the manifest. Nothing is sent yet. */
export async function commitCache(
  records: readonly CacheableRecord[],
  form: CacheForm,
  layers: LayerSource,
  scope: ExportScope,
): Promise<CommittedManifest> {
  const wish = { compression: form.compression, force: form.forceCompression, rewriteTo: undefined };
  const trees = records.flatMap(({ result }) => (result === undefined ? [] : [result.tree]));
  const distinct = new Map(trees.flatMap(({ layers: list }) => list).map((layer) => [layerName(layer), layer]));
  const ready = await scope.task("preparing build cache for export", () =>
    withChildScope(scope, async (child, abort) => {
      const get = async ([name, layer]: [string, ExportLayer]) =>
        [name, await layers.get(layer, wish, undefined, child)] as const;
      return new Map(
        await settleAll(
          [...distinct].map((entry) => () => get(entry)),
          abort,
        ),
      );
    }),
  );
  const digestOf = (layer: ExportLayer) => (ready.get(layerName(layer)) as ReadyLayer).record.descriptor.digest;
  const config = documentOf(
    cacheConfigType,
    encodeCacheConfig(
      flattenRecords(records, ({ tree, createdAt: time }) => ({
        chain: tree.layers.map(digestOf),
        createdAt: goTime(time),
      })),
    ),
  );
  const times = new Map(
    [...distinct.values()].map((layer) => [digestOf(layer), layer.createdAt ?? new Date()] as const),
  );
  const described = describe(
    [...distinct.keys()].map((name) => ready.get(name) as ReadyLayer),
    times,
    form.oci,
  );
  const manifest = encode(
    described.map(({ descriptor }) => descriptor),
    config.descriptor,
    form,
  );
  return { ...manifest, config, layers: described };
}

/** The same layer may be in many trees. */
function layerName(layer: ExportLayer): string {
  return layer.kind === "snapshot" ? layer.id : layer.record.descriptor.digest;
}

function describe(
  layers: readonly ReadyLayer[],
  times: ReadonlyMap<Digest, Date>,
  oci: boolean,
): { descriptor: Descriptor; ready: ReadyLayer }[] {
  const once = new Map<Digest, ReadyLayer>(layers.map((layer) => [layer.record.descriptor.digest, layer]));
  const sorted = [...once].sort(([a], [b]) => (a < b ? -1 : 1));
  return sorted.map(([digest, ready]) => {
    const { mediaType, size } = ready.record.descriptor;
    const stargz = stargzAnnotations(ready.record.descriptor);
    const annotations = {
      ...stargz,
      [createdAt]: goTime(times.get(digest) ?? new Date()),
      [uncompressed]: ready.record.diffId,
    };
    return { descriptor: { mediaType: convertLayerMediaType(mediaType, oci, true), digest, size, annotations }, ready };
  });
}

/** In one line, unlike an image's. */
function encode(layers: readonly Descriptor[], config: Descriptor, { oci, imageManifest }: CacheForm): Document {
  if (imageManifest) {
    const mediaType = oci ? mediaTypes.ociManifest : mediaTypes.dockerManifest;
    return documentOf(mediaType, encodeManifest({ mediaType, config, layers }, 0));
  }
  const mediaType = oci ? mediaTypes.ociIndex : mediaTypes.dockerIndex;
  return documentOf(mediaType, encodeIndex({ mediaType, manifests: [...layers, config] }, 0));
}

function documentOf(mediaType: string, bytes: Buffer): Document {
  return { descriptor: descriptorOf(mediaType, bytes), bytes };
}
