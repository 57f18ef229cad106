import { type Digest, isDigest } from "../../../kit/index.ts";
import { type Descriptor, goJson, mediaTypes } from "../../../oci/index.ts";

const uncompressed = "containerd.io/uncompressed";
const createdAt = "buildkit/createdat";

/** A layer of a cache among objects. */
export interface ObjectLayer {
  readonly descriptor: Descriptor;
  readonly diffId: Digest;
  readonly createdAt: string | undefined;
}

interface RawLayer {
  readonly blob?: unknown;
  readonly annotations?: {
    readonly mediaType?: unknown;
    readonly diffID?: unknown;
    readonly size?: unknown;
    readonly createdAt?: unknown;
  };
}

/** The config, in which each layer also says its type, size and diff id: no manifest does that here. */
export function withLayerFacts(config: Uint8Array, layers: readonly Descriptor[]): Buffer {
  const known = new Map<unknown, Descriptor>(layers.map((layer) => [layer.digest, layer]));
  const json: { layers: RawLayer[] } = JSON.parse(Buffer.from(config).toString());
  const described = json.layers.map((layer) => {
    const found = known.get(layer.blob);
    const { mediaType, size, annotations } = found ?? {};
    const facts = {
      mediaType,
      diffID: annotations?.[uncompressed],
      size,
      createdAt: annotations?.[createdAt] ?? "0001-01-01T00:00:00Z",
    };
    return { ...layer, annotations: facts };
  });
  return Buffer.from(goJson({ ...json, layers: described }));
}

/** What the config says of its layers; those that say too little are left out. */
export function readLayerFacts(config: Uint8Array): readonly ObjectLayer[] {
  const json: unknown = JSON.parse(Buffer.from(config).toString());
  const layers = (json as { layers?: unknown } | null)?.layers;
  return Array.isArray(layers) ? (layers as (RawLayer | null)[]).flatMap(readLayer) : [];
}

function readLayer(layer: RawLayer | null): ObjectLayer[] {
  const { blob, annotations } = layer ?? {};
  const { mediaType, diffID, size, createdAt: time } = annotations ?? {};
  const [digest, diffId] = [String(blob), String(diffID)];
  if (!isDigest(digest) || !isDigest(diffId) || typeof size !== "number") return [];
  const type = typeof mediaType === "string" ? mediaType : mediaTypes.ociLayerGzip;
  return [
    {
      descriptor: { mediaType: type, digest, size },
      diffId,
      createdAt: typeof time === "string" && !time.startsWith("0001-") ? time : undefined,
    },
  ];
}
