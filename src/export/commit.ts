import { settleAll, withChildScope } from "../kit/index.ts";
import {
  type Descriptor,
  encodeIndex,
  encodeManifest,
  type ImageConfig,
  mediaTypes,
  parseImageConfig,
  stargzAnnotations,
} from "../oci/index.ts";
import type { Storage } from "../storage/index.ts";
import { annotationsFor } from "./annotations.ts";
import type { AttestationManifest } from "./attestation/attestation-manifest.ts";
import { type Plan, planImage } from "./commit-plan.ts";
import type { Attestation, ExportLayer, ExportNeeds, ExportScope, ExportSource } from "./contract.ts";
import { type Document, documentOf, storeDocument } from "./document.ts";
import { type Epoch, epochOfResult, epochText } from "./epoch.ts";
import { goTime } from "./go-time.ts";
import type { ImageAttributes } from "./image-attributes.ts";
import { convertLayerMediaType } from "./layer-media-type.ts";
import type { LayerSource, ReadyLayer } from "./layers.ts";
import { patchConfig } from "./patch-config.ts";
import { metadataFor, type PlatformResult } from "./results.ts";

/** One platform's image: its layers in order, as the manifest names them and as they can be had. */
export interface CommittedManifest extends Document {
  readonly config: Document;
  readonly layers: readonly { readonly descriptor: Descriptor; readonly ready: ReadyLayer }[];
}
/** A whole image in the blob store, layers that are still elsewhere aside. */
export interface CommittedImage {
  /** Of the index, or of the only manifest; with its platform and annotations. */
  readonly root: Descriptor;
  readonly index: Document | undefined;
  readonly manifests: readonly CommittedManifest[];
  /** Statements about the images, which stand in the index after them. */
  readonly attestations: readonly AttestationManifest[];
  /** What times were lowered to; seconds since 1970. */
  readonly epoch: number | undefined;
}

export interface CommitParts {
  readonly storage: Storage;
  readonly needs: ExportNeeds;
  readonly layers: LayerSource;
  /** Called for each layer as soon as it is ready: pushing begins while others are still compressed. */
  readonly onLayer?: (layer: ReadyLayer, mediaType: string) => void;
}

/** Makes the image of a result: layers, configs, manifests, and an index when it was asked for by platform. */
export async function commitImage(
  source: ExportSource,
  attributes: ImageAttributes,
  parts: CommitParts,
  scope: ExportScope,
): Promise<CommittedImage> {
  const plan = planImage(source, attributes);
  const epochs = plan.platforms.map(({ id }) => epochFor(attributes.epoch, source, id));
  const layers = await exportLayers(plan, source, epochs, parts, scope);
  const manifests: CommittedManifest[] = [];
  const attestations: AttestationManifest[] = [];
  for (const [index, result] of plan.platforms.entries()) {
    const ready = layers[index] ?? [];
    const manifest = await commitManifest(plan, source, result, ready, epochs[index], parts.storage, scope);
    manifests.push(manifest);
    const attested = plan.attestations.get(result.id);
    if (attested !== undefined) attestations.push(await attest(attested, manifest, result, plan, parts, scope));
  }
  const epoch = epochFor(attributes.epoch, source, undefined);
  const only = manifests[0];
  if (!plan.indexed && only !== undefined) {
    return { root: only.descriptor, index: undefined, manifests, attestations, epoch };
  }
  const document = await commitIndex(plan, [...manifests, ...attestations], parts.storage, scope);
  return { root: document.descriptor, index: document, manifests, attestations, epoch };
}

/** Builds without attestations need not load what makes them. */
async function attest(
  attestations: readonly Attestation[],
  { descriptor, layers }: CommittedManifest,
  { platform }: PlatformResult,
  { artifact, names }: Plan,
  parts: CommitParts,
  scope: ExportScope,
): Promise<AttestationManifest> {
  const { attestImage } = await import("./attestation/attest-image.ts");
  const image = { descriptor, platform, names, layers: layers.map(({ ready }) => ready) };
  return attestImage(attestations, image, artifact, parts, scope);
}

function epochFor(given: Epoch | undefined, source: ExportSource, id: string | undefined): number | undefined {
  return given === undefined ? epochOfResult(source.metadata, id) : given.seconds;
}

