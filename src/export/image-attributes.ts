import type { CompressionChoice } from "../archive/index.ts";
import { type AnnotationsByPlatform, readAnnotations } from "./annotations.ts";
import type { ExportSource } from "./contract.ts";
import { type Epoch, epochAttribute } from "./epoch.ts";
import { badAttribute, goBoolean, goInteger } from "./go-values.ts";

export type ImageExporter = "image" | "oci" | "docker";

/** What `image`, `oci` and `docker` have in common. */
export interface ImageAttributes {
  readonly exporter: ImageExporter;
  /** `name`, as given: several are separated by commas; `*` takes the frontend's `image.name`. */
  readonly name: string;
  readonly compression: CompressionChoice;
  /** Also layers that exist already in another compression are converted. */
  readonly forceCompression: boolean;
  /** OCI's media types; undefined: as the version of outputs has it. */
  readonly ociTypes: boolean | undefined;
  /** The form of manifests of attestations: an artifact that refers to the image, else something that looks like an image. Undefined: as the version of outputs has it. */
  readonly ociArtifact: boolean | undefined;
  /** Attestations that are only to be in the image are reason enough for an index. */
  readonly inlineAttestations: boolean;
  readonly preferNonDistributable: boolean;
  readonly rewriteTimestamp: boolean;
  readonly epoch: Epoch | undefined;
  readonly annotations: AnnotationsByPlatform;
}

export type Attributes = Readonly<Record<string, string>>;

/**
 * Reads the common attributes. Unknown ones are accepted, as upstream accepts them. Throws `export/bad-attribute`.
 */
export function readImageAttributes(attrs: Attributes, exporter: ImageExporter): ImageAttributes {
  const compression = readCompression(attrs);
  const ociTypes = strictBoolean(attrs, "oci-mediatypes");
  const ociArtifact = strictBoolean(attrs, "oci-artifact");
  const inlineAttestations = strictBoolean(attrs, "attestation-inline") ?? exporter === "image";
  checkMediaTypes(compression, ociTypes ?? true);
  if (ociArtifact === true && ociTypes === false) {
    throw badAttribute('exporter option "oci-artifact=true" conflicts with "oci-mediatypes=false"');
  }
  return {
    exporter,
    name: attrs.name ?? "",
    compression,
    forceCompression: forceCompression(attrs),
    ociTypes,
    ociArtifact,
    inlineAttestations,
    preferNonDistributable: strictBoolean(attrs, "prefer-nondist-layers") ?? false,
    rewriteTimestamp: strictBoolean(attrs, "rewrite-timestamp") ?? false,
    epoch: epochAttribute(attrs),
    annotations: readAnnotations(Object.entries(attrs)),
  };
}

/** eStargz is OCI's alone. Throws `export/bad-attribute`. */
export function checkMediaTypes({ kind }: CompressionChoice, oci: boolean): void {
  if (kind !== "estargz" || oci) return;
  throw badAttribute('exporter option "compression=estargz" conflicts with "oci-mediatypes=false"');
}

/** The names of `name=`; `*` stands for what the frontend calls the image. */
export function namesOf({ name }: Pick<ImageAttributes, "name">, { metadata }: ExportSource): readonly string[] {
  const given = metadata.get("image.name");
  const text = name === "*" && given !== undefined ? Buffer.from(given).toString("utf8") : name;
  return text.split(",").filter((one) => one !== "");
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
  if (kind !== "uncompressed" && kind !== "gzip" && kind !== "estargz" && kind !== "zstd") {
    throw badAttribute(`unsupported compression type ${kind}`);
  }
  const text = attrs["compression-level"];
  if (text === undefined) return { kind };
  const what = (reason: string) => `non-integer value ${text} specified for compression-level: ${reason}`;
  return { kind, level: goInteger(text, what) };
}
