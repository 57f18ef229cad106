import { type Digest, isDigest, sha256 } from "../kit/index.ts";
import { type JsonObject, sortedMap } from "./json.ts";
import { type Platform, platformFromJson, platformToJson } from "./platform.ts";

/** OCI image spec, "Content Descriptors". `size` is in bytes. */
export interface Descriptor {
  readonly mediaType: string;
  readonly digest: Digest;
  readonly size: number;
  readonly urls?: readonly string[];
  readonly annotations?: Readonly<Record<string, string>>;
  readonly platform?: Platform;
  readonly artifactType?: string;
  /** The content itself in base64, for tiny documents. */
  readonly data?: string;
}

/** Reads a descriptor out of a hostile document. Throws the document's error code. */
export function parseDescriptor(json: JsonObject): Descriptor {
  const digest = json.required("digest");
  if (!isDigest(digest)) json.fail("digest", JSON.stringify(digest), "a digest");
  const size = json.integer("size");
  if (size === undefined || size < 0) json.fail("size", String(size ?? "nothing"), "a size in bytes");
  const platform = json.object("platform");
  const parsed = {
    mediaType: json.string("mediaType") ?? "",
    digest,
    size,
    urls: json.strings("urls"),
    annotations: json.record("annotations"),
    data: json.string("data"),
    platform: platform === undefined ? undefined : platformFromJson(platform),
    artifactType: json.string("artifactType"),
  };
  return Object.fromEntries(Object.entries(parsed).filter(([, value]) => value !== undefined)) as unknown as Descriptor;
}

/** The JSON form, keys in upstream's order, empty fields left out. */
export function descriptorToJson(descriptor: Descriptor): Record<string, unknown> {
  return {
    mediaType: descriptor.mediaType,
    digest: descriptor.digest,
    size: descriptor.size,
    urls: descriptor.urls?.length ? descriptor.urls : undefined,
    annotations: sortedMap(descriptor.annotations),
    data: descriptor.data || undefined,
    platform: descriptor.platform && platformToJson(descriptor.platform),
    artifactType: descriptor.artifactType || undefined,
  };
}

/** The descriptor of bytes at hand. */
export function descriptorOf(mediaType: string, bytes: Uint8Array | string): Descriptor {
  return { mediaType, digest: sha256(bytes), size: Buffer.byteLength(bytes) };
}

/** Media types that Cooper reads or writes. */
export const mediaTypes = {
  ociIndex: "application/vnd.oci.image.index.v1+json",
  ociManifest: "application/vnd.oci.image.manifest.v1+json",
  ociConfig: "application/vnd.oci.image.config.v1+json",
  ociLayer: "application/vnd.oci.image.layer.v1.tar",
  ociLayerGzip: "application/vnd.oci.image.layer.v1.tar+gzip",
  ociLayerZstd: "application/vnd.oci.image.layer.v1.tar+zstd",
  ociEmpty: "application/vnd.oci.empty.v1+json",
  dockerIndex: "application/vnd.docker.distribution.manifest.list.v2+json",
  dockerManifest: "application/vnd.docker.distribution.manifest.v2+json",
  dockerConfig: "application/vnd.docker.container.image.v1+json",
  dockerLayer: "application/vnd.docker.image.rootfs.diff.tar",
  dockerLayerGzip: "application/vnd.docker.image.rootfs.diff.tar.gzip",
  dockerLayerZstd: "application/vnd.docker.image.rootfs.diff.tar.zstd",
  dockerForeignLayer: "application/vnd.docker.image.rootfs.foreign.diff.tar",
  dockerForeignLayerGzip: "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip",
} as const;
