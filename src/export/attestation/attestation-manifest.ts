import { settleAll } from "../../kit/index.ts";
import {
  attestationAnnotations,
  attestationManifestReference,
  attestationTypes,
  type Descriptor,
  descriptorOf,
  encodeManifest,
  goJson,
  mediaTypes,
  type Platform,
  rootfsToJson,
} from "../../oci/index.ts";
import type { ExportScope } from "../contract.ts";
import { type Document, documentOf, storeDocument } from "../document.ts";
import type { AttestationParts } from "./attestation-files.ts";

/** A manifest that holds statements about an image, in its layers. */
export interface AttestationManifest extends Document {
  readonly config: Document;
  readonly layers: readonly Document[];
}
/** A statement's text and what it is about. */
export interface Statement {
  readonly predicateType: string;
  readonly text: string;
}

/** The platform of manifests that are no image: runtimes leave them alone. */
const nowhere: Platform = { os: "unknown", architecture: "unknown" };

/**
 * Puts statements about the image `target` into the blob store: as an artifact with the image as its subject, or (`artifact` false)
 * as something that looks like an image. The descriptor is the one for the index.
 */
export async function commitAttestations(
  statements: readonly Statement[],
  target: Descriptor,
  artifact: boolean,
  { storage }: AttestationParts,
  scope: ExportScope,
): Promise<AttestationManifest> {
  const layers = statements.map(statementLayer);
  const config = artifact ? emptyConfig() : imageLikeConfig(layers);
  const { mediaType, digest, size } = target;
  const manifest = encodeManifest({
    mediaType: mediaTypes.ociManifest,
    ...(artifact && { artifactType: attestationTypes.manifest, subject: { mediaType, digest, size } }),
    config: config.descriptor,
    layers: layers.map(({ descriptor }) => descriptor),
  });
  const plain = documentOf(mediaTypes.ociManifest, manifest);
  await scope.task(`exporting attestation manifest ${plain.descriptor.digest}`, () =>
    settleAll([...layers, config, plain].map((document) => () => storeDocument(document, storage, scope))),
  );
  const annotations = {
    [attestationAnnotations.referenceDigest]: digest,
    [attestationAnnotations.referenceType]: attestationManifestReference,
  };
  return { bytes: manifest, descriptor: { ...plain.descriptor, annotations, platform: nowhere }, config, layers };
}

function statementLayer({ predicateType, text }: Statement): Document {
  const bytes = Buffer.from(text);
  const annotations = { [attestationAnnotations.predicateType]: predicateType };
  return { bytes, descriptor: { ...descriptorOf(attestationTypes.statement, bytes), annotations } };
}

/** OCI image spec, "Guidance for an Empty Descriptor". */
function emptyConfig(): Document {
  const { bytes, descriptor } = documentOf(mediaTypes.ociEmpty, Buffer.from("{}"));
  return { bytes, descriptor: { ...descriptor, data: bytes.toString("base64") } };
}

function imageLikeConfig(layers: readonly Document[]): Document {
  const diffIds = layers.map(({ descriptor }) => descriptor.digest);
  const rootfs = rootfsToJson(diffIds.length > 0 ? diffIds : undefined);
  return documentOf(mediaTypes.ociConfig, Buffer.from(goJson({ ...nowhereJson, config: {}, rootfs })));
}

const nowhereJson = { architecture: "unknown", os: "unknown" };
