import { CooperError, type Digest, sha256 } from "../../../kit/index.ts";
import { type Descriptor, stargzAnnotations } from "../../../oci/index.ts";
import type { LayerRecord } from "../../../storage/index.ts";
import type { ImageLayer } from "../../contract.ts";

/** The chain ids of diff ids, lowest first (OCI image spec, "Layer ChainID"). */
export function chainIds(diffIds: readonly Digest[]): Digest[] {
  const chain: Digest[] = [];
  for (const diffId of diffIds) {
    const below = chain.at(-1);
    chain.push(below === undefined ? diffId : sha256(`${below} ${diffId}`));
  }
  return chain;
}

/** What storage remembers of a layer's blob. */
export function layerRecord({ descriptor, diffId, from }: ImageLayer): LayerRecord {
  return { descriptor, diffId, from, compression: compressionOf(descriptor) };
}

function compressionOf(descriptor: Descriptor): LayerRecord["compression"] {
  const { mediaType } = descriptor;
  if (mediaType.endsWith("gzip")) return stargzAnnotations(descriptor) === undefined ? "gzip" : "estargz";
  return mediaType.endsWith("zstd") ? "zstd" : "uncompressed";
}

/** The layers of an image. Throws `ops/bad-image` when manifest and config do not tell of the same number. */
export function imageLayers(
  name: string,
  descriptors: readonly Descriptor[],
  diffIds: readonly Digest[],
  from = name,
): readonly ImageLayer[] {
  if (descriptors.length !== diffIds.length) {
    const counts = `${descriptors.length} layers in the manifest, ${diffIds.length} diff ids in the config`;
    throw new CooperError("ops/bad-image", `cannot use image ${name}: ${counts}`);
  }
  const chain = chainIds(diffIds);
  return descriptors.map((descriptor, index) => ({
    descriptor,
    diffId: diffIds[index] as Digest,
    chainId: chain[index] as Digest,
    from: [from],
  }));
}
