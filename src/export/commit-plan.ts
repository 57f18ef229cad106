import { type Annotations, type AnnotationsByPlatform, annotationsFor, readAnnotations } from "./annotations.ts";
import { checkCompression, currentCompatibility, defaultsOf } from "./compatibility.ts";
import type { Attestation, ExportSource } from "./contract.ts";
import { badAttribute } from "./go-values.ts";
import { checkMediaTypes, type ImageAttributes, namesOf } from "./image-attributes.ts";
import { type PlatformResult, type Results, readResults } from "./results.ts";

/** What an image is made of, checked before anything is written. */
export interface Plan {
  readonly attributes: ImageAttributes;
  readonly annotations: AnnotationsByPlatform;
  /** OCI's media types, not Docker's. */
  readonly oci: boolean;
  /** Manifests of attestations are artifacts. */
  readonly artifact: boolean;
  readonly platforms: readonly PlatformResult[];
  /** Whether there is an index: for a result by platform, and for one that has attestations. */
  readonly indexed: boolean;
  /** What goes into the index beside the images, by platform. */
  readonly attestations: ReadonlyMap<string, readonly Attestation[]>;
  /** What the image will be called. */
  readonly names: readonly string[];
}

/** Throws `export/bad-attribute`, `export/bad-result` and `export/bad-compatibility` for what cannot be made together. */
export function planImage(source: ExportSource, attributes: ImageAttributes): Plan {
  const results = readResults(source);
  const version = source.compatibilityVersion ?? currentCompatibility;
  checkCompression(version, attributes.exporter, attributes.compression.kind);
  const defaults = defaultsOf(version, (source.attestations?.size ?? 0) > 0);
  const oci = attributes.ociTypes ?? (defaults.oci || attributes.exporter === "oci");
  checkMediaTypes(attributes.compression, oci);
  const artifact = attributes.ociArtifact ?? (defaults.artifact && oci);
  const fromFrontend = [...source.metadata].map(([key, value]) => [key, Buffer.from(value).toString("utf8")] as const);
  const annotations = mergeAnnotations(attributes.annotations, readAnnotations(fromFrontend));
  checkAnnotations(annotations, results, oci);
  const indexed = results.isMap || isAttested(source, results, attributes.inlineAttestations);
  if (!indexed) refuseIndexAnnotations(annotations);
  const attestations = indexed ? (source.attestations ?? new Map()) : new Map<string, readonly Attestation[]>();
  if (!oci && attestations.size > 0) throw badAttribute('cannot export attestations with "oci-mediatypes=false"');
  const { platforms } = results;
  return {
    attributes,
    annotations,
    oci,
    artifact,
    platforms,
    indexed,
    attestations,
    names: namesOf(attributes, source),
  };
}

/** Statements that are only to be in the image are no reason for an index, unless the exporter takes them as one. */
function isAttested({ attestations }: ExportSource, { platforms }: Results, inline: boolean): boolean {
  return platforms.some(({ id }) => attestations?.get(id)?.some(({ inlineOnly }) => inline || inlineOnly !== true));
}

function checkAnnotations(annotations: AnnotationsByPlatform, results: Results, oci: boolean): void {
  for (const [platform, group] of annotations) {
    if (platform !== "" && results.isMap && !results.platforms.some(({ id }) => id === platform)) {
      throw badAttribute(`invalid annotation: no platform ${platform} found in source`);
    }
    const beyond = [group.index, group.indexDescriptor, group.manifestDescriptor];
    if (!oci && beyond.some((map) => Object.keys(map).length > 0)) {
      throw badAttribute('cannot export annotations with "oci-mediatypes=false"');
    }
  }
}

/** Annotations for an index need one. */
function refuseIndexAnnotations(annotations: AnnotationsByPlatform): void {
  const { index, indexDescriptor } = annotationsFor(annotations);
  if (Object.keys(index).length + Object.keys(indexDescriptor).length > 0) {
    throw badAttribute("index annotations not supported for single platform export");
  }
}

function mergeAnnotations(ours: AnnotationsByPlatform, theirs: AnnotationsByPlatform): AnnotationsByPlatform {
  const merged = new Map(ours);
  for (const [platform, group] of theirs) {
    const own = merged.get(platform);
    const join = (key: keyof Annotations) => ({ ...own?.[key], ...group[key] });
    merged.set(platform, {
      index: join("index"),
      indexDescriptor: join("indexDescriptor"),
      manifest: join("manifest"),
      manifestDescriptor: join("manifestDescriptor"),
    });
  }
  return merged;
}