/** All layers of all platforms at once; a layer that two platforms share is made once. */
async function exportLayers(
  plan: Plan,
  source: ExportSource,
  epochs: readonly (number | undefined)[],
  parts: CommitParts,
  scope: ExportScope,
): Promise<ReadyLayer[][]> {
  const { attributes, oci, platforms } = plan;
  const make = () =>
    withChildScope(scope, (child, abort) =>
      settleAll(
        platforms.map(({ id, tree }, at) => async () => {
          const rewriteTo = attributes.rewriteTimestamp ? epochs[at] : undefined;
          const base = baseConfig(source, id)?.diffIds ?? [];
          const wish = { compression: attributes.compression, force: attributes.forceCompression, rewriteTo };
          const work = tree.layers.map((layer: ExportLayer, index) => async () => {
            const ready = await parts.layers.get(layer, wish, base[index], child);
            parts.onLayer?.(ready, mediaTypeOf(ready, attributes, oci));
            return ready;
          });
          return await settleAll(work, abort);
        }),
        abort,
      ),
    );
  const rewrite = attributes.rewriteTimestamp ? epochs.find((epoch) => epoch !== undefined) : undefined;
  const layers = scope.task("exporting layers", make);
  if (rewrite === undefined) return await layers;
  const time = new Date(rewrite * 1000).toISOString().replace("T", " ").replace(".000Z", " +0000 UTC");
  return await scope.task(`rewriting layers with source-date-epoch ${rewrite} (${time})`, () => layers);
}

function mediaTypeOf(layer: ReadyLayer, attributes: ImageAttributes, oci: boolean): string {
  return convertLayerMediaType(layer.record.descriptor.mediaType, oci, attributes.preferNonDistributable);
}

function baseConfig(source: ExportSource, id: string): ImageConfig | undefined {
  const bytes = metadataFor(source, "containerimage.base.config", id);
  return bytes === undefined || bytes.byteLength === 0 ? undefined : parseImageConfig(bytes);
}

async function commitManifest(
  plan: Plan,
  source: ExportSource,
  result: PlatformResult,
  ready: readonly ReadyLayer[],
  epoch: number | undefined,
  storage: Storage,
  scope: ExportScope,
): Promise<CommittedManifest> {
  const { attributes, oci } = plan;
  const { manifest, manifestDescriptor } = annotationsFor(plan.annotations, plan.indexed ? result.id : undefined);
  const config = documentOf(
    oci ? mediaTypes.ociConfig : mediaTypes.dockerConfig,
    patchConfig(metadataFor(source, "containerimage.config", result.id), {
      layers: ready.map(({ record }, index) => ({
        diffId: record.diffId,
        createdBy: createdBy(result.tree.layers[index]),
        created: createdOf(result.tree.layers[index]),
      })),
      epoch,
      base: baseConfig(source, result.id),
      inlineCache: metadataFor(source, "containerimage.inlinecache", result.id),
    }),
  );
  const layers = ready.map((layer) => {
    const { digest, size } = layer.record.descriptor;
    // Docker's manifests know no annotations.
    const annotations = oci ? { ...stargzAnnotations(layer.record.descriptor), ...layer.annotations } : {};
    const descriptor = {
      mediaType: mediaTypeOf(layer, attributes, oci),
      digest,
      size,
      ...(Object.keys(annotations).length > 0 && { annotations }),
    };
    return { descriptor, ready: layer };
  });
  const mediaType = oci ? mediaTypes.ociManifest : mediaTypes.dockerManifest;
  const descriptors = layers.map((layer) => layer.descriptor);
  const bytes = encodeManifest({ mediaType, config: config.descriptor, layers: descriptors, annotations: manifest });
  const plain = documentOf(mediaType, bytes);
  await store(storage, plain, `exporting manifest ${plain.descriptor.digest}`, scope);
  await store(storage, config, `exporting config ${config.descriptor.digest}`, scope);
  const descriptor = { ...plain.descriptor, annotations: manifestDescriptor, platform: result.platform };
  return { descriptor, bytes, config, layers };
}

function createdBy(layer: ExportLayer | undefined): string {
  return layer?.kind === "snapshot" ? layer.createdBy : "";
}

/** An image's own layers have their times in its history. */
function createdOf(layer: ExportLayer | undefined): string | undefined {
  return layer?.createdAt === undefined ? undefined : goTime(layer.createdAt);
}

async function commitIndex(
  plan: Plan,
  manifests: readonly Document[],
  storage: Storage,
  scope: ExportScope,
): Promise<Document> {
  const { index, indexDescriptor } = annotationsFor(plan.annotations);
  const mediaType = plan.oci ? mediaTypes.ociIndex : mediaTypes.dockerIndex;
  const bytes = encodeIndex({ mediaType, manifests: manifests.map((one) => one.descriptor), annotations: index });
  const plain = documentOf(mediaType, bytes);
  await store(storage, plain, `exporting manifest list ${plain.descriptor.digest}`, scope);
  return { bytes, descriptor: { ...plain.descriptor, annotations: indexDescriptor } };
}

async function store(storage: Storage, document: Document, task: string, scope: ExportScope): Promise<void> {
  await scope.task(task, () => storeDocument(document, storage, scope));
}

/** The annotation of when an image in an archive was made. */
export function createdAnnotation(epoch: number | undefined): string {
  return epoch === undefined ? new Date().toISOString().replace(/\.\d+Z$/, "Z") : epochText(epoch);
}
