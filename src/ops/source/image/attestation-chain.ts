import type { Digest } from "../../../kit/index.ts";
import {
  attestationAnnotations,
  attestationManifestReference,
  type Descriptor,
  type Index,
  type Manifest,
  parseImageManifest,
} from "../../../oci/index.ts";
import type { DocumentKind } from "./documents.ts";

/** What is attested of one platform's image, and who signed that. */
export interface AttestationChain {
  /** Digest of the index. */
  readonly root: Digest;
  readonly imageManifest: Digest;
  readonly attestationManifest?: Digest;
  readonly signatureManifests: readonly Digest[];
  /** The index, the manifests of attestations and of the signature, and what was asked for of their content; verified. */
  readonly blobs: readonly { readonly descriptor: Descriptor; readonly data: Buffer }[];
}

interface Image {
  readonly root: Descriptor;
  readonly index: Index;
  /** Of the index, the platform's. */
  readonly image: Descriptor;
}

/** Artifact types of signatures; of several, the first of the first type counts. */
const signatureTypes = [
  "application/vnd.dev.sigstore.bundle.v0.3+json",
  "application/vnd.dev.cosign.artifact.sig.v1+json",
];

/**
 * Follows an index to the statements about one of its images, and to their signature. `read` gets verified bytes, `referrers` what
 * refers to a manifest.
 */
export async function attestationChain(
  { root, index, image }: Image,
  predicateTypes: readonly string[],
  read: (descriptor: Descriptor, what: DocumentKind) => Promise<Buffer>,
  referrers: (digest: Digest) => Promise<readonly Descriptor[]>,
): Promise<AttestationChain> {
  const blobs: AttestationChain["blobs"][number][] = [];
  const take = async (descriptor: Descriptor, what: DocumentKind) => {
    const data = await read(descriptor, what);
    if (!blobs.some((blob) => blob.descriptor.digest === descriptor.digest)) blobs.push({ descriptor, data });
    return data;
  };
  const takeManifest = async (descriptor: Descriptor): Promise<Manifest> =>
    parseImageManifest(await take(descriptor, "manifest"), descriptor.mediaType);
  await take(root, "manifest");
  const about = index.manifests.find((entry) => isAbout(entry, image.digest));
  const common = { root: root.digest, imageManifest: image.digest, blobs };
  if (about === undefined) return { ...common, signatureManifests: [] };
  const statements = await takeManifest(about);
  const signature = signatureOf(await referrers(about.digest));
  if (signature !== undefined) {
    const { layers } = await takeManifest(signature);
    for (const layer of layers) await take(layer, "attestation");
  }
  for (const layer of statements.layers) {
    const type = layer.annotations?.[attestationAnnotations.predicateType];
    if (type !== undefined && predicateTypes.includes(type)) await take(layer, "attestation");
  }
  const signatureManifests = signature === undefined ? [] : [signature.digest];
  return { ...common, attestationManifest: about.digest, signatureManifests };
}

function isAbout({ annotations }: Descriptor, image: Digest): boolean {
  return (
    annotations?.[attestationAnnotations.referenceType] === attestationManifestReference &&
    annotations[attestationAnnotations.referenceDigest] === image
  );
}

function signatureOf(referrers: readonly Descriptor[]): Descriptor | undefined {
  return signatureTypes.flatMap((type) => referrers.filter(({ artifactType }) => artifactType === type))[0];
}
