import { CooperError, isCooperError } from "../kit/index.ts";
import {
  canonicalReference,
  type Descriptor,
  encodeIndex,
  familiarReference,
  goJson,
  mediaTypes,
  parseReference,
} from "../oci/index.ts";
import type { CommittedImage } from "./commit.ts";

/** Content of the file `oci-layout`. */
export const layoutFile = Buffer.from('{"imageLayoutVersion":"1.0.0"}');

/** The names of `name=`, canonical. Throws `failed to parse NAME: …`. */
export function archiveNames(names: readonly string[]): string[] {
  return names.map((name) => {
    try {
      return canonicalReference(name);
    } catch (cause) {
      if (!isCooperError(cause)) throw cause;
      throw new CooperError(cause.code, `failed to parse ${name}: ${cause.message}`, { cause });
    }
  });
}

/** The root's descriptor as `index.json` has it, once for each name. */
export function namedRoots(root: Descriptor, names: readonly string[]): Descriptor[] {
  if (names.length === 0) return [root];
  return names.map((name) => ({
    ...root,
    annotations: {
      ...root.annotations,
      "io.containerd.image.name": name,
      "org.opencontainers.image.ref.name": referenceName(name),
    },
  }));
}

/** The tag, with the digest if there is one; a name with a digest alone stays whole. */
function referenceName(name: string): string {
  const { tag, digest } = parseReference(name);
  if (tag === undefined) return name;
  return digest === undefined ? tag : `${tag}@${digest}`;
}

/** `index.json` of a layout. */
export function layoutIndex(roots: readonly Descriptor[]): Buffer {
  return encodeIndex({ mediaType: mediaTypes.ociIndex, manifests: roots }, 0);
}

/** `manifest.json`, which `docker load` reads. */
export function dockerManifest(image: CommittedImage, names: readonly string[]): Buffer {
  const blob = ({ digest }: Descriptor) => `blobs/${digest.replace(":", "/")}`;
  const entries = image.manifests.map(({ config, layers }) => ({
    Config: blob(config.descriptor),
    RepoTags: names.length === 0 ? null : names.map((name) => familiarReference(parseReference(name))),
    Layers: layers.length === 0 ? null : layers.map((layer) => blob(layer.descriptor)),
  }));
  return Buffer.from(goJson(entries));
}

/** All blobs of an image, each once, in order of their digests. */
export function blobsOf(image: CommittedImage): Descriptor[] {
  const all = [
    ...(image.index === undefined ? [] : [image.index.descriptor]),
    ...[...image.manifests, ...image.attestations].flatMap(({ descriptor, config, layers }) => [
      descriptor,
      config.descriptor,
      ...layers.map((layer) => layer.descriptor),
    ]),
  ];
  const once = new Map(all.map((descriptor) => [descriptor.digest, descriptor]));
  return [...once.values()].sort((a, b) => (a.digest < b.digest ? -1 : 1));
}
