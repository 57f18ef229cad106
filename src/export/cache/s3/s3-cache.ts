import { createHash } from "node:crypto";
import { collect, type Digest, isDigest, mapLimit, type Scope, sha256Fields } from "../../../kit/index.ts";
import { type Descriptor, goJson, mediaTypes } from "../../../oci/index.ts";
import type { Storage } from "../../../storage/index.ts";
import type { CommittedManifest } from "../../commit.ts";
import type { ExportScope } from "../../contract.ts";
import type { LayerSource } from "../../layers.ts";
import { s3Credentials } from "./credentials.ts";
import { S3Client } from "./s3-client.ts";
import { type Attributes, type Environment, type S3Config, s3Config } from "./s3-config.ts";
import type { S3Credentials } from "./sign.ts";

/** More than the config of any cache has. */
const configLimit = 256 * 1024 * 1024;
const uncompressed = "containerd.io/uncompressed";
const createdAt = "buildkit/createdat";

/** A layer of a cache in a bucket. */
export interface S3Layer {
  readonly descriptor: Descriptor;
  readonly diffId: Digest;
  readonly createdAt: string | undefined;
}

/** A cache in a bucket: blobs by digest, and for each name its config, in which every layer says what it is. */
export class S3Cache {
  readonly #config: S3Config;
  readonly #client: S3Client;

  /** Throws `export/bad-attribute`. */
  constructor(attrs: Attributes, env: Environment) {
    this.#config = s3Config(attrs, env);
    let found: Promise<S3Credentials> | undefined;
    this.#client = new S3Client(this.#config, () => {
      found ??= s3Credentials(attrs, env, this.#config.region);
      return found;
    });
  }

  /** Tells this place from others. */
  get id(): string {
    const { endpoint = "", region, bucket, blobs } = this.#config;
    return sha256Fields(endpoint, region, bucket, blobs);
  }

  /** The config with the layers' facts; undefined: there is none yet. Throws `export/s3-failed`. */
  async read(scope: Scope): Promise<Buffer | undefined> {
    const key = `${this.#config.manifests}${this.#config.names[0] ?? ""}`;
    const bytes = await this.#client.get(key, scope);
    return bytes && Buffer.from(await collect(bytes, configLimit, key));
  }

  async size(blob: Digest, scope: Scope): Promise<number | undefined> {
    return (await this.#client.head(this.#keyOf(blob), scope))?.size;
  }

  /** Not verified. Undefined: it is not there. */
  open(blob: Digest, scope: Scope) {
    return this.#client.get(this.#keyOf(blob), scope);
  }

  /** Writes the layers that are not there, makes old ones young, and then the config under each name. */
  async write(
    { config, layers: all }: CommittedManifest,
    layers: LayerSource,
    storage: Pick<Storage, "blobs">,
    scope: ExportScope,
  ): Promise<void> {
    await mapLimit(all, this.#config.parallelism, async ({ descriptor, ready }) => {
      const key = this.#keyOf(descriptor.digest);
      const known = await this.#client.head(key, scope);
      if (known !== undefined) {
        if (Date.now() - known.lastModified.getTime() > this.#config.touchRefresh) await this.#client.touch(key, scope);
        return;
      }
      await scope.task(`writing layer ${descriptor.digest}`, async () => {
        await layers.fetch(ready, scope);
        const { digest, size } = descriptor;
        const body = {
          size,
          sha256: digest.slice("sha256:".length),
          open: () => storage.blobs.read(descriptor, scope),
        };
        await this.#client.put(key, body, scope);
      });
    });
    const bytes = withFacts(
      config.bytes,
      all.map(({ descriptor }) => descriptor),
    );
    const body = {
      size: bytes.byteLength,
      sha256: createHash("sha256").update(bytes).digest("hex"),
      open: () => one(bytes),
    };
    for (const name of this.#config.names) await this.#client.put(`${this.#config.manifests}${name}`, body, scope);
  }

  #keyOf(blob: Digest): string {
    return `${this.#config.blobs}${blob}`;
  }
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
function withFacts(config: Uint8Array, layers: readonly Descriptor[]): Buffer {
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
export function readS3Layers(config: Uint8Array): readonly S3Layer[] {
  const json: unknown = JSON.parse(Buffer.from(config).toString());
  const layers = (json as { layers?: unknown } | null)?.layers;
  return Array.isArray(layers) ? (layers as (RawLayer | null)[]).flatMap(readLayer) : [];
}

function readLayer(layer: RawLayer | null): S3Layer[] {
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

async function* one(bytes: Uint8Array): AsyncIterable<Uint8Array> {
  yield bytes;
}
