import type { CompressionChoice } from "../archive/index.ts";
import { type AnnotationsByPlatform, readAnnotations } from "./annotations.ts";
import { type Epoch, epochAttribute } from "./epoch.ts";
import { badAttribute, goBoolean, goInteger } from "./go-values.ts";

/** What `image`, `oci` and `docker` have in common. */
export interface ImageAttributes {
  /** `name`, as given: several are separated by commas; `*` takes the frontend's `image.name`. */
  readonly name: string;
  readonly compression: CompressionChoice;
  /** Also layers that exist already in another compression are converted. */
  readonly forceCompression: boolean;
  /** Undefined: OCI media types, upstream's default. */
  readonly ociTypes: boolean | undefined;
  readonly preferNonDistributable: boolean;
  readonly rewriteTimestamp: boolean;
  readonly epoch: Epoch | undefined;
  readonly annotations: AnnotationsByPlatform;
}

export type Attributes = Readonly<Record<string, string>>;

/** Reads the common attributes. Unknown ones are accepted, as upstream accepts them. Throws `export/bad-attribute`. */
export function readImageAttributes(attrs: Attributes): ImageAttributes {
  const compression = readCompression(attrs);
  const ociTypes = strictBoolean(attrs, "oci-mediatypes");
  const ociArtifact = strictBoolean(attrs, "oci-artifact");
  strictBoolean(attrs, "attestation-inline");
  if (ociArtifact === true && ociTypes === false) {
    throw badAttribute('exporter option "oci-artifact=true" conflicts with "oci-mediatypes=false"');
  }
  return {
    name: attrs.name ?? "",
    compression,
    forceCompression: forceCompression(attrs),
    ociTypes,
    preferNonDistributable: strictBoolean(attrs, "prefer-nondist-layers") ?? false,
    rewriteTimestamp: strictBoolean(attrs, "rewrite-timestamp") ?? false,
    epoch: epochAttribute(attrs),
    annotations: readAnnotations(Object.entries(attrs)),
  };
}

/** A flag that may also stand without a value (`push`, `push=true`). */
export function flag(attrs: Attributes, key: string, otherwise: boolean): boolean {
  const text = attrs[key];
  if (text === undefined) return otherwise;
  return text === "" || goBoolean(text, `non-bool value specified for ${key}`);
}

function strictBoolean(attrs: Attributes, key: string): boolean | undefined {
  const text = attrs[key];
  return text === undefined ? undefined : goBoolean(text, `non-bool value specified for ${key}`);
}

function forceCompression(attrs: Attributes): boolean {
  const text = attrs["force-compression"];
  if (text === undefined) return false;
  return text === "" || goBoolean(text, `non-bool value ${text} specified for force-compression`);
}

function readCompression(attrs: Attributes): CompressionChoice {
  const kind = attrs.compression ?? "gzip";
  if (kind === "estargz") {
    throw badAttribute("compression=estargz is not supported yet", "use compression=zstd or compression=gzip");
  }
  if (kind !== "uncompressed" && kind !== "gzip" && kind !== "zstd") {
    throw badAttribute(`unsupported compression type ${kind}`);
  }
  const text = attrs["compression-level"];
  if (text === undefined) return { kind };
  const what = (reason: string) => `non-integer value ${text} specified for compression-level: ${reason}`;
  return { kind, level: goInteger(text, what) };
}
